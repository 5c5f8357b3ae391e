package main

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/sources"
)

// routeJoiner is between the values of the labels that name a route.
const routeJoiner = " / "

// queries prints the PromQL to see the same in Prometheus.
func (x *explanation) queries(p *printer) {
	said := make(map[string]bool)
	for i := range x.document.Findings {
		f := &x.document.Findings[i]
		source, ok := x.source(f.Source)
		if !ok || said[f.Source] {
			continue
		}
		said[f.Source] = true
		selector, exact := routeSelector(source, f.Route)
		p.printf("\n")
		p.line(0, fmt.Sprintf("To see it in Prometheus (source %s):", f.Source))
		p.printf("  # the series\n  %s\n", selector)
		if at := x.lastMeeting(f.Source); at != 0 {
			p.printf("  # the samples around the latest such errors, with the times of their scrapes\n  %s[40s] @ %.3f\n", selector, float64(at)/1000+10)
		}
		p.printf("  # the errors of each minute, as a graph\n  sum(increase(%s[1m]))\n", selector)
		if !exact {
			p.line(2, "The route is not made of label values alone, or of some only: the selector matches more than the route.")
		}
	}
}

func (x *explanation) source(name string) (config.Source, bool) {
	for _, s := range x.config.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return config.Source{}, false
}

// lastMeeting returns when the latest errors at any fingerprint's lag were seen, 0 when there are none.
func (x *explanation) lastMeeting(source string) int64 {
	var last int64
	if r := x.recorders[source]; r != nil {
		for _, all := range r.kept.Meetings {
			if len(all) > 0 {
				last = max(last, all[len(all)-1].Second.AtMillis)
			}
		}
	}
	return last
}

// routeSelector returns the selector of a source's series that belong to a route; not exact when
// the labels cannot be told from the name of the route.
func routeSelector(s config.Source, route string) (selector string, exact bool) {
	matchers, err := sources.ParseSelector(s.Selector)
	if err != nil {
		return s.Selector, false // it was checked when the configuration was read
	}
	exact = route == finding.PooledRoute
	if values := strings.Split(route, routeJoiner); !exact && len(values) == len(s.RouteLabels) && len(s.RelabelConfigs) == 0 {
		for i, name := range s.RouteLabels {
			matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, name, values[i]))
		}
		exact = true
	}
	name := ""
	var texts []string
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && model.LegacyValidation.IsValidMetricName(m.Value) {
			name = m.Value
			continue
		}
		texts = append(texts, m.String())
	}
	if len(texts) == 0 {
		return name, exact
	}
	return name + "{" + strings.Join(texts, ", ") + "}", exact
}

package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/promql/parser"
)

// sources reads the block that replaces the default sources.
func (r *reader) sources(b *block, c *Config) {
	items, given := b.list("sources")
	if !given {
		return
	}
	c.Sources = nil
	taken := map[string]int{}
	for i, item := range items {
		c.Sources = append(c.Sources, r.source(r.block(item, fmt.Sprintf("sources[%d]", i)), taken))
	}
	if !slices.ContainsFunc(c.Sources, Source.Timing) {
		b.fail("sources", "has no source of kind envoy, so there is nothing to test for pairs",
			"add one, or leave the key out for the defaults")
	}
}

// source reads one source: omitted keys take the defaults of its kind and signal.
func (r *reader) source(b *block, taken map[string]int) Source {
	kind, signal := KindEnvoy, Signal5xx
	name := b.name(taken)
	b.oneOf("kind", &kind, KindEnvoy, KindNLB)
	if kind == KindNLB {
		signal = ""
	} else if b.text("signal", &signal) && !plainName.MatchString(signal) {
		b.fail("signal", fmt.Sprintf("%q has other characters than letters, digits and _.:-", signal),
			"write 5xx, connect_timeout or a plain name of your own")
	}
	s := defaultSource(kind, signal)
	s.Name, s.UserDefined = name, true
	r.selectors(b, &s)
	b.duration("delay", &s.Delay, 0)
	if kind == KindNLB {
		r.noTiming(b)
	} else {
		r.labels(b, &s)
	}
	b.done()
	return s
}

// selectors reads the two selectors of a source.
func (r *reader) selectors(b *block, s *Source) {
	if b.text("selector", &s.Selector); s.Selector == "" {
		b.fail("selector", fmt.Sprintf("is missing, and signal %q has no default", s.Signal), "give a selector such as my_errors_total{code=~\"5..\"}")
	} else {
		b.selector("selector", s.Selector)
	}
	if s.Kind == KindEnvoy && b.text("requests", &s.Requests) && s.Requests != "" {
		b.selector("requests", s.Requests)
	}
}

// selector reports a text that is no series selector, or one that selects every series.
func (b *block) selector(key, text string) {
	matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	if err != nil {
		what := err.Error()
		var errs parser.ParseErrors
		if errors.As(err, &errs) && len(errs) > 0 {
			what = fmt.Sprintf("at character %d: %v", errs[0].PositionRange.Start+1, errs[0].Err)
		}
		b.fail(key, "is not a series selector: "+what,
			"write a metric name and label matchers only, such as name{label=\"value\"}, with no function, range or offset")
		return
	}
	for _, m := range matchers {
		if !m.Matches("") {
			return
		}
	}
	b.fail(key, "would select every series of the server", "give a metric name, or a matcher that the empty value does not match")
}

// noTiming reports keys that mean nothing for a source that is never used for timing.
func (r *reader) noTiming(b *block) {
	for _, key := range []string{
		"signal", "requests", "route_labels", "target_labels", "view_labels", "scrape_interval", "exclude", "relabel_configs",
	} {
		if _, ok := b.get(key); ok {
			b.fail(key, "means nothing for kind nlb, which is never used for timing", "remove it")
		}
	}
}

// labels reads what the labels of a source mean.
func (r *reader) labels(b *block, s *Source) {
	b.labelNames("route_labels", &s.RouteLabels, true)
	b.labelNames("target_labels", &s.TargetLabels, true)
	b.labelNames("view_labels", &s.ViewLabels, false)
	for _, label := range s.ViewLabels {
		if slices.Contains(s.RouteLabels, label) {
			b.fail("view_labels", fmt.Sprintf("%q is a route label too", label), "a label is either part of the route or tells views apart; take it out of one list")
		}
	}
	var interval string
	if b.text("scrape_interval", &interval) && interval != "" {
		b.duration("scrape_interval", &s.ScrapeInterval, 100*time.Millisecond)
	}
	r.exclude(b, s)
	r.relabel(b, s)
}

// labelNames reads a list of label names into target.
func (b *block) labelNames(key string, target *[]string, some bool) {
	if !b.texts(key, target) {
		return
	}
	for i, name := range *target {
		if !model.UTF8Validation.IsValidLabelName(name) || name == model.MetricNameLabel {
			b.add(b.line(key), fmt.Sprintf("%s[%d]", b.at(key), i), fmt.Sprintf("%q is no label name", name), "write the name of a label of the series")
		} else if slices.Contains((*target)[:i], name) {
			b.add(b.line(key), fmt.Sprintf("%s[%d]", b.at(key), i), fmt.Sprintf("%q is given twice", name), "keep one of the two")
		}
	}
	if some && len(*target) == 0 {
		b.fail(key, "is empty", "name at least one label, or leave the key out for the default")
	}
}

func (r *reader) exclude(b *block, s *Source) {
	node, ok := b.get("exclude")
	if !ok {
		return
	}
	e := r.block(node, b.at("exclude"))
	s.Exclude = map[string]string{}
	for label, value := range e.values {
		var expression string
		switch {
		case !model.UTF8Validation.IsValidLabelName(label):
			e.fail(label, "is no label name", "write the name of a label of the series")
			continue
		case null(value):
			e.fail(label, "is missing", "give a regular expression of the values to leave out")
			continue
		case !e.text(label, &expression):
			continue
		}
		e.anchored(label, expression)
		s.Exclude[label] = expression
	}
}

// relabel reads the relabel configurations of a source, each on its own so that all mistakes show.
func (r *reader) relabel(b *block, s *Source) {
	items, _ := b.list("relabel_configs")
	for i, item := range items {
		path := fmt.Sprintf("%s[%d]", b.at("relabel_configs"), i)
		const remedy = "see relabel_config in the Prometheus manual"
		if !r.knownKeys(item, path, relabel.Config{}) {
			continue
		}
		var c relabel.Config
		err := item.Decode(&c)
		if err == nil {
			err = c.Validate(model.UTF8Validation)
		}
		if err != nil {
			r.decodeErrors(item.Line, path, err, remedy)
			continue
		}
		s.RelabelConfigs = append(s.RelabelConfigs, &c)
	}
}

// regexpError strips what the standard library puts before the reason.
func regexpError(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

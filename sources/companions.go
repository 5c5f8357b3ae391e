package sources

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

const (
	classLabel   = "envoy_response_code_class"
	managerLabel = "envoy_http_conn_manager_prefix"
	boundLabel   = "le"
)

// NewCompanions returns readers of what else the targets of a source count: of the counters and the
// gauge of its clusters, and of the latency histogram of its proxies. Their routes begin with the name of the metric,
// those of buckets end with the bound, as a coarse.Collector wants it. They read the same targets
// with the same labels. There are none for a selector other than of Envoy's 5xx counter of clusters.
func NewCompanions(o Options) ([]*Source, error) {
	selector, err := ParseSelector(o.Selector)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	if !slices.ContainsFunc(selector, isErrors) {
		return nil, nil
	}
	clusters := []*labels.Matcher{anyOf(model.MetricNameLabel, coarse.ClusterMetrics())}
	latency := []*labels.Matcher{equal(model.MetricNameLabel, coarse.LatencyMetric)}
	ofTarget := slices.Concat(o.TargetLabels, o.ViewLabels, []string{jobLabel, instanceLabel})
	for _, m := range selector {
		switch {
		case m.Name == model.MetricNameLabel, m.Name == classLabel:
			continue
		case slices.Contains(ofTarget, m.Name):
			latency = append(latency, m)
		}
		clusters = append(clusters, m)
	}
	first, err := New(o.companion(clusters, o.RouteLabels, o.Exclude))
	if err != nil {
		return nil, err
	}
	second, err := New(o.companion(latency, []string{managerLabel, boundLabel}, map[string]string{managerLabel: "admin"}))
	if err != nil {
		return nil, err
	}
	return []*Source{first, second}, nil
}

func isErrors(m *labels.Matcher) bool {
	return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value == coarse.ErrorsMetric
}

func (o Options) companion(selector []*labels.Matcher, routeLabels []string, exclude map[string]string) Options {
	o.Selector = selectorText(selector)
	o.RouteLabels = slices.Concat([]string{model.MetricNameLabel}, routeLabels)
	o.Exclude = exclude
	return o
}

package sources

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// NewLatency returns a reader of the latency histograms of the proxies whose errors a source reads, as a
// coarse.Latency wants them for these fingerprints: the route of a bucket is the name of the metric, that of the
// histogram, and the bound. Where there are no such histograms next to nothing is asked. It is nil for a selector other than of Envoy's counter of 5xx of clusters.
func NewLatency(servers []*Server, o Options, fingerprints []score.Fingerprint) (Reader, error) {
	selector, err := ParseSelector(o.Selector)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	if !slices.ContainsFunc(selector, names(coarse.ErrorsMetric)) {
		return nil, nil
	}
	histogram := coarse.LatencyHistogram(fingerprints)
	near := bounds(histogram.Windows)
	near, err = labels.NewMatcher(near.Type, near.Name, "|"+near.Value) // native histograms have no such label
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	buckets := []*labels.Matcher{anyOf(model.MetricNameLabel, []string{histogram.Metric, coarse.LatencyMetric}), near}
	ofTarget := slices.Concat(o.TargetLabels, o.ViewLabels, []string{jobLabel, instanceLabel})
	for _, m := range selector {
		if m.Name != model.MetricNameLabel && slices.Contains(ofTarget, m.Name) {
			buckets = append(buckets, m)
		}
	}
	o.Selector, o.RouteLabels = selectorText(buckets), []string{model.MetricNameLabel, managerLabel, boundLabel}
	o.Histograms = map[string][]coarse.Window{histogram.Metric: histogram.Windows}
	o.Exclude, o.Optional = map[string]string{managerLabel: "admin"}, true
	o.Beside = true
	return NewOf(servers, o)
}

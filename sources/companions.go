package sources

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

const (
	classLabel   = "envoy_response_code_class"
	managerLabel = "envoy_http_conn_manager_prefix"
	boundLabel   = "le"
)

// Companions read what else the targets of a source count beside its errors.
type Companions struct {
	Readers         []*Source // none: nothing is known of a selector like that
	ConnectTimeouts bool      // the errors are connects that timed out
}

// NewCompanions returns readers of the companions of a source: the counters, the gauge and the histograms of its clusters,
// and those of its whole proxies, as far as a coarse.Collector wants them for these fingerprints. Their routes begin with the name of the
// metric, those of buckets end with the bound. They read the same targets with the same labels, in one
// request. There are none for a selector other than of Envoy's counters of 5xx or of connect timeouts of clusters.
func NewCompanions(o Options, fingerprints []score.Fingerprint) (Companions, error) {
	selector, err := ParseSelector(o.Selector)
	if err != nil {
		return Companions{}, fmt.Errorf("source %q: %w", o.Name, err)
	}
	c := Companions{ConnectTimeouts: slices.ContainsFunc(selector, names(coarse.ConnectTimeoutsMetric))}
	if !c.ConnectTimeouts && !slices.ContainsFunc(selector, names(coarse.ErrorsMetric)) {
		return Companions{}, nil
	}
	w := wantedOf(c.ConnectTimeouts, fingerprints)
	o.Histograms = make(map[string][]coarse.Window)
	for _, h := range w.histograms {
		o.Histograms[h.Metric] = h.Windows
	}
	o.Selector, o.Also = w.selectors(selector, slices.Concat(o.TargetLabels, o.ViewLabels, []string{jobLabel, instanceLabel}))
	o.RouteLabels = slices.Concat([]string{model.MetricNameLabel}, o.RouteLabels, []string{managerLabel, boundLabel})
	o.Exclude = maps.Clone(o.Exclude)
	if o.Exclude == nil {
		o.Exclude = make(map[string]string)
	}
	o.Exclude[managerLabel] = "admin"
	o.Beside = true
	reader, err := New(o)
	if err != nil {
		return Companions{}, err
	}
	c.Readers = []*Source{reader}
	return c, nil
}

// names tells matchers that pick a metric by its name.
func names(metric string) func(*labels.Matcher) bool {
	return func(m *labels.Matcher) bool {
		return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value == metric
	}
}

// wanted are the metrics of companions.
type wanted struct {
	cluster, process []string
	histograms       []coarse.Histogram
}

func wantedOf(connectTimeouts bool, fingerprints []score.Fingerprint) wanted {
	w := wanted{cluster: coarse.ClusterMetrics(), process: coarse.ProcessMetrics()}
	if connectTimeouts {
		w.cluster, w.process = coarse.ConnectMetrics(), nil
	}
	for _, h := range coarse.Histograms(fingerprints) {
		if len(h.Windows) > 0 && (h.Connect || !connectTimeouts) {
			w.histograms = append(w.histograms, h)
		}
	}
	return w
}

// selectors are those of the counters of clusters, and of all else. A matcher on labels of the target holds
// for all, any other for what belongs to a cluster. Native histograms are series like counters.
func (w wanted) selectors(selector []*labels.Matcher, ofTarget []string) (string, [][]*labels.Matcher) {
	var cluster, process []*labels.Matcher
	for _, m := range selector {
		switch {
		case m.Name == model.MetricNameLabel, m.Name == classLabel:
			continue
		case slices.Contains(ofTarget, m.Name):
			process = append(process, m)
		}
		cluster = append(cluster, m)
	}
	ofCluster, ofProcess := w.cluster, w.process
	var also [][]*labels.Matcher
	for _, h := range w.histograms {
		own := cluster
		if h.Process {
			own, ofProcess = process, append(ofProcess, h.Metric)
		} else {
			ofCluster = append(ofCluster, h.Metric)
		}
		also = append(also, slices.Concat([]*labels.Matcher{equal(model.MetricNameLabel, h.Metric+"_bucket"), bounds(h.Windows)}, own))
	}
	also = append(also, slices.Concat([]*labels.Matcher{
		anyOf(model.MetricNameLabel, ofProcess), labels.MustNewMatcher(labels.MatchRegexp, classLabel, "|5"),
	}, process))
	return selectorText(slices.Concat([]*labels.Matcher{anyOf(model.MetricNameLabel, ofCluster)}, cluster)), also
}

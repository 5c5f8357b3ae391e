package alert

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
)

// Instruments count what the service does, as opposed to what it found.
type Instruments struct {
	queries       *prometheus.CounterVec
	queryFailures *prometheus.CounterVec
	queryDuration *prometheus.HistogramVec

	evaluations        prometheus.Counter
	evaluationFailures prometheus.Counter
	evaluationDuration prometheus.Histogram

	reloadSuccessful prometheus.Gauge
	reloadTimestamp  prometheus.Gauge
	saveSuccessful   *prometheus.GaugeVec // without labels, so that it is not there before the first try

	reasons []string

	mu      sync.Mutex
	sources []string
}

// NewInstruments registers the instruments, build information included, with registerer. The
// reasons are the closed set of why a query may fail.
func NewInstruments(registerer prometheus.Registerer, reasons []string) (*Instruments, error) {
	i := &Instruments{
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "source_queries_total", Help: "Queries sent to Prometheus, failed ones included.",
		}, []string{"source"}),
		queryFailures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "source_query_failures_total", Help: "Queries that failed, by reason.",
		}, []string{"source", "reason"}),
		queryDuration: prometheus.NewHistogramVec(duration("source_query_duration_seconds",
			"How long queries took until their answer was read."), []string{"source", "protocol"}),
		evaluations: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "evaluations_total", Help: "Evaluations begun, failed ones included.",
		}),
		evaluationFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "evaluation_failures_total", Help: "Evaluations in which a source failed.",
		}),
		evaluationDuration: prometheus.NewHistogram(duration("evaluation_duration_seconds",
			"How long evaluations took, reading included.")),
		reloadSuccessful: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "config_last_reload_successful", Help: "Whether the last load of the configuration succeeded.",
		}),
		reloadTimestamp: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "config_last_reload_success_timestamp_seconds", Help: "When the configuration was last loaded.",
		}),
		saveSuccessful: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "state_last_save_successful", Help: "Whether the last try to save the state succeeded.",
		}, nil),
		reasons: slices.Clone(reasons),
	}
	for _, collector := range []prometheus.Collector{
		i.queries, i.queryFailures, i.queryDuration, i.evaluations, i.evaluationFailures, i.evaluationDuration,
		i.reloadSuccessful, i.reloadTimestamp, i.saveSuccessful, version.NewCollector(namespace),
	} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// duration returns a histogram with classic buckets for those who know no others, and native ones.
func duration(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help,
		Buckets:                         []float64{0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// Sources names the sources that are read. Their counters exist from now on, at 0, so that the
// first failure is seen as an increase; those of sources that are gone are removed.
func (i *Instruments) Sources(names []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, gone := range i.sources {
		if !slices.Contains(names, gone) {
			label := prometheus.Labels{"source": gone}
			i.queries.DeletePartialMatch(label)
			i.queryFailures.DeletePartialMatch(label)
			i.queryDuration.DeletePartialMatch(label)
		}
	}
	i.sources = slices.Clone(names)
	for _, name := range names {
		i.queries.WithLabelValues(name)
		for _, reason := range i.reasons {
			i.queryFailures.WithLabelValues(name, reason)
		}
	}
}

// Query counts one query of a source: the reader that sent it, how long it took, and the reason
// why it failed, empty when it did not.
func (i *Instruments) Query(source, protocol string, took time.Duration, reason string) {
	i.queries.WithLabelValues(source).Inc()
	i.queryDuration.WithLabelValues(source, protocol).Observe(took.Seconds())
	if reason != "" {
		i.queryFailures.WithLabelValues(source, reason).Inc()
	}
}

// Evaluated counts one evaluation, how long it took and whether it failed.
func (i *Instruments) Evaluated(took time.Duration, err error) {
	i.evaluations.Inc()
	i.evaluationDuration.Observe(took.Seconds())
	if err != nil {
		i.evaluationFailures.Inc()
	}
}

// Saved notes that the state was saved, or that this failed.
func (i *Instruments) Saved(err error) { i.saveSuccessful.WithLabelValues().Set(truth(err == nil)) }

// Reloaded notes that the configuration was loaded at an instant, or that this failed.
func (i *Instruments) Reloaded(at time.Time, err error) {
	i.reloadSuccessful.Set(truth(err == nil))
	if err == nil {
		i.reloadTimestamp.Set(float64(at.UnixMilli()) / 1000)
	}
}

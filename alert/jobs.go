package alert

import "github.com/prometheus/client_golang/prometheus"

// Jobs is a collector of how many backfill jobs there are. It holds no state.
type Jobs struct {
	description *prometheus.Desc
	counts      func() map[string]int
}

// NewJobs returns a collector of what counts returns: the number of jobs in each state.
func NewJobs(counts func() map[string]int) *Jobs {
	return &Jobs{
		description: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "backfill_jobs"),
			"Backfill jobs that are waiting, running or kept, by state.", []string{"state"}, nil),
		counts: counts,
	}
}

// Describe implements prometheus.Collector.
func (j *Jobs) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- j.description }

// Collect implements prometheus.Collector.
func (j *Jobs) Collect(metrics chan<- prometheus.Metric) {
	for state, n := range j.counts() {
		metrics <- prometheus.MustNewConstMetric(j.description, prometheus.GaugeValue, float64(n), state)
	}
}

package alert

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Budget is the error budget of a route as the latest report has it. Nil values do not exist.
type Budget struct {
	Source, Route     string
	Objective         float64  // share of requests that must succeed
	Remaining, Paired *float64 // shares of the budget: what is left of it, what pairs burned in the week
}

// Budgets is a collector of the latest report. It holds no state.
type Budgets struct {
	latest                                func() (end time.Time, budgets []Budget)
	end, objective, remaining, pairedPart *prometheus.Desc
}

// NewBudgets returns a collector of what latest returns: the end of the latest report and its budgets;
// a zero time when there is none.
func NewBudgets(latest func() (time.Time, []Budget)) *Budgets {
	labels := []string{"source", "route"}
	describe := func(name, help string, labels []string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	return &Budgets{
		latest:     latest,
		end:        describe("report_end_timestamp_seconds", "Up to when the error budgets are: the end of the latest report, of a week or of the latest seven days.", nil),
		objective:  describe("objective_ratio", "Share of requests that must succeed, by the objective of the route.", labels),
		remaining:  describe("error_budget_remaining_ratio", "Share of the error budget that was left at the end of the latest report; negative when it was overspent.", labels),
		pairedPart: describe("error_budget_paired_ratio", "Share of the error budget that errors in pairs burned in the seven days of the latest report.", labels),
	}
}

// Describe implements prometheus.Collector.
func (b *Budgets) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.end, b.objective, b.remaining, b.pairedPart} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (b *Budgets) Collect(metrics chan<- prometheus.Metric) {
	end, budgets := b.latest()
	if end.IsZero() {
		return
	}
	metrics <- prometheus.MustNewConstMetric(b.end, prometheus.GaugeValue, float64(end.Unix()))
	for _, one := range budgets {
		metrics <- prometheus.MustNewConstMetric(b.objective, prometheus.GaugeValue, one.Objective, one.Source, one.Route)
		if one.Remaining != nil {
			metrics <- prometheus.MustNewConstMetric(b.remaining, prometheus.GaugeValue, *one.Remaining, one.Source, one.Route)
		}
		if one.Paired != nil {
			metrics <- prometheus.MustNewConstMetric(b.pairedPart, prometheus.GaugeValue, *one.Paired, one.Source, one.Route)
		}
	}
}

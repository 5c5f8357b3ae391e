package alert

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func exampleInstruments(t *testing.T) (*prometheus.Registry, *Instruments) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	i, err := NewInstruments(registry, []string{"refused", "timeout"})
	if err != nil {
		t.Fatal(err)
	}
	registry.MustRegister(NewJobs(func() map[string]int { return map[string]int{"queued": 0, "running": 1, "done": 12} }))
	left, paired := -0.25, 0.125
	registry.MustRegister(NewBudgets(func() (time.Time, []Budget) {
		return time.Unix(1_800_000_000, 0), []Budget{
			{Source: "envoy", Route: "httproute/shop/checkout/rule/0", Objective: 0.999, Remaining: &left, Paired: &paired},
			{Source: "envoy", Route: "httproute/shop/cart/rule/0", Objective: 1},
		}
	}))
	registry.MustRegister(NewServers(func() []Server {
		return []Server{{URL: "http://prometheus-0:9090", Answers: true}, {URL: "http://prometheus:9090", Mixed: true}}
	}))
	i.Sources([]string{"envoy", "nlb"})
	i.Query("envoy", "remote_read", 200*time.Millisecond, "")
	i.Query("envoy", "query", 31*time.Second, "timeout")
	i.Evaluated(time.Second, nil)
	i.Evaluated(40*time.Second, errors.New("a source failed"))
	i.Saved(errors.New("no space left"))
	i.Reloaded(time.Unix(1_700_000_000, 0), nil)
	i.Reloaded(time.Unix(1_800_000_000, 0), errors.New("bad file")) // keeps the time of the good one
	return registry, i
}

func TestInstrumentsGolden(t *testing.T) {
	t.Parallel()
	registry, _ := exampleInstruments(t)
	names := []string{
		"ghostpair_source_queries_total", "ghostpair_source_query_failures_total", "ghostpair_source_query_duration_seconds",
		"ghostpair_evaluations_total", "ghostpair_evaluation_failures_total", "ghostpair_evaluation_duration_seconds",
		"ghostpair_config_last_reload_successful", "ghostpair_config_last_reload_success_timestamp_seconds",
		"ghostpair_state_last_save_successful", "ghostpair_backfill_jobs", "ghostpair_prometheus_up", "ghostpair_prometheus_mixed",
		"ghostpair_report_end_timestamp_seconds", "ghostpair_objective_ratio",
		"ghostpair_error_budget_remaining_ratio", "ghostpair_error_budget_paired_ratio",
	} // not build_info, which is another one with each build
	const path = "testdata/instruments.prom"
	if *update {
		var out bytes.Buffer
		for line := range strings.Lines(string(text(t, registry))) {
			if !strings.Contains(line, "ghostpair_build_info") {
				out.WriteString(line)
			}
		}
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.GatherAndCompare(registry, want, names...); err != nil {
		t.Error(err)
	}
}

func TestInstrumentsLint(t *testing.T) {
	t.Parallel()
	registry, _ := exampleInstruments(t)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
	if n, err := testutil.GatherAndCount(registry, "ghostpair_build_info"); n != 1 || err != nil {
		t.Errorf("%d series of ghostpair_build_info, %v", n, err)
	}
}

// A source that was taken out of the configuration takes its series with it.
func TestInstrumentsSources(t *testing.T) {
	t.Parallel()
	registry, i := exampleInstruments(t)
	i.Sources([]string{"nlb", "orders"})
	want := `
# HELP ghostpair_source_queries_total Queries sent to Prometheus, failed ones included.
# TYPE ghostpair_source_queries_total counter
ghostpair_source_queries_total{source="nlb"} 0
ghostpair_source_queries_total{source="orders"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "ghostpair_source_queries_total",
		"ghostpair_source_query_duration_seconds"); err != nil {
		t.Error(err)
	}
}

func TestInstrumentsTwice(t *testing.T) {
	t.Parallel()
	registry, _ := exampleInstruments(t)
	if _, err := NewInstruments(registry, nil); err == nil {
		t.Error("the same metrics were registered twice")
	}
}

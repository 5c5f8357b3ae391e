package e2e

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/sources"
)

// Metric relabelling that gives the counters, but not `up`, their pod: the first error of a pod that was
// scraped before is an error, live as in a replay, and not a baseline.
func TestRelabelledTargets(t *testing.T) {
	t.Parallel()
	server := serve(t, promtest.Options{})
	set := func(name string, more ...string) labels.Labels {
		b := labels.NewBuilder(labels.FromStrings("__name__", name, "job", "envoy", "instance", "10.0.0.1:9901"))
		for i := 0; i < len(more); i += 2 {
			b.Set(more[i], more[i+1])
		}
		return b.Labels()
	}
	counter := func(class string) labels.Labels {
		return set("envoy_cluster_upstream_rq_xx", "namespace", "gw", "pod", "envoy-0", "envoy_cluster_name", "shop", "envoy_response_code_class", class)
	}
	const tick, delay, first = 15 * time.Second, 5 * time.Second, 10 * time.Minute
	live := newEngine(t, server, sources.ProtocolAuto, nil)
	end := start.Add(20 * time.Minute)
	for at := start.Add(tick); !at.After(end); at = at.Add(tick) {
		samples := []promtest.Sample{{Labels: set("up"), AtMillis: at.UnixMilli(), Value: 1}, {Labels: counter("2"), AtMillis: at.UnixMilli(), Value: 1000}}
		if at.Sub(start) >= first {
			samples = append(samples, promtest.Sample{Labels: counter("5"), AtMillis: at.UnixMilli(), Value: 1})
		}
		if err := server.Append(t.Context(), samples); err != nil {
			t.Fatal(err)
		}
		advance(t, live, at.Add(-delay))
	}
	replayed := newEngine(t, server, sources.ProtocolAuto, nil)
	advance(t, replayed, end.Add(-delay))
	if q := live.Evaluation().Quality; q.Births != 1 || live.Evaluation().Findings[0].Errors != 1 {
		t.Errorf("%d births, %d errors, want one", q.Births, live.Evaluation().Findings[0].Errors)
	}
	same(t, "live", outcomeOf(t, live).shown(), outcomeOf(t, replayed).shown())
}

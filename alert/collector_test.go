package alert

import (
	"bytes"
	"flag"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/ghostpair/ghostpair/finding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func at(clock string) time.Time {
	t, err := time.Parse(time.DateTime, "2026-11-08 "+clock)
	if err != nil {
		panic(err) // a constant of a test
	}
	return t
}

func pointer(x float64) *float64 { return &x }

// example is an evaluation in which every metric of the collector has a value, and every field
// that may be missing is missing somewhere.
func example() *finding.Evaluation {
	key := func(route, fingerprint string) finding.Key {
		return finding.Key{Source: "envoy", Signal: "5xx", Route: route, Fingerprint: fingerprint}
	}
	e := &finding.Evaluation{
		Routes: []finding.Route{
			{
				Source: "envoy", Signal: "5xx", Route: "checkout", Errors: 42, Created: at("00:00:00"),
				Interarrival: finding.LagCounts{Bins: [finding.InterarrivalEdges]uint64{0: 1, 4: 7, 5: 12, 16: 2}, SumSeconds: 145.5},
				// The bins are the lags in (0, 1], (4, 5], (5, 6] and (16, 17] seconds.
				ScrapeInterval: time.Second, LastSample: at("11:59:45"),
			},
			{Source: "envoy", Signal: "5xx", Route: `quo"te\d`},
		},
		Sources: []finding.Source{
			{
				Name: "envoy", Kind: "envoy", Timing: true, Watermark: at("11:59:30"), LastSuccess: at("12:00:00"), Series: 96,
				Protocol: "remote_read", Streams: 5, Routes: 2, ThresholdLog10: pointer(5.77), SiblingsPresent: true,
				Quality: finding.Quality{Samples: 1e6, Births: 14, Resets: 3, Gaps: 2, Late: 1, RoutesDropped: 4},
			},
			{Name: "orders", Kind: "envoy", Timing: true, Watermark: at("11:00:00"), LastSuccess: at("11:00:00"), UserDefined: true},
			{Name: "nlb", Kind: "nlb", LastSuccess: at("11:59:00"), Series: 2, Protocol: "query", Quality: finding.Quality{Samples: 12}},
		},
		NLB: []finding.NLBSample{
			{LoadBalancer: "net/shop/1", Metric: "tcp_elb_reset_count_sum", Value: 3, At: at("11:45:00")},
			{LoadBalancer: "net/shop/1", AvailabilityZone: "eu-west-1a", Metric: "tcp_elb_reset_count_sum", Value: 2, At: at("11:45:00")},
			{LoadBalancer: "net/shop/1", TargetGroup: "targetgroup/shop/2", Metric: "un_healthy_host_count_maximum", At: at("11:50:00")},
		},
	}
	e.Origin = at("00:00:00")
	e.Findings = []finding.Finding{
		{
			Key: key("checkout", "syn-timeout-5s"), Verdict: finding.Paired, EvidenceLog10: pointer(1.1),
			LagSeconds: &finding.Interval{Estimate: 5.42, Lower: 5.3, Upper: 5.55},
			PairRatio:  &finding.Interval{Estimate: 0.21, Lower: 0.17, Upper: 0.26},
			Labels:     []string{finding.LabelTrain, finding.LabelChain},
		},
		{Key: key("checkout", "connect-timeout-10s"), Verdict: finding.Clear, EvidenceLog10: pointer(-0.3)},
		{
			Key: key(`quo"te\d`, "syn-timeout-5s"), Verdict: finding.Undecided,
			Reasons: []string{finding.ReasonLagNotResolvable, finding.ReasonTooFewErrors},
		},
		{
			Key: key(`quo"te\d`, "connect-timeout-10s"), Verdict: finding.Suspected,
			Checks: []finding.Check{{Name: "dwell-time", Outcome: "supports"}, {Name: "resets", Outcome: "contradicts"}},
			Causes: []finding.Cause{{Name: "hairpin-behind-nlb", Score: 8}, {Name: "dead-node", Score: 8}, {Name: "refused", Score: 1}}, // two fit best
		},
		{Key: key(finding.PooledRoute, "syn-timeout-5s"), Verdict: finding.Undecided, Reasons: []string{finding.ReasonInconclusive}},
	}
	return e
}

func exampleCollector() *Collector {
	return NewCollector(example, func() time.Time { return at("12:00:00") })
}

// exposition returns what a scrape of one collector sees, as text.
func exposition(t *testing.T, collector prometheus.Collector) []byte {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector)
	return text(t, registry)
}

func text(t *testing.T, gatherer prometheus.Gatherer) []byte {
	t.Helper()
	families, err := gatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&out, family); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestCollectorGolden(t *testing.T) {
	t.Parallel()
	const path = "testdata/collector.prom"
	if *update {
		if err := os.WriteFile(path, exposition(t, exampleCollector()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.CollectAndCompare(exampleCollector(), want); err != nil {
		t.Error(err)
	}
}

func TestCollectorLint(t *testing.T) {
	t.Parallel()
	problems, err := testutil.CollectAndLint(exampleCollector())
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

// Before the first evaluation there are the sizes, which are 0, and nothing that would look like
// a finding.
func TestCollectorWithoutEvaluation(t *testing.T) {
	t.Parallel()
	collector := NewCollector(func() *finding.Evaluation { return nil }, time.Now)
	want := `
# HELP ghostpair_routes Routes that are watched.
# TYPE ghostpair_routes gauge
ghostpair_routes 0
# HELP ghostpair_routes_dropped_total Routes left out because of limits.routes.
# TYPE ghostpair_routes_dropped_total counter
ghostpair_routes_dropped_total 0
# HELP ghostpair_streams Streams that are tested: routes times fingerprints, and the pooled ones.
# TYPE ghostpair_streams gauge
ghostpair_streams 0
`
	if err := testutil.CollectAndCompare(collector, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// Counters carry the time from which they count, so that Prometheus knows the first error of a
// route as an increase.
func TestCreatedTimestamps(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(exampleCollector())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	created := map[string]time.Time{}
	for _, family := range families {
		first := family.GetMetric()[0] // sorted by labels: the route checkout, the source envoy
		switch {
		case first.GetCounter() != nil:
			created[family.GetName()] = first.GetCounter().GetCreatedTimestamp().AsTime()
		case first.GetHistogram() != nil:
			created[family.GetName()] = first.GetHistogram().GetCreatedTimestamp().AsTime()
		}
	}
	for _, name := range []string{
		"ghostpair_route_errors_total", "ghostpair_route_interarrival_seconds", "ghostpair_source_samples_total",
		"ghostpair_samples_late_total", "ghostpair_routes_dropped_total",
	} {
		if !created[name].Equal(at("00:00:00")) {
			t.Errorf("%s is created at %v, want %v", name, created[name], at("00:00:00"))
		}
	}
}

// A label value that is not UTF-8 must not fail the scrape of everything else.
func TestCollectorInvalidUTF8(t *testing.T) {
	t.Parallel()
	evaluation := &finding.Evaluation{Routes: []finding.Route{{Source: "envoy", Signal: "5xx", Route: "bad\xff", Errors: 1}}}
	text := string(exposition(t, NewCollector(func() *finding.Evaluation { return evaluation }, time.Now)))
	if want := `ghostpair_route_errors_total{route="bad` + "\uFFFD" + `",signal="5xx",source="envoy"} 1`; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

// Scrapes and evaluations go on at the same time; each scrape sees one evaluation as a whole.
func TestCollectWhilePublishing(t *testing.T) {
	t.Parallel()
	var latest atomic.Pointer[finding.Evaluation]
	collector := NewCollector(latest.Load, time.Now)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector)
	var publisher sync.WaitGroup
	publisher.Go(func() {
		for range 200 {
			latest.Store(example())
			latest.Store(nil)
		}
	})
	for range 50 {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		// Three families without an evaluation, all of them with one; never a part.
		if n := len(families); n != 3 && n != len(goldenNames(t)) {
			t.Fatalf("%d families", n)
		}
	}
	publisher.Wait()
}

// goldenNames returns the names of the metrics in the golden exposition.
func goldenNames(t *testing.T) map[string]bool {
	t.Helper()
	file, err := os.Open("testdata/collector.prom")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return metricNames(t, file)
}

// metricNames returns the names of the families of an exposition.
func metricNames(t *testing.T, r io.Reader) map[string]bool {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[1] == "TYPE" {
			names[fields[2]] = true
		}
	}
	return names
}

func BenchmarkCollect(b *testing.B) {
	evaluation := example()
	one := evaluation.Findings[0]
	for range 1000 {
		evaluation.Findings = append(evaluation.Findings, one)
	}
	collector := NewCollector(func() *finding.Evaluation { return evaluation }, time.Now)
	ch := make(chan prometheus.Metric, 100)
	go func() {
		for range ch {
		}
	}()
	for b.Loop() {
		collector.Collect(ch)
	}
	close(ch)
}

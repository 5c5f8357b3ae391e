package survey

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
)

var syn = score.Fingerprint{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}

// refusing is a server that answers only what contains one of its texts, with nothing, and a reader that fails.
type refusing struct{ answers []string }

var errRefused = errors.New("refused")

func (r refusing) Query(_ context.Context, expr string, _ int64) ([]Sample, []string, error) {
	if slices.ContainsFunc(r.answers, func(text string) bool { return strings.Contains(expr, text) }) {
		return nil, []string{"partial"}, nil
	}
	return nil, nil, errRefused
}

func (refusing) Version(context.Context) (string, error) { return "", errRefused }

func (refusing) ExternalLabels(context.Context) (map[string]string, bool, error) {
	return nil, false, errRefused
}

func (refusing) Mixed(context.Context, int64) ([]string, error) { return nil, errRefused }

func (refusing) Read(context.Context, int64, int64, bool, observe.Sink) (observe.ReadStats, error) {
	return observe.ReadStats{}, errRefused
}

func doctorOf(server refusing) DoctorOptions {
	return DoctorOptions{
		Server: server, At: time.UnixMilli(1_800_000_000_000), Window: time.Hour, History: 7 * 24 * time.Hour, Fingerprints: []score.Fingerprint{syn},
		Sources: []Source{{Name: "envoy", Signal: "5xx", Selector: `errors{code="5"}`, RouteLabels: []string{"route"}, Reader: server}},
	}
}

// A server that answers nothing is an error. One that refuses everything but the first question gives an
// examination that says so, and takes nothing that it was not told for absent.
func TestDoctorRefused(t *testing.T) {
	t.Parallel()
	if _, err := Doctor(t.Context(), doctorOf(refusing{})); !errors.Is(err, errRefused) {
		t.Errorf("error %v, want %v", err, errRefused)
	}
	e, err := Doctor(t.Context(), doctorOf(refusing{[]string{"vector(1)"}}))
	if err != nil {
		t.Fatal(err)
	}
	if e.SignalsKnown || len(e.Checks) > 0 || e.Sources[0].Series != nil || e.Server.HistoryReachesStart != nil {
		t.Errorf("what was refused is taken for known: %+v", e)
	}
	if len(e.Failures) < 5 {
		t.Errorf("failures: %q", e.Failures)
	}
	for _, f := range e.Findings {
		if strings.HasPrefix(f.Title, "no ") {
			t.Errorf("finding %q of a server that told nothing", f.Title)
		}
	}
	if Worst(e.Findings) != Problem {
		t.Error("a source that cannot be read is no problem")
	}
	if e, err = Doctor(t.Context(), doctorOf(refusing{[]string{""}})); err != nil || !slices.Contains(e.Warnings, "partial") {
		t.Errorf("error %v, warnings lost: %+v", err, e)
	}
}

func TestDoctorCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Doctor(ctx, doctorOf(refusing{[]string{""}})); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one of the context", err)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ label, value, want string }{
		{"envoy_cluster_name", "httproute/shop/checkout/rule/0", KindGateway},
		{"envoy_cluster_name", "grpcroute/shop/checkout/rule/0", KindGateway},
		{"envoy_cluster_name", "checkout", KindEnvoy},
		{"envoy_cluster_name", "route", KindEnvoy}, // a name of somebody's own
		{"cluster_name", "outbound|8080|v1|reviews.shop.svc.cluster.local", KindIstio},
		{"destination_service_name", "reviews", KindIstio},
	} {
		if got := kindOf(map[string]string{test.label: test.value}, []string{test.label}); got != test.want {
			t.Errorf("kind of %s=%q is %s, want %s", test.label, test.value, got, test.want)
		}
	}
}

// The bounds that stand around a timeout: Envoy's own are 2500, 5000 and 10000 ms.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		bounds []float64
		ms     float64
		want   string
	}{
		{[]float64{1000, 2500, 5000, 10_000, 30_000}, 5000, "2500, 5000, 10000 ms"},
		{[]float64{1000, 2500, 5000}, 10_000, "2500, 5000 ms, and no later"},
		{[]float64{30_000}, 5000, "30000 ms"},
		{nil, 5000, "no bound"},
	} {
		if got := neighbours(test.bounds, test.ms); got != test.want {
			t.Errorf("around %g of %v: %q, want %q", test.ms, test.bounds, got, test.want)
		}
	}
}

// Both ends of a route: one of two proxies shares a node with one of two pods, and its failures are all there.
func TestEnds(t *testing.T) {
	t.Parallel()
	pods := []diagnosis.Pod{
		{Namespace: "gw", Name: "envoy-0", Node: "n1", IP: "10.0.1.1"},
		{Namespace: "gw", Name: "envoy-1", Node: "n2", IP: "10.0.2.1"},
		{Namespace: "shop", Name: "a", Node: "n1", IP: "10.0.1.5"},
		{Namespace: "shop", Name: "b", Node: "n3", IP: "fd00::3"},
	}
	r := &routeEnds{make(map[name]bool), make(map[endpointKey]*diagnosis.EndpointCount)}
	for _, proxy := range []string{"envoy-0", "envoy-1"} {
		for _, address := range []string{"10.0.1.5:8080", "[fd00::3]:8080"} {
			r.add(Sample{Labels: map[string]string{"namespace": "gw", "pod": proxy, "envoy_endpoint_address": address}, Value: 50}, false)
		}
	}
	r.add(Sample{Labels: map[string]string{"namespace": "gw", "pod": "envoy-0", "envoy_endpoint_address": "10.0.1.5:8080"}, Value: 12}, true)
	got := endsOf(map[string]*routeEnds{"checkout": r}, pods)
	if len(got) != 1 || got[0].Meeting.Clients != 2 || got[0].Meeting.Targets != 2 || got[0].Meeting.Meeting != 1 {
		t.Fatalf("ends: %+v", got)
	}
	// One of four pairs of ends is on one node, with a quarter of the connects.
	if n := got[0].SameNode; n == nil || n.Failures != 12 || n.Shared != 12 || n.Expected != 0.25 || got[0].FailuresByNode["n1"] != 12 {
		t.Errorf("failures: %+v, by node %v", n, got[0].FailuresByNode)
	}
}

// The greatest value counts, however often an exporter repeats it. Those of one zone are part of the whole, and what is
// not a number says nothing.
func TestBalancing(t *testing.T) {
	t.Parallel()
	read := func(f fixed) (*Balancing, error) {
		return readBalancing(t.Context(), &asker{querier: f}, time.Hour)
	}
	b, err := read(fixed{
		{Labels: map[string]string{"load_balancer": "net/a/1"}, Value: 3},
		{Labels: map[string]string{"dimension_LoadBalancer": "net/b/1"}, Value: 2},
		{Labels: map[string]string{"dimension_LoadBalancer": "net/b/1", "dimension_AvailabilityZone": "a"}, Value: 10},
		{Labels: map[string]string{"load_balancer": "net/c/1"}, Value: math.NaN()},
	})
	// Unhealthy hosts may be told by zone only.
	if err != nil || *b.PortAllocationErrors != 3 || *b.BlockedFlows != 3 || *b.UnhealthyHosts != 10 {
		t.Errorf("%+v, error %v", b, err)
	}
	b, err = read(nil)
	if err != nil || b.PortAllocationErrors != nil || b.BlockedFlows != nil || b.UnhealthyHosts != nil {
		t.Errorf("without an exporter: %+v, error %v", b, err)
	}
}

// A histogram with a bound on either side near the timeout needs no remedy, and a native one has every bound.
func TestBuckets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		signal Signal
		want   Severity
		none   bool
	}{
		{"Envoy's own", Signal{Bounds: []float64{2500, 5000, 10_000}}, Note, false},
		{"around", Signal{Bounds: []float64{2500, 4800, 5300, 10_000}}, OK, false},
		{"native", Signal{Native: true}, OK, true},
	} {
		test.signal.Metric = downstreamTime
		e := &Examination{Signals: []Signal{test.signal}, fingerprints: []score.Fingerprint{syn}}
		e.judgeBuckets()
		if test.none != (len(e.Findings) == 0) || !test.none && e.Findings[0].Severity != test.want {
			t.Errorf("%s: %+v", test.name, e.Findings)
		}
	}
}

// Every remedy is YAML for every kind of proxy, in Kubernetes and outside.
func TestRemediesAreYAML(t *testing.T) {
	t.Parallel()
	all := []string{RemedyPodMonitor, RemedyScrapeConfig, RemedyStats, RemedyEndpoints, RemedyBuckets, RemedyKubeState}
	for _, kind := range []string{"", KindEnvoy, KindGateway, KindIstio} {
		for _, kubernetes := range []bool{false, true} {
			e := &Examination{Proxies: Shape{Kind: kind, Kubernetes: kubernetes, Addresses: make([]string, 30)}, fingerprints: []score.Fingerprint{syn}}
			for i := range e.Proxies.Addresses {
				e.Proxies.Addresses[i] = "10.0.0.1:9901"
			}
			for _, name := range all {
				e.say("", Note, "", "", name)
			}
			e.prescribe()
			if len(e.Remedies) != len(all) {
				t.Errorf("%s: %d remedies, want %d", kind, len(e.Remedies), len(all))
			}
			for _, r := range e.Remedies {
				var any map[string]any
				if err := yaml.Unmarshal([]byte(r.Text), &any); err != nil || len(any) == 0 {
					t.Errorf("%s for %q: %v\n%s", r.Name, kind, err, r.Text)
				}
				if strings.Contains(r.Text, "\n\n") || strings.Contains(r.Text, "<no value>") {
					t.Errorf("%s for %q has a hole:\n%s", r.Name, kind, r.Text)
				}
			}
		}
	}
}

// A fine job beside a coarse one, as with a real Envoy: the 5xx of checkout are in both, its connect timeouts were
// never counted and are only in the coarse one, which leaves nothing out. That is no reason to warn; errors that
// only a coarse job has are.
func TestVisibility(t *testing.T) {
	t.Parallel()
	can, cannot := []Resolution{{Fingerprint: syn.Name, Resolvable: true}}, []Resolution{{Fingerprint: syn.Name}}
	jobs := []Job{{Name: "envoy", Fingerprints: cannot}, {Name: "envoy-errors", Fingerprints: can}}
	for _, test := range []struct {
		name           string
		routes, others []Route
		jobs           []Job
		want           Severity
	}{
		{"fine", []Route{{Name: "checkout", Errors: 9, Fingerprints: can}}, []Route{{Name: "checkout", Fingerprints: cannot}}, jobs, OK},
		{"coarse errors", []Route{{Name: "checkout", Errors: 9, Fingerprints: can}}, []Route{{Name: "checkout", Errors: 1, Fingerprints: cannot}}, jobs, Warning},
		{"no errors", nil, nil, jobs, OK},
		{"no errors, coarse", nil, nil, jobs[:1], Problem},
		{"coarse", []Route{{Name: "checkout", Errors: 9, Fingerprints: cannot}}, nil, jobs[:1], Problem},
	} {
		e := &Examination{fingerprints: []score.Fingerprint{syn}, Sources: []SourceFacts{
			{Name: "envoy", Routes: test.routes, Jobs: test.jobs}, {Name: "envoy-connect", Routes: test.others, Jobs: jobs[:1]},
		}}
		e.judgeFingerprints()
		if len(e.Findings) != 1 || e.Findings[0].Severity != test.want {
			t.Errorf("%s: %+v, want one of severity %s", test.name, e.Findings, test.want)
		}
	}
}

// Routes fare as their latest interval: a target that was scraped every 15 s, and then every second, is fine.
func TestRoutesOfUnits(t *testing.T) {
	t.Parallel()
	old := &observe.Unit{ID: 1, TargetID: 1, Route: "a", DeltaMillis: 15_000, SinceMillis: 1}
	now := &observe.Unit{ID: 2, TargetID: 1, Route: "a", DeltaMillis: 1000, SinceMillis: 2}
	other := &observe.Unit{ID: 3, TargetID: 2, Route: "b", SinceMillis: 1}
	got := routes([]*observe.Unit{old, now, other}, []observe.Event{{Unit: old, Increment: 2}, {Unit: now, Increment: 1}, {Unit: other, Increment: 1}})
	if len(got) != 2 || got[0].Name != "a" || got[0].Targets != 1 || got[0].Errors != 3 || got[0].finest != 1000 || got[0].ScrapeIntervalSeconds != 1 {
		t.Errorf("routes: %+v", got)
	}
	if got[1].finest != 0 || got[1].Errors != 1 {
		t.Errorf("a route of unknown interval: %+v", got[1])
	}
}

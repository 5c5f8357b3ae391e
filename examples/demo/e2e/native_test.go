package e2e

import (
	"math"
	"testing"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

const (
	nativeScrape = 15_000
	nativeHours  = 6
	// restartAt and goneAt are scrapes at which the proxy begins anew, and at which its histogram is said to be gone.
	restartAt, goneAt = 400, 700
)

// requests counts those of a proxy up to a scrape: fast ones at all scrapes, and one of 5.0 s at every fifth,
// which is an error.
func requests(scrape int) (fast, slow int64) {
	if scrape >= restartAt {
		scrape -= restartAt
	}
	return int64(10 * scrape), int64(scrape / 5)
}

// A shape is a way to show the requests as a histogram.
type shape func(fast, slow int64) promtest.Sample

// exponential is what a real Envoy 1.40.0 shows, by its schema: requests of 5.0 s lie between 5000 and 5100.
func exponential(schema int32) shape {
	index := func(millis float64) int32 { return int32(math.Ceil(math.Log2(millis) * math.Exp2(float64(schema)))) }
	return func(fast, slow int64) promtest.Sample {
		h := &histogram.Histogram{Schema: schema, ZeroThreshold: 0.5, Count: uint64(fast + slow), Sum: float64(10*fast + 5000*slow)}
		if fast == 0 {
			return promtest.Sample{Histogram: &histogram.Histogram{Schema: 3, PositiveSpans: []histogram.Span{{}}}}
		}
		h.PositiveSpans = []histogram.Span{{Offset: index(10), Length: 1}}
		h.PositiveBuckets = []int64{fast}
		if slow > 0 {
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: index(5000) - index(10) - 1, Length: 1})
			h.PositiveBuckets = append(h.PositiveBuckets, slow-fast)
		}
		return promtest.Sample{Histogram: h}
	}
}

func floats(s shape) shape {
	return func(fast, slow int64) promtest.Sample {
		return promtest.Sample{FloatHistogram: s(fast, slow).Histogram.ToFloat(nil)}
	}
}

// custom is what Prometheus makes of classic buckets when it is told to.
func custom(fast, slow int64) promtest.Sample {
	return promtest.Sample{Histogram: &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: []float64{5, 10, 2500, 5000, 10000, 30000},
		Count: uint64(fast + slow), PositiveSpans: []histogram.Span{{Offset: 1, Length: 3}},
		PositiveBuckets: []int64{fast, -fast, slow},
	}}
}

// proxyWithNatives appends what one proxy shows.
func proxyWithNatives(t *testing.T, server *promtest.Server, s shape) (from, to int64) {
	t.Helper()
	set := func(more ...string) labels.Labels {
		return labels.FromStrings(append([]string{"job", "envoy", "instance", "a:19001", "namespace", "edge", "pod", "a"}, more...)...)
	}
	from = start.UnixMilli()
	for scrape := range nativeHours * 3600_000 / nativeScrape {
		at := from + int64(scrape+1)*nativeScrape
		fast, slow := requests(scrape)
		latency := s(fast, slow)
		if scrape == goneAt {
			latency = promtest.Sample{FloatHistogram: &histogram.FloatHistogram{Sum: math.Float64frombits(value.StaleNaN)}}
		}
		latency.Labels = set("__name__", "envoy_http_downstream_rq_time", "envoy_http_conn_manager_prefix", "ingress")
		all := []promtest.Sample{
			{Labels: set("__name__", "up"), Value: 1},
			{Labels: set("__name__", "envoy_cluster_upstream_cx_connect_fail", "envoy_cluster_name", "r")},
			{Labels: set("__name__", coarse.ErrorsMetric, "envoy_response_code_class", "5", "envoy_cluster_name", "r"), Value: float64(slow)},
			latency,
		}
		for i := range all {
			all[i].AtMillis = at
		}
		if err := server.Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		to = at
	}
	return from, to
}

// associated reads the companions by one protocol, and returns what they say of errors and slow requests.
func associated(t *testing.T, server *promtest.Server, protocol string, live bool, from, to int64) *diagnosis.Association {
	t.Helper()
	prometheus, err := sources.NewServer(sources.ServerOptions{URL: server.URL(), Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	d := config.Default()
	options := sources.Options{
		Name: "envoy", Server: prometheus, Selector: d.Sources[0].Selector, RouteLabels: d.Sources[0].RouteLabels,
		TargetLabels: d.Sources[0].TargetLabels, ViewLabels: d.Sources[0].ViewLabels, Exclude: d.Sources[0].Exclude,
	}
	var fingerprints []score.Fingerprint
	for _, f := range d.Fingerprints {
		fingerprints = append(fingerprints, score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi})
	}
	errors, err := sources.New(options)
	if err != nil {
		t.Fatal(err)
	}
	companions, err := sources.NewCompanions(options, fingerprints)
	if err != nil {
		t.Fatal(err)
	}
	c := coarse.New(coarse.Options{Fingerprints: fingerprints, FalseSuspicionsPerMonth: 1})
	const piece = 3600_000
	for at := from; at < to; at += piece {
		end := min(at+piece, to)
		c.Begin(at, end)
		for _, reader := range companions.Readers {
			if stats, err := reader.Read(t.Context(), at, end, live, c); err != nil || len(stats.Warnings) > 0 {
				t.Fatal(err, stats.Warnings)
			}
		}
		if _, err := errors.Read(t.Context(), at, end, live, c.Errors()); err != nil {
			t.Fatal(err)
		}
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
	}
	var o diagnosis.Observations
	c.Observe("r", 0, &o)
	return o.Coarse.Association
}

// Native histograms say the same as buckets do, whatever their shape, by every reader. A restart and a
// histogram that is gone for a scrape make an interval or two unknown.
func TestNativeHistograms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shape
		known bool
	}{
		"schema 4": {exponential(4), true}, "schema 4, floats": {floats(exponential(4)), true}, "schema 0": {exponential(0), true}, "schema -1": {exponential(-1), true},
		"too wide": {exponential(-2), false}, // 256 to 65536 is no time
		"custom":   {custom, true}, "custom, floats": {floats(custom), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, promtest.Options{})
			from, to := proxyWithNatives(t, server, c.shape)
			for protocol, live := range map[string]bool{sources.ProtocolRemoteRead: false, sources.ProtocolAuto: true, sources.ProtocolQuery: false} {
				a := associated(t, server, protocol, live, from, to)
				switch {
				case !c.known && a != nil:
					t.Errorf("%s: %+v of buckets that are too wide", protocol, a)
				case c.known && (a == nil || a.ErrorIntervals < 280 || a.Coincidences < a.ErrorIntervals-3 || a.PValue > 1e-9):
					t.Errorf("%s: %+v, want all of nearly 288 errors to be slow", protocol, a)
				}
			}
		})
	}
}

package coarse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// start is a Sunday evening, so that runs cross a midnight.
var start = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC).UnixMilli()

func fingerprints() []score.Fingerprint {
	return []score.Fingerprint{
		{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond},
		{Name: "connect-timeout-10s", Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
	}
}

// failure is what happened to one request: it waited, and ended.
type failure struct {
	atMillis    int64
	pod         int
	waitMillis  int64
	connect     bool // it was a connect that failed
	timedOut    bool
	quickAnswer bool // no error at all: the histogram of the proxy sees a fast request
}

// world is what pods would show of the failures of some routes.
type world struct {
	pods     int
	interval int64
	jitter   int64
	failures map[string][]failure
	missed   func(pod int, scrape int64) bool
	twoViews bool
	reorder  *rand.Rand
}

// newWorld has a route whose connects are dropped, one whose connects are refused, and one with
// fast errors of its own.
func newWorld(seed uint64, days int) *world {
	random := rand.New(rand.NewPCG(seed, 1))
	w := &world{pods: 3, interval: 15000, failures: make(map[string][]failure)}
	add := func(route string, perHour float64, f failure) {
		for at := float64(start); ; {
			at += random.ExpFloat64() / perHour * hourMillis
			if int64(at) > start+int64(days)*dayMillis {
				break
			}
			f.atMillis, f.pod = int64(at), random.IntN(w.pods)
			w.failures[route] = append(w.failures[route], f)
		}
	}
	add("ghost", 8, failure{waitMillis: 5005, connect: true, timedOut: true})
	add("refused", 8, failure{connect: true})
	add("fast", 12, failure{})
	add("busy", 10, failure{quickAnswer: true})
	return w
}

func (w *world) scrapes(pod int, from, to int64) []int64 {
	var times []int64
	phase := int64(pod) * 4321
	for k := (from-phase)/w.interval - 1; ; k++ {
		at := k*w.interval + phase
		if w.jitter > 0 {
			at += rand.New(rand.NewPCG(uint64(k), uint64(pod))).Int64N(2*w.jitter) - w.jitter
		}
		if at > to {
			return times
		}
		if at > from && (w.missed == nil || !w.missed(pod, k)) {
			times = append(times, at)
		}
	}
}

// value is what a metric shows of a route at a scrape; not ok: it does not exist.
func (w *world) value(metric, route string, pod int, at int64) (float64, bool) {
	n := 0
	for _, f := range w.failures[route] {
		if f.pod != pod || f.quickAnswer {
			continue
		}
		done := f.atMillis <= at
		switch metric {
		case ErrorsMetric:
			n += count(done)
		case "envoy_cluster_upstream_cx_connect_fail":
			n += count(done && f.connect)
		case "envoy_cluster_upstream_cx_connect_timeout":
			n += count(done && f.timedOut)
		case "envoy_cluster_upstream_rq_pending_active":
			n += count(!done && f.atMillis-f.waitMillis <= at)
		}
	}
	return float64(n), n > 0 || metric != ErrorsMetric // an error counter is born with the first error
}

// latency is what a cumulative bucket of the proxy shows.
func (w *world) latency(bound float64, pod int, at int64) float64 {
	n := 0
	for _, failures := range w.failures {
		for _, f := range failures {
			n += count(f.pod == pod && f.atMillis <= at && float64(f.waitMillis-10) <= bound)
		}
	}
	return float64(n)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// feed hands (from, to] and a minute before it to a sink.
func (w *world) feed(from, to int64, sink observe.Sink) {
	var calls []func()
	for pod := range w.pods {
		name := fmt.Sprintf("envoy-%d", pod)
		views := []string{"job=envoy"}
		if w.twoViews {
			views = append(views, "job=envoy, replica=b")
		}
		times := w.scrapes(pod, from-60000, to)
		for _, view := range views {
			sink.Scrapes(observe.TargetView{Target: name, View: view}, runs(times, func(int64) (float64, bool) { return 1, true }))
			series := func(route string, value func(at int64) (float64, bool)) {
				calls = append(calls, func() {
					sink.Series(&observe.SeriesID{Route: route, Target: name, View: view, Counter: "c"}, runs(times, value))
				})
			}
			for route := range w.failures {
				for _, metric := range ClusterMetrics()[:4] {
					series(metric+" / "+route, func(at int64) (float64, bool) { return w.value(metric, route, pod, at) })
				}
			}
			for text, bound := range map[string]float64{"1000": 1000, "2500": 2500, "5000.0": 5000, "10000": 10000, "30000": 30000} {
				series(LatencyMetric+" / ingress / "+text, func(at int64) (float64, bool) { return w.latency(bound, pod, at), true })
			}
		}
	}
	if w.reorder != nil {
		w.reorder.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	}
	for _, call := range calls {
		call()
	}
}

// runs compresses samples as a reader does.
func runs(times []int64, value func(int64) (float64, bool)) []observe.Run {
	var out []observe.Run
	for _, at := range times {
		v, ok := value(at)
		if !ok {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Value == v {
			last := &out[n-1]
			if last.Count == 1 {
				last.StepMillis = at - last.FirstMillis
			}
			if at-last.LastMillis() == last.StepMillis || last.Count == 1 {
				last.Count++
				continue
			}
		}
		out = append(out, observe.Run{FirstMillis: at, Count: 1, Value: v})
	}
	return slices.Clip(out)
}

// Package coarsetest makes up what proxies show of requests that fail, for tests.
package coarsetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

const (
	hourMillis = 60 * 60 * 1000
	dayMillis  = 24 * hourMillis
)

// Start is when the worlds begin: a Sunday evening, so that runs cross a midnight.
var Start = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC).UnixMilli()

// Failure is what happened to one request: it waited, and ended.
type Failure struct {
	AtMillis    int64
	Pod         int
	WaitMillis  int64
	Connect     bool // it was a connect that failed
	TimedOut    bool
	QuickAnswer bool // no error at all: the histogram of the proxy sees a fast request
}

// World is what pods would show of the failures of some routes.
type World struct {
	Pods     int
	Interval int64                            // of scrapes, in milliseconds
	Jitter   int64                            // either way
	Failures map[string][]Failure             // by route
	Missed   func(pod int, scrape int64) bool // nil: none
	TwoViews bool
	UsedOnly bool // counters are shown from their first event on
	// More are further series of every pod, by the names that a collector gives them.
	More    map[string]func(pod int, atMillis int64) (value float64, exists bool)
	Reorder *rand.Rand // nil: series come in any order
}

// NewWorld has a route whose connects are dropped, one whose connects are refused, and one with
// fast errors of its own.
func NewWorld(seed uint64, days int) *World {
	random := rand.New(rand.NewPCG(seed, 1))
	w := &World{Pods: 3, Interval: 15000, Failures: make(map[string][]Failure)}
	add := func(route string, perHour float64, f Failure) {
		for at := float64(Start); ; {
			at += random.ExpFloat64() / perHour * hourMillis
			if int64(at) > Start+int64(days)*dayMillis {
				break
			}
			f.AtMillis, f.Pod = int64(at), random.IntN(w.Pods)
			w.Failures[route] = append(w.Failures[route], f)
		}
	}
	add("ghost", 8, Failure{WaitMillis: 5005, Connect: true, TimedOut: true})
	add("refused", 8, Failure{Connect: true})
	add("fast", 12, Failure{})
	add("busy", 10, Failure{QuickAnswer: true})
	return w
}

// Scrapes are those of a pod in (from, to].
func (w *World) Scrapes(pod int, from, to int64) []int64 {
	var times []int64
	phase := int64(pod) * 4321
	for k := (from-phase)/w.Interval - 1; ; k++ {
		at := k*w.Interval + phase
		if w.Jitter > 0 {
			at += rand.New(rand.NewPCG(uint64(k), uint64(pod))).Int64N(2*w.Jitter) - w.Jitter
		}
		if at > to {
			return times
		}
		if at > from && (w.Missed == nil || !w.Missed(pod, k)) {
			times = append(times, at)
		}
	}
}

// value is what a metric shows of a route at a scrape; not ok: it does not exist.
func (w *World) value(metric, route string, pod int, at int64) (float64, bool) {
	n := 0
	for _, f := range w.Failures[route] {
		if f.Pod != pod || f.QuickAnswer {
			continue
		}
		done := f.AtMillis <= at
		switch metric {
		case coarse.ErrorsMetric:
			n += count(done)
		case "envoy_cluster_upstream_cx_connect_fail":
			n += count(done && f.Connect)
		case "envoy_cluster_upstream_cx_connect_timeout":
			n += count(done && f.TimedOut)
		case "envoy_cluster_upstream_rq_pending_active":
			n += count(!done && f.AtMillis-f.WaitMillis <= at)
		}
	}
	return float64(n), n > 0 || metric != coarse.ErrorsMetric && !w.UsedOnly // an error counter is born with the first error
}

// latency is what a cumulative bucket of the proxy shows.
func (w *World) latency(bound float64, pod int, at int64) float64 {
	n := 0
	for _, failures := range w.Failures {
		for _, f := range failures {
			n += count(f.Pod == pod && f.AtMillis <= at && float64(f.WaitMillis-10) <= bound)
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

// Feed hands the companions in (from, to], and a minute before it, to a sink.
func (w *World) Feed(from, to int64, sink observe.Sink) {
	w.feed(from, to, sink, func(pod int, series func(string, func(int64) (float64, bool))) {
		for route := range w.Failures {
			for _, metric := range coarse.ClusterMetrics()[:3] {
				series(metric+" / "+route, func(at int64) (float64, bool) { return w.value(metric, route, pod, at) })
			}
		}
		for text, bound := range map[string]float64{"1000": 1000, "2500": 2500, "5000.0": 5000, "10000": 10000, "30000": 30000} {
			series(coarse.LatencyMetric+" / ingress / "+text, func(at int64) (float64, bool) { return w.latency(bound, pod, at), true })
		}
		for name, value := range w.More {
			series(name, func(at int64) (float64, bool) { return value(pod, at) })
		}
	})
}

// FeedErrors hands the counters of errors to a sink, as the source itself reads them.
func (w *World) FeedErrors(from, to int64, sink observe.Sink) {
	w.FeedCounter(coarse.ErrorsMetric, from, to, sink)
}

// FeedCounter hands a counter of the routes to a sink, as a source of it reads it.
func (w *World) FeedCounter(metric string, from, to int64, sink observe.Sink) {
	w.feed(from, to, sink, func(pod int, series func(string, func(int64) (float64, bool))) {
		for route := range w.Failures {
			series(route, func(at int64) (float64, bool) { return w.value(metric, route, pod, at) })
		}
	})
}

// feed hands over what all calls its argument with, and the scrapes before it.
func (w *World) feed(from, to int64, sink observe.Sink, all func(pod int, series func(string, func(int64) (float64, bool)))) {
	var calls []func()
	for pod := range w.Pods {
		name := fmt.Sprintf("envoy-%d", pod)
		views := []string{"job=envoy"}
		if w.TwoViews {
			views = append(views, "job=envoy, replica=b")
		}
		times := w.Scrapes(pod, from-60000, to)
		for _, view := range views {
			sink.Scrapes(observe.TargetView{Target: name, View: view}, runs(times, func(int64) (float64, bool) { return 1, true }))
			all(pod, func(route string, value func(int64) (float64, bool)) {
				calls = append(calls, func() {
					sink.Series(&observe.SeriesID{Route: route, Target: name, View: view, Counter: route}, runs(times, value))
				})
			})
		}
	}
	if w.Reorder != nil {
		w.Reorder.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
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

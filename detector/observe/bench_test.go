package observe

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// load is a day or a tick of Envoy-like counters, packed into runs once.
type load struct {
	views   []TargetView
	ups     [][]Run
	ids     []SeriesID
	runs    [][]Run
	samples int64
	count   int64 // of runs, those of `up` included
}

// newLoad makes targets with series of their own; one in fifty scrapes is some milliseconds off, one in a
// thousand is missed, and a series grows a few times a day.
func newLoad(targets, series int, delta, from, to int64) load {
	var l load
	for t := range targets {
		rng := rand.New(rand.NewPCG(uint64(t), 9))
		view := TargetView{fmt.Sprintf("eu-west-1 / ingress / envoy-%05d", t), "envoy 10.0.0.1:19001 prometheus-0"}
		var times []sample
		phase := int64(t) * 7919 % delta
		for at := from + 1 + phase; at <= to; at += delta {
			switch r := rng.IntN(1000); {
			case r < 1:
			case r < 21:
				times = append(times, sample{at + 1 + rng.Int64N(9), 1})
			default:
				times = append(times, sample{at, 1})
			}
		}
		l.views, l.ups = append(l.views, view), append(l.ups, runs(times, from, to))
		l.count += int64(len(l.ups[t]))
		for s := range series {
			id := SeriesID{
				Route: fmt.Sprintf("httproute/shop/service-%03d/rule/0", s), Target: view.Target, View: view.View,
				Counter: fmt.Sprintf(`envoy_cluster_upstream_rq_xx{cluster="eu-west-1",namespace="ingress",pod="%s",envoy_cluster_name="httproute/shop/service-%03d/rule/0",envoy_response_code_class="5",app="envoy"}`, view.Target, s),
			}
			value := 7.0
			for i := range times {
				if rng.IntN(1000) < 3 {
					value++
				}
				times[i].value = value
			}
			l.ids, l.runs = append(l.ids, id), append(l.runs, runs(times, from, to))
			l.samples += int64(len(times))
			l.count += int64(len(l.runs[len(l.runs)-1]))
		}
	}
	return l
}

func (l *load) feed(o *Observer, from, to int64) Piece {
	o.Begin(from, to)
	for i, view := range l.views {
		o.Scrapes(view, l.ups[i])
	}
	for i := range l.ids {
		o.Series(&l.ids[i], l.runs[i])
	}
	return o.End()
}

// BenchmarkDay feeds a day at 15 s of 1,000 series on 50 targets.
func BenchmarkDay(b *testing.B) {
	const day = 24 * hourMillis
	l := newLoad(50, 20, 15_000, 0, day)
	b.ReportAllocs()
	for b.Loop() {
		l.feed(New(Options{}), 0, day)
	}
	perOp := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(perOp/float64(l.samples), "ns/sample")
	b.ReportMetric(perOp/float64(l.count), "ns/run")
}

// BenchmarkTick feeds a tick of 15 s, with 60 s of overlap, of 10,000 series on 100 targets.
func BenchmarkTick(b *testing.B) {
	o, l := New(Options{}), newLoad(100, 100, 15_000, 0, 600_000)
	l.feed(o, 0, 600_000)
	to := int64(600_000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		l = newLoad(100, 100, 15_000, to-60_000, to+15_000)
		b.StartTimer()
		l.feed(o, to, to+15_000)
		to += 15_000
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/series")
}

// BenchmarkState measures the memory of 100,000 live series on 1,000 targets after a few ticks.
func BenchmarkState(b *testing.B) {
	for b.Loop() {
		o := New(Options{})
		before := heap()
		for to := int64(0); to < 300_000; to += 60_000 {
			func() {
				l := newLoad(1000, 100, 15_000, to, to+60_000)
				l.feed(o, to, to+60_000)
			}()
		}
		b.ReportMetric(float64(heap()-before)/100_000, "B/series")
		data, err := o.MarshalBinary()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(data))/100_000, "stateB/series")
		runtime.KeepAlive(o)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

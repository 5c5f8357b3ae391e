package coarse_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// Six hours of a busy proxy with a hundred quiet clusters: its histogram moves in every interval.
func BenchmarkQuietRoutes(b *testing.B) {
	const routes, scrapes, step = 100, 6 * 240, 15000
	busy := make([]observe.Run, scrapes)
	for i := range busy {
		busy[i] = observe.Run{FirstMillis: start + step*int64(i+1), Count: 1, Value: float64(i / 3)}
	}
	still := func(v float64) []observe.Run {
		return []observe.Run{{FirstMillis: start + step, StepMillis: step, Count: scrapes, Value: v}}
	}
	for b.Loop() {
		c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
		c.Begin(start, start+step*scrapes)
		for r := range routes {
			for _, metric := range coarse.ClusterMetrics() {
				c.Series(&observe.SeriesID{Target: "t", Route: fmt.Sprintf("%s / r%d", metric, r)}, still(0))
			}
		}
		for i, bound := range []string{"2500", "10000", "5000", "30000"} {
			runs := busy
			if i == 0 {
				runs = still(3)
			}
			c.Series(&observe.SeriesID{Target: "t", Route: coarse.LatencyMetric + " / in / " + bound}, runs)
		}
		if err := c.End(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/routes/scrapes, "ns/route-scrape")
}

// Six hours of forty proxies that answer a request a second, and a slow one every ten minutes.
func BenchmarkLatency(b *testing.B) {
	const pods, hours = 40, 6
	random := rand.New(rand.NewPCG(1, 1))
	w := &coarsetest.Latencies{Pods: pods, Jobs: []coarsetest.Job{{Name: "j", Interval: 15_000}}, Bounds: []string{"2500", "5000", "10000", "30000"}}
	for range pods * hours * 3600 {
		took := 20.0
		if random.IntN(600) == 0 {
			took = 5005
		}
		w.Answers = append(w.Answers, coarsetest.Answer{AtMillis: start + random.Int64N(hours*hourMillis), Pod: random.IntN(pods), TookMillis: took})
	}
	var kept keptSeries
	end := start + hours*hourMillis
	w.Feed(start, end, &kept)
	b.ReportAllocs()
	for b.Loop() {
		l := coarse.NewLatency(fingerprints(), start)
		l.Begin(start, end)
		for i := range kept.ids {
			l.Series(&kept.ids[i], kept.runs[i])
		}
		l.End()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(pods*4*hours*240), "ns/sample")
}

// keptSeries keeps what it is given.
type keptSeries struct {
	ids  []observe.SeriesID
	runs [][]observe.Run
}

func (k *keptSeries) Scrapes(observe.TargetView, []observe.Run) {}

func (k *keptSeries) Series(id *observe.SeriesID, runs []observe.Run) {
	k.ids, k.runs = append(k.ids, *id), append(k.runs, runs)
}

// Six hours of a proxy whose hundred clusters are all busy: their histograms move in every interval.
func BenchmarkBusyRoutes(b *testing.B) {
	const routes, scrapes, step = 100, 6 * 240, 15000
	busy := make([]observe.Run, scrapes)
	for i := range busy {
		busy[i] = observe.Run{FirstMillis: start + step*int64(i+1), Count: 1, Value: float64(i)}
	}
	still := []observe.Run{{FirstMillis: start + step, StepMillis: step, Count: scrapes, Value: 0}}
	for b.Loop() {
		c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
		c.Begin(start, start+step*scrapes)
		for r := range routes {
			for _, metric := range coarse.ClusterMetrics() {
				c.Series(&observe.SeriesID{Target: "t", Route: fmt.Sprintf("%s / r%d", metric, r)}, still)
			}
			for _, bound := range []string{"2500", "5000", "10000", "30000"} {
				c.Series(&observe.SeriesID{Target: "t", Route: fmt.Sprintf("envoy_cluster_upstream_rq_time_bucket / r%d / %s", r, bound)}, busy)
			}
			for _, bound := range []string{"500", "5000", "10000"} {
				c.Series(&observe.SeriesID{Target: "t", Route: fmt.Sprintf("envoy_cluster_upstream_cx_connect_ms_bucket / r%d / %s", r, bound)}, busy)
			}
		}
		if err := c.End(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/routes/scrapes, "ns/route-scrape")
}

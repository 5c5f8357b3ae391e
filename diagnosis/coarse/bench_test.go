package coarse_test

import (
	"fmt"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
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

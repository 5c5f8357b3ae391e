package power

import (
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/simulate"
)

var syn = score.Fingerprint{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}

// BenchmarkRun plays 48 h of a route, without pairs, so that no run ends early.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name     string
		kind     string
		perHour  float64
		interval time.Duration
		targets  int
	}{
		{"poisson 1 per min 1s", "poisson", 60, time.Second, 1},
		{"poisson 5 per min 1s", "poisson", 300, time.Second, 1},
		{"poisson 5 per min 1s 20 targets", "poisson", 300, time.Second, 20},
		{"bursty 1s", "bursty", 75, time.Second, 1},
		{"poisson 1 in 3 min 1s 5 targets", "poisson", 20, time.Second, 5},
		{"poisson 1 per min 15s", "poisson", 60, 15 * time.Second, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			background, _ := simulate.Background(c.kind, c.perHour)
			q := Question{
				Fingerprint: syn, ScrapeInterval: c.interval, Targets: c.targets,
				Background: background, Streams: 5000, FalseAlarmsPerMonth: 1,
			}
			tables := score.NewCache()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := q.play(tables, 48*time.Hour, uint64(i), false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

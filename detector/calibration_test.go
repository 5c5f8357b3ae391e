package detector

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// long tells that the simulations are to run at full length, which takes minutes.
func long() bool { return os.Getenv("GHOSTPAIR_LONG") != "" }

// simulation is one route with errors of a process on some targets, without the hour steps.
type simulation struct {
	name      string
	make      process
	delta     int64
	targets   int
	threshold float64
	guard     float64
}

// run feeds the errors of some hours and returns the times of the alarms of the route in hours. After
// an alarm the stream starts again, as if its verdict had resolved at once. With first, it stops at the
// first alarm.
func (s *simulation) run(t testing.TB, tables *score.Cache, rng *rand.Rand, hours float64, first bool) []float64 {
	g := newGrid(s.delta, s.targets, rng)
	g.onRoute(0, 0, int32(s.targets))
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: tables, FalseAlarmsPerMonth: 1}, g)
	d.fixed, d.guard = s.threshold, s.guard
	var alarms []float64
	d.onTrial = func(tr *trial, _ *outcome, own, _ happening) {
		if own == alarm {
			alarms = append(alarms, float64(tr.closeMillis-origin)/hourMillis)
			tr.unit.route.streams[0].verdict.state = finding.Undecided
		}
	}
	events := g.cellsOf(s.make(rng, hours, s.targets), g.units)
	if err := d.Feed(observe.Piece{FromMillis: origin, ToMillis: origin + 1}, g.units); err != nil {
		t.Fatal(err)
	}
	d.nextHour = math.MaxInt64
	for i := range events {
		if d.advance(events[i].AtMillis); first && len(alarms) > 0 {
			break
		}
		d.take(&events[i])
	}
	return alarms
}

// TestFalseAlarms: under every null that the guarantee is about, the number of alarms at threshold A is
// at most hours/A in expectation. Guard and floor, which can only remove alarms, are off. The bound of
// the test leaves three standard deviations of a Poisson count.
func TestFalseAlarms(t *testing.T) {
	hours := 1500.0
	grids := []simulation{{delta: 1000, targets: 1}, {delta: 1000, targets: 5}}
	if long() {
		hours = 20_000
		grids = []simulation{{delta: 1000, targets: 1}, {delta: 1000, targets: 5}, {delta: 1000, targets: 20}, {delta: 2000, targets: 1}, {delta: 2000, targets: 5}, {delta: 500, targets: 1}}
	}
	tables := referenceTables(t)
	for _, null := range []simulation{{name: "poisson", make: poisson(60)}, {name: "diurnal", make: diurnal}, {name: "bursty", make: bursty}, {name: "bigburst", make: bigburst}, {name: "retry3", make: retry3}} {
		t.Run(null.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range grids {
				s.make = null.make
				counts := []int{}
				for i, threshold := range []float64{1e2, 1e3, 1e4} {
					s.threshold = threshold
					const chunk = 500
					n := 0
					for c := range int(hours / chunk) {
						n += len(s.run(t, tables, rand.New(rand.NewPCG(20261, uint64(c))), chunk, false))
					}
					counts = append(counts, n)
					if bound := hours / threshold; float64(n) > bound+3*math.Sqrt(bound)+1 {
						t.Errorf("Δ %d ms, %d targets: %d alarms in %g hours at A = 1e%d, at most %g are allowed for", s.delta, s.targets, n, hours, i+2, bound)
					}
				}
				t.Logf("Δ %d ms, %d targets, %g hours: %v alarms", s.delta, s.targets, hours, counts)
			}
		})
	}
}

// TestPower: the median time to an alarm at a threshold for some 5000 streams. The bands are the 10 %
// and 90 % quantiles of an independent implementation of the same statistics.
func TestPower(t *testing.T) {
	runs := 20
	cases := []struct {
		simulation
		horizon, low, high float64
	}{
		{simulation{name: "2 pairs/h alone", make: withPairs(nil, 2), delta: 1000, targets: 1}, 30, 5.4, 9.2},
		{simulation{name: "10 pairs/h in 60 errors/h", make: withPairs(poisson(60), 10), delta: 1000, targets: 1}, 20, 2.6, 5.5},
	}
	if long() {
		runs = 40
		cases = append(cases, []struct {
			simulation
			horizon, low, high float64
		}{
			{simulation{name: "2 pairs/h in 60 errors/h", make: withPairs(poisson(60), 2), delta: 1000, targets: 1}, 200, 26, 58.4},
			{simulation{name: "2 pairs/h in 60 errors/h", make: withPairs(poisson(60), 2), delta: 1000, targets: 5}, 100, 10.3, 22.7},
			{simulation{name: "2 pairs/h in 60 errors/h", make: withPairs(poisson(60), 2), delta: 2000, targets: 5}, 100, 12.1, 34.3},
			{simulation{name: "10 pairs/h in bursts", make: withPairs(bursty, 10), delta: 1000, targets: 1}, 40, 2.9, 8.6},
			{simulation{name: "10 pairs/h in bursts", make: withPairs(bursty, 10), delta: 1000, targets: 5}, 40, 1.7, 4.1},
			{simulation{name: "10 pairs/h by day", make: withPairs(diurnal, 10), delta: 1000, targets: 1}, 40, 3.2, 8.6},
		}...)
	}
	tables := referenceTables(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.threshold, c.guard = 3.6e6, guard
			var times []float64
			for r := range runs {
				at := math.Inf(1)
				if alarms := c.run(t, tables, rand.New(rand.NewPCG(4242, uint64(r))), c.horizon, true); len(alarms) > 0 {
					at = alarms[0]
				}
				times = append(times, at)
			}
			slices.Sort(times)
			median := (times[(runs-1)/2] + times[runs/2]) / 2
			t.Logf("Δ %d ms, %d targets: %.1f / %.1f / %.1f h", c.delta, c.targets, times[runs/10], median, times[runs*9/10])
			if median < c.low || median > c.high {
				t.Errorf("median time to the alarm %.1f h, want %.1f to %.1f h", median, c.low, c.high)
			}
		})
	}
}

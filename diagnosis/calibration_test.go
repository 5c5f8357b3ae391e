package diagnosis

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// simulated is how many days a simulation runs: few unless the long version is asked for.
func simulated(short int) int {
	if os.Getenv("GHOSTPAIR_LONG") != "" {
		return 40 * short
	}
	return short
}

// A simDay is a day of one target in continuous time, seen through scrapes.
type simDay struct {
	rng   *rand.Rand
	delta float64 // seconds
	phase float64

	errors, failures, pending []int64
	slow                      []bool
}

func newSimDay(rng *rand.Rand, delta float64) *simDay {
	n := int(dayMillis/1000/delta) + 4
	return &simDay{
		rng: rng, delta: delta, phase: rng.Float64() * delta,
		errors: make([]int64, n), failures: make([]int64, n), pending: make([]int64, n), slow: make([]bool, n),
	}
}

// interval of a time; interval i is (phase + (i−1)·delta, phase + i·delta].
func (d *simDay) interval(at float64) int { return int(math.Ceil((at - d.phase) / d.delta)) }

// wait has a request pending over (from, to]: the gauge at the left end of every interval inside.
func (d *simDay) wait(from, to float64) {
	for i := d.interval(from) + 1; i <= d.interval(to); i++ {
		d.pending[i]++
	}
}

// fail is a connect that starts at a time and fails after wait seconds.
func (d *simDay) fail(at, wait float64) {
	d.wait(at, at+wait)
	d.failures[d.interval(at+wait)]++
}

func (d *simDay) error(at float64) { d.errors[d.interval(at)]++ }

// latency records a slow request that ends at a time; histograms are merged every 5 s.
func (d *simDay) latency(at float64) { d.slow[d.interval(math.Ceil(at/5)*5)] = true }

// times are n times over the day by a rate that follows the hour, the same for all that asks, and in
// bursts when bursty.
func (d *simDay) times(n int, bursty bool) []float64 {
	var all []float64
	for len(all) < n {
		at := d.rng.Float64() * 86000
		if d.rng.Float64() > 0.55+0.45*math.Sin(2*math.Pi*at/86400) {
			continue
		}
		all = append(all, at)
		for bursty && d.rng.IntN(3) > 0 {
			at = min(at+d.rng.ExpFloat64()*20, 86000)
			all = append(all, at)
		}
	}
	return all
}

func (d *simDay) feed(a *Account, target int32, known Known) error {
	delta := int64(d.delta * 1000)
	first := firstDay + int64(d.phase*1000)
	for i := 1; i < len(d.errors); i++ {
		s := Stretch{
			Target: target, LeftMillis: first + int64(i-1)*delta, AtMillis: first + int64(i)*delta, Intervals: 1, Known: known,
			Errors: d.errors[i], Slow: d.slow[i], Failures: d.failures[i], Pending: d.pending[i],
		}
		if s.AtMillis > firstDay+dayMillis {
			break
		}
		if err := a.Add(s); err != nil {
			return err
		}
	}
	return nil
}

// suspectedShare runs days and returns the share that was suspected.
func suspectedShare(t *testing.T, seed uint64, days int, options AccountOptions, alpha float64, known Known, make func(d *simDay)) float64 {
	t.Helper()
	suspected := 0
	for day := range days {
		rng := rand.New(rand.NewPCG(seed, uint64(day)))
		a, err := NewAccount(options)
		if err != nil {
			t.Fatal(err)
		}
		for target := range int32(2) {
			d := newSimDay(rng, float64(options.DeltaMillis)/1000)
			make(d)
			if err := d.feed(a, target, known); err != nil {
				t.Fatal(err)
			}
		}
		a.Advance(firstDay+dayMillis+options.DeltaMillis*20, always(alpha))
		if _, ok := a.Suspected(); ok {
			suspected++
		}
	}
	return float64(suspected) / float64(days)
}

// Without any timeout, no more days are suspected than the two tests' levels add up to: planned
// looks, bursts of errors, slow requests that follow the same hours, connects that fail after up to
// the null's 1 s, and a gauge that healthy requests keep busy. The fingerprint here accepts any
// wait, so that no objection hides what the tests do.
func TestFalseSuspicionsKeepTheirPromise(t *testing.T) {
	t.Parallel()
	const alpha = 0.05
	days := simulated(100)
	for seed, c := range []struct {
		name     string
		delta    int64
		bursty   bool
		base     int
		timeouts bool // the errors are the failed connects themselves, as of a source of connect timeouts
	}{
		{"even", 15000, false, 0, false},
		{"bursts", 15000, true, 200, false},
		{"busy gauge, 30 s", 30000, false, 300, false},
		{"bursts, 60 s", 60000, true, 100, false},
		{"connect timeouts", 15000, false, 100, true},
		{"connect timeouts, bursts, 30 s", 30000, true, 100, true},
	} {
		options := AccountOptions{DeltaMillis: c.delta, Fingerprint: score.Fingerprint{Hi: 14 * time.Second}}
		got := suspectedShare(t, 100+uint64(seed), days, options, alpha, allKnown&^KnownTimeouts, func(d *simDay) {
			for _, at := range d.times(40, c.bursty) {
				if !c.timeouts {
					d.error(at)
				}
			}
			for _, at := range d.times(40, c.bursty) {
				d.latency(at)
			}
			for _, at := range d.times(45, c.timeouts && c.bursty) {
				d.fail(at, 1)
				if c.timeouts {
					d.error(at + 1)
				}
			}
			for _, at := range d.times(c.base, false) {
				d.wait(at, at+2)
			}
		})
		limit := 2*alpha + 3*math.Sqrt(2*alpha*(1-2*alpha)/float64(days))
		t.Logf("%s: %.3f of %d days suspected at 2 × %v", c.name, got, days, alpha)
		if got > limit {
			t.Errorf("%s: %.3f of the days suspected, promised %.2f", c.name, got, 2*alpha)
		}
		if got == 0 {
			t.Errorf("%s: never suspected: the simulation tests nothing", c.name)
		}
	}
}

// With 5,000 routes and one false suspicion a month, what is found within one day.
func TestPowerWithManyRoutes(t *testing.T) {
	t.Parallel()
	days, alpha := simulated(40), Alpha(1, 5000)
	for seed, c := range []struct {
		name  string
		delta int64
		known Known
		least float64
		make  func(*simDay)
	}{
		// 40 failed attempts of 5–6.5 s in two targets.
		{"dwell time alone, 40 attempts at 15 s", 15000, KnownFailures | KnownPending, 0.2, func(d *simDay) {
			for _, at := range d.times(20, false) {
				d.fail(at, 5+1.5*d.rng.Float64())
			}
		}},
		{"dwell time alone, 120 attempts at 30 s", 30000, KnownFailures | KnownPending, 0.4, func(d *simDay) {
			for _, at := range d.times(60, false) {
				d.fail(at, 5+1.5*d.rng.Float64())
			}
		}},
		// 20 slow errors among 45.
		{"latency alone, 15 s", 15000, KnownErrors | KnownSlow, 0.5, func(d *simDay) {
			for i, at := range d.times(22, false) {
				d.error(at)
				if i < 10 {
					d.latency(at)
				}
			}
		}},
		{"all of 60 errors, 15 s", 15000, allKnown &^ KnownTimeouts, 0.9, func(d *simDay) {
			for _, at := range d.times(30, false) {
				d.fail(at, 5)
				d.error(at + 5)
				d.latency(at + 5)
			}
		}},
	} {
		options := AccountOptions{DeltaMillis: c.delta, Fingerprint: fiveSeconds()}
		got := suspectedShare(t, 200+uint64(seed), days, options, alpha, c.known, c.make)
		t.Logf("%s: %.2f of %d days suspected", c.name, got, days)
		if got < c.least {
			t.Errorf("%s: only %.2f of the days suspected, want %v", c.name, got, c.least)
		}
	}
}

// Instant errors and refused connects are not suspected, however many there are.
func TestInstantErrorsAreNotSuspected(t *testing.T) {
	t.Parallel()
	got := suspectedShare(t, 300, simulated(20), AccountOptions{DeltaMillis: 15000, Fingerprint: fiveSeconds()}, 1e-3, allKnown, func(d *simDay) {
		for _, at := range d.times(200, true) {
			d.fail(at, 0.001)
			d.error(at)
		}
		for _, at := range d.times(30, false) {
			d.latency(at)
		}
	})
	if got > 0 {
		t.Errorf("%.2f of the days suspected", got)
	}
}

// The p-value of the coincidences is a p-value: under exchangeable places P(p ≤ u) ≤ u.
func TestAssociationIsCalibrated(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 7))
	const n = 480
	runs := simulated(400)
	below := map[float64]int{0.5: 0, 0.2: 0, 0.05: 0, 0.01: 0}
	for range runs {
		x, y := make([]bool, n), make([]bool, n)
		for i := range x {
			busy := i/40%3 == 0
			x[i], y[i] = busy && rng.IntN(4) == 0, busy && rng.IntN(3) == 0
		}
		a, ok := newAssociation(x, y, blockIntervals, true)
		for u := range below {
			if ok && a.PValue <= u {
				below[u]++
			}
		}
	}
	for u, k := range below {
		if got, limit := float64(k)/float64(runs), u+3*math.Sqrt(u*(1-u)/float64(runs)); got > limit {
			t.Errorf("P(p <= %v) = %.3f", u, got)
		}
	}
	if below[0.5] == 0 {
		t.Error("no p-value below 0.5: the simulation tests nothing")
	}
}

// Chernoff's bound, for very many intervals, must lie above the exact tail and not far from it.
func TestChernoffBoundsTheExactTail(t *testing.T) {
	t.Parallel()
	blocks := []chanceCount{{hypergeometric(8, 3, 2), 200}, {hypergeometric(8, 1, 1), 100}, {hypergeometric(7, 2, 5), 50}}
	for _, at := range []int64{270, 290, 300, 320} {
		exact, bound := exactTail(blocks, int(at)), chernoff(blocks, at)
		if bound < exact || math.Log(bound) > 0.5*math.Log(exact) {
			t.Errorf("P(X >= %d) = %.3g, bound %.3g", at, exact, bound)
		}
	}
	if got := chernoff(blocks, 100); got < 1-1e-9 {
		t.Errorf("below the mean the bound is %v", got)
	}
}

func TestHypergeometricSumsToOne(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 9; n++ {
		for marked := range n + 1 {
			for drawn := range n + 1 {
				sum, mean := 0.0, 0.0
				for k, q := range hypergeometric(n, marked, drawn) {
					sum += q
					mean += float64(k) * q
				}
				if math.Abs(sum-1) > 1e-12 || math.Abs(mean-float64(marked*drawn)/float64(n)) > 1e-12 {
					t.Errorf("%d of %d, %d drawn: sum %v, mean %v", marked, n, drawn, sum, mean)
				}
			}
		}
	}
}

// The interval of the wait covers the truth as often as it says.
func TestDwellCoverage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	runs := simulated(300)
	for _, c := range []struct {
		attempts          int64
		wait, delta, base float64
	}{{10, 5, 15, 0}, {40, 5, 15, 0.1}, {40, 10, 15, 0}, {100, 5, 60, 0.05}} {
		covered := 0
		for range runs {
			hits := int64(0)
			for range c.attempts {
				if rng.Float64() < 1-(1-c.base)*(1-c.wait/c.delta) {
					hits++
				}
			}
			if d, ok := NewDwell(c.attempts, hits, c.delta, c.base); ok && d.Meets(c.wait, c.wait) {
				covered++
			}
		}
		if got := float64(covered) / float64(runs); got < 0.95-3*math.Sqrt(0.95*0.05/float64(runs)) {
			t.Errorf("%+v: covered %.3f", c, got)
		}
	}
}

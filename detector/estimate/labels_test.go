package estimate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// At the ends of the scan the lag is not known, so it is not outside; in between it must miss the
// fingerprint by a tenth of a second.
func TestLagOutside(t *testing.T) {
	t.Parallel()
	s := Shape{Same, 1000, fiveSeconds}
	for _, c := range []struct {
		lower, upper float64
		want         bool
	}{
		{5.2, 5.6, false},
		{4.5, 4.85, true},
		{4.5, 4.9, false},
		{6.65, 7.2, true},
		{6.6, 7.2, false},
		{4.0, 4.5, false},
		{7.5, 8.5, false},
	} {
		if got := lagOutside(s, Estimate{LagLower: c.lower, LagUpper: c.upper}); got != c.want {
			t.Errorf("[%v, %v]: %v", c.lower, c.upper, got)
		}
	}
}

// A train is a train at whichever level and interval it is seen; pairs alone never are. Both at
// 0.25 to 2 s, with lags of 5 to 6 s, drawn exactly as scrapes would see them.
func TestTrainsAndPairs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 2))
	for _, deltaMillis := range []int64{250, 500, 1000, 2000} {
		for _, lag := range []float64{5, 5.3, 6} {
			s := Shape{Same, deltaMillis, fiveSeconds}
			var runs, pairs []float64
			for start := range 30 {
				at := float64(start)*1000 + 10*rng.Float64()
				for i := range 20 {
					runs = append(runs, at+float64(i)*lag)
				}
				pairs = append(pairs, at, at+lag)
			}
			for _, c := range []struct {
				name  string
				times []float64
				want  bool
			}{{"train", runs, true}, {"pairs", pairs, false}} {
				hist := histogram(c.times, s)
				e, ok := Lag(hist, s, len(c.times))
				got := Labels(LabelInput{Histogram: hist, Shape: s, Estimate: e})
				if !ok || slices.Contains(got, finding.LabelTrain) != c.want {
					t.Errorf("%s of %v s at %d ms: %v", c.name, lag, deltaMillis, got)
				}
			}
		}
	}
}

// histogram counts the lags of the scrapes that see the given times.
func histogram(times []float64, s Shape) []int {
	hist := make([]int, LongBins(s.DeltaMillis, s.Fingerprint))
	var cells []int64
	for _, t := range times {
		cells = append(cells, int64(t*1000)/s.DeltaMillis)
	}
	slices.Sort(cells)
	cells = slices.Compact(cells)
	for i, a := range cells {
		for _, b := range cells[i+1:] {
			if k := b - a; k < int64(len(hist)) {
				hist[k]++
			}
		}
	}
	return hist
}

// Too coarse for any wave, too short, or too few mates: no answer, and no panic.
func TestTrainShareWithoutAnswer(t *testing.T) {
	t.Parallel()
	e := Estimate{Lag: 5.5, LagLower: 4, LagUpper: 8.5, MateShare: 0.5, Pairs: 100}
	for name, c := range map[string]struct {
		hist  []int
		shape Shape
		e     Estimate
	}{
		"coarse":   {make([]int, LongBins(10_000, fiveSeconds)), Shape{Any, 10_000, fiveSeconds}, e},
		"no bins":  {nil, Shape{Same, 1000, fiveSeconds}, e},
		"no mates": {make([]int, LongBins(1000, fiveSeconds)), Shape{Same, 1000, fiveSeconds}, Estimate{Lag: 5.5, LagLower: 4, LagUpper: 8.5}},
		"far off":  {make([]int, LongBins(1000, fiveSeconds)), Shape{Same, 1000, fiveSeconds}, Estimate{LagLower: 8, LagUpper: 8.5, MateShare: 1, Pairs: 100}},
	} {
		if got, ok := TrainShare(c.hist, c.shape, c.e); ok || got.Train {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// With every mate slow it is a timeout, with none it is not; in between, more slow ones never turn a
// timeout into a fast error.
func TestFastIsMonotone(t *testing.T) {
	t.Parallel()
	e := Estimate{MateShareLower: 0.8, Pairs: 100}
	fast := true
	for slow := range 121 {
		got, ok := Fast(100, 100, float64(slow), e)
		if !ok || got.Fast && !fast || got.SlowShareUpper < min(1, float64(slow)/100) {
			t.Fatalf("%d slow of 100: %+v, %v", slow, got, ok)
		}
		fast = got.Fast
	}
	if first, _ := Fast(100, 100, 0, e); !first.Fast || fast {
		t.Errorf("none slow: %v, all slow: %v", first.Fast, fast)
	}
	if _, ok := Fast(9, 9, 0, e); ok {
		t.Error("an answer from 9 mates")
	}
}

// A sample says the same as all of them, with less confidence: the smaller it is, the fewer may be slow.
func TestFastFromSample(t *testing.T) {
	t.Parallel()
	e := Estimate{MateShareLower: 0.8, Pairs: 1000}
	last := 1.0
	for _, sample := range []float64{10, 20, 50, 200.5, 1000} {
		got, ok := Fast(1000, sample, sample/10, e)
		if !ok || got.SlowShareUpper < 0.1 || got.SlowShareUpper >= last {
			t.Errorf("a tenth of a sample of %v is slow: %+v, want a bound above it and below %v", sample, got, last)
		}
		last = got.SlowShareUpper
		if want := sample >= 20; got.Fast != want { // 1 of 10 may be 0.445, 2 of 20 0.317, and 0.4 is needed
			t.Errorf("a tenth of a sample of %v is slow: fast %v", sample, got.Fast)
		}
	}
	if _, ok := Fast(1000, 9.9, 0, e); ok {
		t.Error("an answer from a sample of 9.9")
	}
}

// The clock does not depend on when it started, nor on the order of the cells.
func TestStepPeriodIsInvariant(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for _, period := range stepPeriods() {
		for range 20 {
			offset := rng.Int64N(1 << 40)
			times := make([]int64, 60)
			for i := range times {
				times[i] = offset + period.Milliseconds()*rng.Int64N(10_000) + rng.Int64N(1300)
			}
			if got, ok := StepPeriod(times, 1000); !ok || got < period || got%period != 0 {
				t.Errorf("clock of %v: %v, %v", period, got, ok)
			}
		}
	}
	times := make([]int64, 1000)
	for i := range times {
		times[i] = rng.Int64N(1 << 40)
	}
	if got, ok := StepPeriod(times, 1000); ok {
		t.Errorf("clock of %v in random times", got)
	}
}

func TestStepHits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		period time.Duration
		lo, hi time.Duration
		want   bool
	}{
		{0, 5 * time.Second, 6500 * time.Millisecond, false},
		{5 * time.Second, 5 * time.Second, 6500 * time.Millisecond, true},
		{10 * time.Second, 5 * time.Second, 6500 * time.Millisecond, false},
		{5 * time.Second, 10 * time.Second, 11500 * time.Millisecond, true},
		{5 * time.Second, 15500 * time.Millisecond, 16 * time.Second, true}, // 15 s, within half a second
		{15 * time.Second, 100 * time.Millisecond, 200 * time.Millisecond, false},
	} {
		if got := StepHits(c.period, score.Fingerprint{Lo: c.lo, Hi: c.hi}); got != c.want {
			t.Errorf("clock of %v, lag [%v, %v]: %v", c.period, c.lo, c.hi, got)
		}
	}
}

// e-BH by its definition: the selected ones are the largest, every one of them passes the threshold
// of their number, and no larger set does.
func TestEBHByDefinition(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	for range 500 {
		e := make([]float64, rng.IntN(12))
		for i := range e {
			e[i] = 100 * rng.Float64() * rng.Float64()
		}
		tests := len(e) + rng.IntN(3)
		selected := EBH(e, 0.1, tests)
		for k := len(e); k >= 1; k-- {
			passing := 0
			for _, v := range e {
				if v >= float64(tests)/(0.1*float64(k)) {
					passing++
				}
			}
			if passing >= k {
				if len(selected) != k {
					t.Fatalf("%v: selected %v, want %d", e, selected, k)
				}
				break
			} else if k == 1 && len(selected) != 0 {
				t.Fatalf("%v: selected %v, want none", e, selected)
			}
		}
		for i, v := range e {
			for _, j := range selected {
				if v > e[j] && !slices.Contains(selected, i) {
					t.Fatalf("%v: selected %v, not the largest", e, selected)
				}
			}
		}
	}
}

// The bound spares the sorting, so it must never be below what it bounds.
func TestAtMostInArcIsABound(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 8))
	for range 5000 {
		wrap, arc := 1000+rng.Int64N(59_000), 1+rng.Int64N(5000)
		times := make([]int64, 1+rng.IntN(60))
		centre, spread := rng.Int64N(wrap), 1+rng.Int64N(2*arc)
		for i := range times {
			if times[i] = rng.Int64N(1_000_000); rng.IntN(4) > 0 { // most of them close together, modulo wrap
				times[i] = wrap*rng.Int64N(50) + centre + rng.Int64N(spread)
			}
		}
		if bound, exact := atMostInArc(times, wrap, arc), fullestArc(times, wrap, arc); bound < exact {
			t.Fatalf("wrap %d, arc %d: %d in an arc, bounded by %d", wrap, arc, exact, bound)
		}
	}
}

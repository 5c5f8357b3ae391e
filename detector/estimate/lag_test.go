package estimate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// simulate draws a histogram of n background pairs, decaying as exp(-lag/8 s) over a constant, and
// pairs pairs with a lag uniform in [lo, hi] seconds, on one target.
func simulate(rng *rand.Rand, s Shape, n, pairs int, lo, hi float64) []int {
	hist := make([]int, Bins(s.DeltaMillis, s.Fingerprint))
	delta := s.deltaSeconds()
	count := func(lag float64) {
		first := rng.Float64() * delta
		if k := int(math.Ceil((first+lag)/delta)) - 1; k < len(hist) && k >= 0 {
			hist[k]++
		}
	}
	for range n {
		if rng.Float64() < 0.3 {
			count(rng.ExpFloat64() * 8)
		} else {
			count(rng.Float64() * float64(len(hist)) * delta)
		}
	}
	for range pairs {
		count(lo + rng.Float64()*(hi-lo))
	}
	return hist
}

// The estimates must find what was put in: the lag nearly always within its interval and never far
// off, and at least the lower end of the share.
func TestLagFindsPairs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 1))
	const runs, pairs = 40, 60
	covered := 0
	for range runs {
		s := Shape{Same, []int64{500, 1000, 2000}[rng.IntN(3)], fiveSeconds}
		hist := simulate(rng, s, 400, pairs, 5, 6.5)
		e, ok := Lag(hist, s, 1000)
		if !ok {
			t.Fatal("no estimate")
		}
		if e.LagLower <= 5.75 && 5.75 <= e.LagUpper {
			covered++
		}
		if math.Abs(e.Lag-5.75) > 0.6 {
			t.Errorf("%d ms: lag %v", s.DeltaMillis, e.Lag)
		}
		if least := e.MateShareLower * float64(e.Pairs); least > 1.2*pairs {
			t.Errorf("%d ms: at least %v of %d pairs", s.DeltaMillis, least, pairs)
		}
		if !(e.LagLower <= e.Lag && e.Lag <= e.LagUpper && e.MateShareLower <= e.MateShare && e.MateShare <= e.MateShareUpper) {
			t.Errorf("intervals that miss their estimates: %+v", e)
		}
	}
	if covered < runs*8/10 {
		t.Errorf("lag covered in %d of %d runs", covered, runs)
	}
}

// Ten times the data with the same shape: the same estimates, and intervals inside the old ones.
func TestLagSharpensWithData(t *testing.T) {
	t.Parallel()
	s := Shape{Same, 1000, fiveSeconds}
	hist := []int{0, 20, 17, 14, 13, 33, 37, 21, 10, 10, 10, 9, 9, 9, 9, 9, 9, 9}
	more := make([]int, len(hist))
	for k, n := range hist {
		more[k] = 10 * n
	}
	a, _ := Lag(hist, s, 300)
	b, ok := Lag(more, s, 3000)
	if !ok || a.Lag != b.Lag || math.Abs(a.MateShare-b.MateShare) > 1e-4 || math.Abs(a.PairRatio-b.PairRatio) > 1e-4 {
		t.Errorf("estimates %+v and %+v", a, b)
	}
	if b.LagLower < a.LagLower || b.LagUpper > a.LagUpper || b.MateShareLower < a.MateShareLower || b.MateShareUpper > a.MateShareUpper {
		t.Errorf("wider intervals with more data: %+v and %+v", a, b)
	}
}

// Whatever the histogram, the estimates are in their ranges and add up.
func FuzzLag(f *testing.F) {
	f.Add([]byte{0, 3, 2, 1, 2, 2, 0, 1, 1, 1, 2, 1, 2, 1, 1, 0, 2, 3}, uint16(1000), true)
	f.Add([]byte{0, 0, 0, 0, 0, 255}, uint16(1000), false)
	f.Add([]byte{9, 0, 200, 0, 0, 1}, uint16(2500), true)
	f.Add([]byte{1, 1, 1}, uint16(60_000), false)
	f.Fuzz(func(t *testing.T, counts []byte, deltaMillis uint16, same bool) {
		s := Shape{Any, 250 + int64(deltaMillis), fiveSeconds}
		if same {
			s.Level = Same
		}
		hist := make([]int, len(counts))
		for k, n := range counts {
			hist[k] = int(n)
		}
		first, last := s.Window()
		e, ok := Lag(hist, s, 100)
		if !ok {
			if sum(hist, first, last) > 0 && s.DeltaMillis <= 3000 {
				t.Errorf("no estimate of %v", hist)
			}
			return
		}
		for name, v := range map[string]float64{
			"share": e.MateShare, "share, lower": e.MateShareLower, "share, upper": e.MateShareUpper,
			"ratio": e.PairRatio, "ratio, lower": e.PairRatioLower, "ratio, upper": e.PairRatioUpper,
		} {
			if !(v >= 0 && v <= 1) {
				t.Errorf("%s %v of %v", name, v, hist)
			}
		}
		total := 0.0
		for _, v := range e.Fitted {
			total += v
		}
		if math.Abs(total-float64(e.Pairs)) > 1e-6*float64(e.Pairs) || e.Pairs != sum(hist, first, last) {
			t.Errorf("%v fitted of %d pairs in %v", total, e.Pairs, hist)
		}
		if !slices.IsSortedFunc(e.Background, func(a, b float64) int {
			if a < b-1e-9*float64(e.Pairs) {
				return 1
			}
			return 0
		}) {
			t.Errorf("background rises: %v", e.Background)
		}
	})
}

func BenchmarkLag(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name  string
		shape Shape
	}{
		{"same/1s", Shape{Same, 1000, fiveSeconds}},
		{"any/1s", Shape{Any, 1000, fiveSeconds}},
		{"same/250ms", Shape{Same, 250, fiveSeconds}},
		{"same/2s", Shape{Same, 2000, fiveSeconds}},
		{"same/1s/10s", Shape{Same, 1000, score.Fingerprint{Lo: 10 * time.Second, Hi: 11500 * time.Millisecond}}},
	} {
		lo, hi := c.shape.Fingerprint.Seconds()
		hist := simulate(rng, c.shape, 5000, 400, lo, hi)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := Lag(hist, c.shape, 1000); !ok {
					b.Fatal("no estimate")
				}
			}
		})
	}
}

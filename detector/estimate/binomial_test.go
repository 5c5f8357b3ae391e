package estimate

import (
	"math"
	"math/big"
	"testing"
)

// exactTail sums the binomial probabilities in rational arithmetic.
func exactTail(k, n int, p *big.Rat) float64 {
	q := new(big.Rat).Sub(big.NewRat(1, 1), p)
	total := new(big.Rat)
	for i := k; i <= n; i++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
		for range i {
			term.Mul(term, p)
		}
		for range n - i {
			term.Mul(term, q)
		}
		total.Add(total, term)
	}
	value, _ := total.Float64()
	return value
}

func TestBinomialTailIsExact(t *testing.T) {
	t.Parallel()
	for _, p := range []*big.Rat{big.NewRat(1, 3), big.NewRat(3, 5), big.NewRat(1, 97)} {
		share, _ := p.Float64()
		for _, n := range []int{1, 2, 7, 40, 150} {
			for _, k := range []int{0, 1, n / 3, n / 2, n} {
				want := exactTail(k, n, p)
				if got := binomialTail(k, n, share); math.Abs(got-want) > 1e-9*want {
					t.Errorf("P(Bin(%d, %v) >= %d) = %v, want %v", n, share, k, got, want)
				}
			}
		}
	}
}

// A flat histogram shows nothing; moving cell pairs into the hot bins can only lower the p-value.
func TestSidebandFallsWithHits(t *testing.T) {
	t.Parallel()
	s := Shape{Same, 1000, fiveSeconds}
	hist := make([]int, Bins(1000, fiveSeconds))
	for k := range hist {
		hist[k] = 10
	}
	last := 1.0
	for range 20 {
		got, ok := Sideband(hist, s)
		if !ok || got.PValue >= last || got.PValue <= 0 {
			t.Fatalf("%+v, %v after %v", got, ok, last)
		}
		if last == 1 && got.PValue < 0.4 {
			t.Errorf("p-value %v of a flat histogram", got.PValue)
		}
		last = got.PValue
		hist[6] += 5
	}
}

// Where the lag cannot be seen there is no test, and no panic.
func TestBinomialTestsWithoutBins(t *testing.T) {
	t.Parallel()
	for _, level := range []Level{Any, Same} {
		s := Shape{level, 60_000, fiveSeconds}
		if got, ok := Sideband([]int{3, 2, 1}, s); ok {
			t.Errorf("%v: sideband %+v at 60 s", level, got)
		}
		if got, ok := Chain(nil, s, 5.75); ok {
			t.Errorf("%v: chain %+v at 60 s", level, got)
		}
	}
}

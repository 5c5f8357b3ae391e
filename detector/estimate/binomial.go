package estimate

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// beside2Lag is how much further than one scrape interval from twice the lag, in seconds, a bin may
// be to count as at twice the lag.
const beside2Lag = 0.3

// BinomialTest is a one-look test of whether some bins of a histogram hold more than bins beside
// them would make likely. Never page on it: it promises nothing about repeated looks.
type BinomialTest struct {
	Hits   int     // cell pairs in the tested bins
	Beside int     // cell pairs in the bins beside them
	Share  float64 // of all these that the tested bins would hold under the null, at most
	PValue float64 // probability under the null of as many hits or more
}

// Sideband compares the hot bins with as many bins of the window on each side as there are on both
// sides, at most their own number. A convex background holds no more than its share in the middle
// (Jensen's inequality), so the test is conservative under decaying bursts. It is not ok when the
// window ends at a hot bin.
func Sideband(hist []int, s Shape) (BinomialTest, bool) {
	hot := s.HotBins()
	if len(hot) == 0 {
		return BinomialTest{}, false
	}
	first, last := s.Window()
	from, to := hot[0], hot[len(hot)-1]
	return sideTest(hist, from, to, min(from-first, last-to))
}

// Chain compares the bins around twice the lag with as many bins on both sides. Three or more errors
// in a row have mates there, a pair has none. It is not ok where there are no such bins in a
// histogram of Bins bins, right of the hot ones and free on both sides, usually because scrapes are
// too coarse.
func Chain(hist []int, s Shape, lagSeconds float64) (BinomialTest, bool) {
	hot := s.HotBins()
	if len(hot) == 0 {
		return BinomialTest{}, false
	}
	edge, end := hot[len(hot)-1], Bins(s.DeltaMillis, s.Fingerprint)-1
	from, to := -1, -1
	for k := edge + 1; k <= end; k++ {
		if math.Abs(float64(k)*s.deltaSeconds()-2*lagSeconds) < s.deltaSeconds()+beside2Lag {
			if from < 0 {
				from = k
			}
			to = k
		}
	}
	if from < 0 {
		return BinomialTest{}, false
	}
	return sideTest(hist, from, to, min(from-edge-1, end-to))
}

// sideTest compares bins from .. to with up to width bins on each side.
func sideTest(hist []int, from, to, width int) (BinomialTest, bool) {
	bins := to - from + 1
	width = min(width, bins)
	if width < 1 {
		return BinomialTest{}, false
	}
	t := BinomialTest{
		Hits:   sum(hist, from, to),
		Beside: sum(hist, from-width, from-1) + sum(hist, to+1, to+width),
		Share:  float64(bins) / float64(bins+2*width),
	}
	t.PValue = binomialTail(t.Hits, t.Hits+t.Beside, t.Share)
	return t, true
}

// binomialTail returns P(Bin(n, p) >= k), as the regularised incomplete beta function I_p(k, n-k+1):
// exact down to the smallest floating-point numbers, where 1 minus a distribution function is 0.
func binomialTail(k, n int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

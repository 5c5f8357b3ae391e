package estimate

import "math"

// labelLevel is the p-value below which a label's binomial test speaks.
const labelLevel = 0.01

// HalfStepTest tells whether errors also come half the lag apart.
type HalfStepTest struct {
	Bin        int     // the bin at half the lag
	At, Beside int     // cell pairs in it and in its two neighbours
	PValue     float64 // probability of as many in it under a convex background
	Half       bool    // whether the retry step is half the lag
}

// HalfStep looks for retries at half the lag: errors 3 s apart have mates 6 s apart. It is not ok
// unless a scrape interval is at most a quarter of the lag.
func HalfStep(hist []int, deltaMillis int64, e Estimate) (HalfStepTest, bool) {
	delta := deltaSeconds(deltaMillis)
	k := int(math.Floor(e.Lag/(2*delta) + 0.5))
	if delta > e.Lag/4+1e-9 || k < 2 {
		return HalfStepTest{}, false
	}
	t := HalfStepTest{Bin: k, At: sum(hist, k, k), Beside: sum(hist, k-1, k-1) + sum(hist, k+1, k+1)}
	t.PValue = binomialTail(t.At, t.At+t.Beside, 1./3)
	mates := e.Mates()
	t.Half = t.PValue < labelLevel && mates >= 1 && float64(t.At)-float64(t.Beside)/2 >= mates/3
	return t, true
}

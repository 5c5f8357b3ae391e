package estimate

import "gonum.org/v1/gonum/mathext"

// FastTest tells whether the errors took no time.
type FastTest struct {
	SlowShareUpper float64 // 97.5 % upper bound of the share of mates that may have been slow
	Fast           bool    // whether too few were slow for a timeout
}

// Fast looks for errors that were instant: a timeout takes its time, a refused connection does not.
//
// mates is the number of cell pairs in the hot bins; of a fair sample of them, or of all, slow are those whose later
// cell has slow requests beside it. The sizes of samples need not be whole. Fast means that the slow ones, at the upper
// Clopper-Pearson bound of their share (Biometrika, 1934), are not even half of the pairs that the estimate surely needs.
// Slow requests that coincide by chance can only withhold that. It is not ok with too few of any.
func Fast(mates int, sample, slow float64, e Estimate) (FastTest, bool) {
	needed := e.MateShareLower * float64(e.Pairs)
	if mates < 10 || sample < 10 || needed < 3 {
		return FastTest{}, false
	}
	t := FastTest{SlowShareUpper: 1}
	if slow < sample {
		t.SlowShareUpper = mathext.InvRegIncBeta(slow+1, sample-slow, 0.975)
	}
	t.Fast = t.SlowShareUpper*float64(mates) < needed/2
	return t, true
}

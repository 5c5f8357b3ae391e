package estimate

// BinomialTest is a one-look test of whether some bins of a histogram hold more than bins beside
// them would make likely.
type BinomialTest struct {
	Hits   int     // cell pairs in the tested bins
	Beside int     // cell pairs in the bins beside them
	Share  float64 // of the hits that the tested bins would hold under the null, at most
	PValue float64
}

// Sideband compares the hot bins with as many bins on both sides.
func Sideband(hist []int, s Shape) (BinomialTest, bool) { return BinomialTest{}, false }

// Chain compares the bins around twice the lag with as many bins on both sides.
func Chain(hist []int, s Shape, lagSeconds float64) (BinomialTest, bool) {
	return BinomialTest{}, false
}

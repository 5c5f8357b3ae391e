package estimate

// Estimate is what a histogram says about the pairs in it. Bounds are of 95 % intervals.
type Estimate struct {
	// Lag is the mean lag of the pairs in seconds, HalfWidth half the width of its spread.
	Lag, LagLower, LagUpper, HalfWidth float64

	// MateShare is the share of the cell pairs in the window that are pairs of the fault.
	MateShare, MateShareLower, MateShareUpper float64

	// PairRatio is the share of all cells that are in a pair of the fault.
	PairRatio, PairRatioLower, PairRatioUpper float64

	LogLikelihood float64
	Pairs         int // cell pairs in the window

	// Fitted and Background are the expected counts of bins FirstBin, FirstBin+1, ..., with and
	// without the pairs of the fault.
	FirstBin           int
	Fitted, Background []float64
}

// Lag estimates the lag and the share of the pairs.
func Lag(hist []int, s Shape, cells int) (Estimate, bool) { return Estimate{}, false }

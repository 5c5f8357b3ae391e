package estimate

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

const (
	confidence = 0.95
	nearlyAll  = 1 - 1e-9 // largest share of pairs that is tried
)

// Estimate is what a histogram says about the pairs in it. Lower and Upper are the bounds of 95 %
// profile-likelihood intervals.
//
// The share depends on the background being convex: the fit may take some pairs for background, or,
// where other retries put bumps beside the window, take those for pairs. The lower bounds are robust,
// the estimates are "about".
type Estimate struct {
	// Lag is the mean lag of the pairs in seconds, HalfWidth half the width of its spread.
	Lag, LagLower, LagUpper, HalfWidth float64

	// MateShare is the share of the cell pairs in the window that are pairs of the fault.
	MateShare, MateShareLower, MateShareUpper float64

	// PairRatio is the share of all cells that are in a pair of the fault, at most 1.
	PairRatio, PairRatioLower, PairRatioUpper float64

	LogLikelihood float64 // of the cell pairs in the window, in nats
	Pairs         int     // cell pairs in the window

	// Fitted and Background are the expected counts of bins FirstBin, FirstBin+1, ..., with and
	// without the pairs of the fault.
	FirstBin           int
	Fitted, Background []float64
}

// Mates is the estimated number of cell pairs in the window that are pairs of the fault.
func (e Estimate) Mates() float64 { return e.MateShare * float64(e.Pairs) }

// Lag estimates the lag and the share of the pairs from a histogram of at least Bins bins, on which
// cells cells were counted. It is not ok without a cell pair in the window.
//
// The bins of the window are taken as multinomial, with a mixture of the kernel of U[τ-a, τ+a] and
// the convex non-increasing sequences as cell probabilities. For each lag τ of a grid the likelihood
// is maximised over the weights and the half width a; the interval of the lag holds every τ whose
// log-likelihood is within half the 95 % quantile of chi-squared with one degree of freedom of the
// maximum, that of the share follows by the same cut at the best τ and a. Where the likelihood is flat,
// which happens when the bins are fitted exactly, the smallest share is taken: what the background can
// explain is not for the pairs.
func Lag(hist []int, s Shape, cells int) (Estimate, bool) {
	fit := newLagFit(hist, s)
	if fit.pairs == 0 || cells <= 0 {
		return Estimate{}, false
	}
	best, profile, ok := fit.scan()
	if !ok {
		return Estimate{}, false
	}
	fit.best = best
	n := float64(fit.pairs)
	e := Estimate{
		Lag: best.lag, HalfWidth: best.halfWidth, LogLikelihood: best.logLikelihood, Pairs: fit.pairs, FirstBin: fit.first,
		MateShare: fit.shareBound(best.share, 0, best.logLikelihood-betterBy),
	}
	cut := best.logLikelihood - distuv.ChiSquared{K: 1}.Quantile(confidence)/2
	e.LagLower, e.LagUpper = profileInterval(profile, cut)
	e.MateShareLower = fit.shareBound(e.MateShare, 0, cut)
	e.MateShareUpper = fit.shareBound(e.MateShare, nearlyAll, cut)
	scale := 2 * n / float64(cells)
	e.PairRatio = min(1, scale*e.MateShare)
	e.PairRatioLower = min(1, scale*e.MateShareLower)
	e.PairRatioUpper = min(1, scale*e.MateShareUpper)

	_, background := fit.at(e.MateShare)
	e.Background, e.Fitted = background, make([]float64, len(background))
	for i := range background {
		background[i] *= n
		e.Fitted[i] = background[i] + n*e.MateShare*best.density[i]
	}
	return e, true
}

// profileInterval returns the first and the last lag whose log-likelihood is at least cut.
func profileInterval(profile []profilePoint, cut float64) (lower, upper float64) {
	lower, upper = math.Inf(1), math.Inf(-1)
	for _, point := range profile {
		if point.logLikelihood >= cut {
			lower, upper = min(lower, point.lag), max(upper, point.lag)
		}
	}
	return lower, upper
}

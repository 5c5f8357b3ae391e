package estimate

import (
	"math"

	"github.com/ghostpair/ghostpair/detector/internal/mixture"
	"github.com/ghostpair/ghostpair/detector/score"
)

// The grid of lags that is searched, in seconds around the fingerprint.
const (
	scanBefore = 1.0
	scanAfter  = 2.0
	scanStep   = 0.05
)

const (
	fitGap       = 1e-10 // of a log-likelihood per cell pair
	betterBy     = 1e-7  // log-likelihood that makes a difference
	bisections   = 30
	kernelAbsent = 1e-9 // kernel mass in the window below which a lag cannot be seen
)

// halfWidths returns the spreads of the lag that are tried, as half widths in seconds: a timeout that
// fires on time, and one with a retry delay that varies.
func halfWidths() []float64 { return []float64{0.15, 0.75} }

// lagFit is the likelihood of the window of one histogram.
type lagFit struct {
	shape  Shape
	first  int
	pairs  int
	p      []float64   // observed shares of the bins
	cone   [][]float64 // background
	solver mixture.Solver
	rows   [][]float64 // scratch: the kernel and the cone

	// For the share: the best fit, and the background at the last share that was tried.
	best    candidate
	blends  [][]float64 // scratch: the kernel blended into each ray
	weights []float64
}

// candidate is one point of the scan.
type candidate struct {
	lag, halfWidth float64
	logLikelihood  float64
	share          float64   // of the pairs
	density        []float64 // of the pairs over the bins of the window
}

// profilePoint is the largest log-likelihood at one lag.
type profilePoint struct{ lag, logLikelihood float64 }

func newLagFit(hist []int, s Shape) *lagFit {
	first, last := s.Window()
	fit := &lagFit{shape: s, first: first, pairs: sum(hist, first, last), p: make([]float64, last-first+1)}
	for i := range fit.p {
		fit.p[i] = float64(sum(hist, first+i, first+i)) / float64(max(1, fit.pairs))
	}
	fit.cone = mixture.ConvexCone(len(fit.p))
	fit.rows = make([][]float64, len(fit.cone)+1)
	fit.blends = make([][]float64, len(fit.cone))
	for j := range fit.blends {
		fit.blends[j] = make([]float64, len(fit.p))
	}
	return fit
}

// scan computes the profile likelihood over the grid and its maximum. Neighbouring lags have nearly
// the same weights, so each fit starts from that of the lag before.
func (f *lagFit) scan() (best candidate, profile []profilePoint, ok bool) {
	starts := make([][]float64, len(halfWidths()))
	for _, lag := range f.lags() {
		top := math.Inf(-1)
		for i, half := range halfWidths() {
			density := f.density(lag, half)
			if density == nil {
				continue
			}
			starts[i] = f.solver.Fit(f.p, f.components(density), starts[i], fitGap)
			ll := f.logLikelihood(starts[i], f.components(density))
			top = max(top, ll)
			if !ok || ll > best.logLikelihood+betterBy {
				best = candidate{lag: lag, halfWidth: half, logLikelihood: ll, share: starts[i][0], density: density}
				ok = true
			}
		}
		profile = append(profile, profilePoint{lag, top})
	}
	return best, profile, ok
}

// lags returns the grid, in hundredths of a second.
func (f *lagFit) lags() []float64 {
	lo, hi := f.shape.Fingerprint.Seconds()
	lags := make([]float64, int(math.Round((hi-lo+scanBefore+scanAfter)/scanStep))+1)
	for i := range lags {
		lags[i] = math.Round((lo-scanBefore+scanStep*float64(i))*100) / 100
	}
	return lags
}

// density returns the probabilities of the bins of the window for the second error of a pair, nil
// when it hardly ever falls into the window.
func (f *lagFit) density(lag, half float64) []float64 {
	density, total := make([]float64, len(f.p)), 0.0
	for i := range density {
		density[i] = f.shape.kernel(score.Kernel{Lo: lag - half, Hi: lag + half}, f.first+i)
		total += density[i]
	}
	if total <= kernelAbsent {
		return nil
	}
	return scaled(density, 1/total)
}

// components returns the density and the rays of the background; valid until the next call.
func (f *lagFit) components(density []float64) [][]float64 {
	f.rows[0] = density
	copy(f.rows[1:], f.cone)
	return f.rows
}

func (f *lagFit) logLikelihood(weights []float64, components [][]float64) float64 {
	return float64(f.pairs) * mixture.LogLikelihood(f.p, mixture.Density(weights, components))
}

// at returns the log-likelihood at a share of the pairs, maximised over the background, and that
// background, with a total of 1-share.
func (f *lagFit) at(share float64) (logLikelihood float64, background []float64) {
	for j, ray := range f.cone {
		for k, g := range ray {
			f.blends[j][k] = share*f.best.density[k] + (1-share)*g
		}
	}
	f.weights = f.solver.Fit(f.p, f.blends, f.weights, fitGap)
	return f.logLikelihood(f.weights, f.blends), scaled(mixture.Density(f.weights, f.cone), 1-share)
}

// shareBound returns the share between inside, where the log-likelihood is at least cut, and limit,
// at which it falls below; limit where it does not.
func (f *lagFit) shareBound(inside, limit, cut float64) float64 {
	if ll, _ := f.at(limit); ll >= cut {
		return limit
	}
	outside := limit
	for range bisections {
		mid := (inside + outside) / 2
		if ll, _ := f.at(mid); ll >= cut {
			inside = mid
		} else {
			outside = mid
		}
	}
	return inside
}

// scaled multiplies x by factor, in place.
func scaled(x []float64, factor float64) []float64 {
	for i := range x {
		x[i] *= factor
	}
	return x
}

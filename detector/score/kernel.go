package score

import "time"

// Names of the kernels of a fingerprint.
const (
	Wide  = "wide"  // lags anywhere in the fingerprint
	Tight = "tight" // lags just past its start: a timeout that fires on time
)

// tightWidth is the width of the tight kernel. A fingerprint that is not at least twice as wide
// has no tight kernel.
const tightWidth = 300 * time.Millisecond

// Kernel is the density of the lag between the two errors of a pair: uniform over [Lo, Hi] seconds.
type Kernel struct {
	Name   string
	Lo, Hi float64
}

// kernelsOf returns the kernels of a fingerprint, the wide one first.
func kernelsOf(fp Fingerprint) []Kernel {
	lo, hi := fp.Seconds()
	kernels := []Kernel{{Name: Wide, Lo: lo, Hi: hi}}
	if fp.Hi-fp.Lo > 2*tightWidth {
		kernels = append(kernels, Kernel{Name: Tight, Lo: lo, Hi: (fp.Lo + tightWidth).Seconds()})
	}
	return kernels
}

// At is the probability that the second error of a pair falls into the scrape interval whose right
// end is lag seconds after the right end of the interval of the first, both delta seconds long.
//
// The first error is uniform in its interval, so the lag is smeared by a triangle on (-Δ, Δ), and
// the probability is the second difference [Φ(v+Δ) - 2Φ(v) + Φ(v-Δ)]/Δ of the integral Φ of the
// distribution function. Over the lags v, v+Δ, v+2Δ, ... it sums to 1.
func (k Kernel) At(lag, delta float64) float64 {
	return max(0, (k.integral(lag+delta)-2*k.integral(lag)+k.integral(lag-delta))/delta)
}

// AtAnyPhase is At for two targets whose scrape phases differ by an unknown, uniform offset, where
// lags are rounded to whole intervals: At averaged over one interval around lag, which is a third
// difference of the second integral of the distribution function.
func (k Kernel) AtAnyPhase(lag, delta float64) float64 {
	d := k.secondIntegral(lag+1.5*delta) - 3*k.secondIntegral(lag+0.5*delta) +
		3*k.secondIntegral(lag-0.5*delta) - k.secondIntegral(lag-1.5*delta)
	return max(0, d/(delta*delta))
}

// integral is Φ(x), the integral of the distribution function of U[Lo, Hi] up to x.
func (k Kernel) integral(x float64) float64 {
	switch {
	case x <= k.Lo:
		return 0
	case x >= k.Hi:
		return x - 0.5*(k.Lo+k.Hi)
	}
	return (x - k.Lo) * (x - k.Lo) / (2 * (k.Hi - k.Lo))
}

// secondIntegral is the integral of Φ up to x.
func (k Kernel) secondIntegral(x float64) float64 {
	width := k.Hi - k.Lo
	switch {
	case x <= k.Lo:
		return 0
	case x >= k.Hi:
		mid := 0.5 * (k.Lo + k.Hi)
		return width*width/6 + ((x-mid)*(x-mid)-(k.Hi-mid)*(k.Hi-mid))/2
	}
	u := x - k.Lo
	return u * u * u / (6 * width)
}

package score

import (
	"math"

	"github.com/ghostpair/ghostpair/detector/internal/mixture"
)

// sigmas returns the widths, in seconds, of the half-Gaussian members of the null.
func sigmas() []float64 { return []float64{1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30} }

// null returns the densities, on the slots with the given lags in seconds, that span the null.
//
// The follow-up intensity after an error is taken to be constant plus anything convex and
// decreasing in the lag. Smeared by the scrape intervals and sampled once per interval, at any
// phase, that is a convex non-increasing sequence, and all of those are mixtures of the rays of
// mixture.ConvexCone. So a score whose mean is at most 1 under each of these finitely many rays is
// an e-value against all such backgrounds at once. Half-Gaussians and two onset ramps are added for
// safety; those are covered themselves, not what lies between them.
func null(lags []float64) [][]float64 {
	n := len(lags)
	members := mixture.ConvexCone(n)
	add := func(density func(i int) float64) {
		row, sum := make([]float64, n), 0.0
		for i := range row {
			row[i] = density(i)
			sum += row[i]
		}
		if sum <= 1e-12 {
			return // the half-Gaussian ends before the window
		}
		for i := range row {
			row[i] /= sum
		}
		members = append(members, row)
	}
	for _, sigma := range sigmas() {
		add(func(i int) float64 { return math.Exp(-lags[i] * lags[i] / (2 * sigma * sigma)) })
	}
	position := func(i int) float64 { return (float64(i) + 0.5) / float64(n) }
	add(position)
	add(func(i int) float64 { return -math.Log(1 - 0.999*position(i)) })
	return members
}

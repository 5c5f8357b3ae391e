// Package mixture finds the mixture of given densities that is closest to data: the non-parametric
// maximum-likelihood estimate of a mixing distribution over finitely many components.
package mixture

// ConvexCone returns the extreme rays of the convex non-increasing non-negative sequences on n
// points, each scaled to sum 1: the constant, and the triangles (m-k)+ for m = 1 .. n-1. Every such
// sequence is a mixture of these in exactly one way, the weight of a triangle being the second
// difference at its end.
func ConvexCone(n int) [][]float64 {
	rays := make([][]float64, n)
	for m := range rays {
		ray := make([]float64, n)
		for k := range ray {
			switch {
			case m == 0:
				ray[k] = 1 / float64(n)
			case k < m:
				ray[k] = float64(m-k) / (float64(m) * float64(m+1) / 2)
			}
		}
		rays[m] = ray
	}
	return rays
}

// Density returns the mixture of components with the given weights.
func Density(weights []float64, components [][]float64) []float64 {
	density := make([]float64, len(components[0]))
	for j, w := range weights {
		if w == 0 {
			continue
		}
		for k, g := range components[j] {
			density[k] += w * g
		}
	}
	return density
}

package mixture

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Any convex non-increasing sequence is the mixture of the rays with its second differences.
func TestConvexConeSpansConvexSequences(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 20; n++ {
		rays := ConvexCone(n)
		for _, ray := range rays {
			total := 0.0
			for k, v := range ray {
				total += v
				if v < 0 || k > 0 && v > ray[k-1] || k > 1 && ray[k-2]-2*ray[k-1]+v < -1e-15 {
					t.Fatalf("ray of %d: %v is not convex and decreasing", n, ray)
				}
			}
			if math.Abs(total-1) > 1e-12 {
				t.Fatalf("ray of %d sums to %v", n, total)
			}
		}
		sequence := randomConvex(rng, n)
		weights := make([]float64, n)
		weights[0] = sequence[n-1] * float64(n)
		for m := 1; m < n; m++ {
			bend := sequence[m-1] - sequence[m]
			if m < n-1 {
				bend = sequence[m-1] - 2*sequence[m] + sequence[m+1]
			}
			weights[m] = bend * float64(m) * float64(m+1) / 2
		}
		for k, v := range Density(weights, rays) {
			if math.Abs(v-sequence[k]) > 1e-9 {
				t.Fatalf("%d points: %v at %d, want %v", n, v, k, sequence[k])
			}
		}
	}
}

func randomConvex(rng *rand.Rand, n int) []float64 {
	sequence := make([]float64, n)
	constant, a, b := rng.Float64(), rng.Float64(), rng.Float64()
	for k := range sequence {
		sequence[k] = constant + math.Exp(-a*float64(k)) + max(0, 5*b-float64(k))
	}
	return sequence
}

// largestGradient is the certificate of a fit: at the maximum no component's gradient exceeds 1.
func largestGradient(p, weights []float64, components [][]float64) float64 {
	mixed := Density(weights, components)
	largest := math.Inf(-1)
	for _, g := range components {
		sum := 0.0
		for k, v := range p {
			if v > 0 {
				sum += v * g[k] / mixed[k]
			}
		}
		largest = max(largest, sum)
	}
	return largest
}

// Random problems, some with empty bins, some with components that depend on each other, from any
// start: the weights are on the simplex, and the certificate holds.
func TestFitIsCertified(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 28))
	var solver Solver
	for run := range 400 {
		n := 1 + rng.IntN(25)
		components := ConvexCone(n)
		for range rng.IntN(12) {
			components = append(components, normalised(randomConvex(rng, n)))
		}
		p := make([]float64, n)
		for k := range p {
			if rng.IntN(3) > 0 {
				p[k] = rng.ExpFloat64()
			}
		}
		p[rng.IntN(n)] += 0.1
		normalised(p)
		var start []float64
		for range 3 {
			start = solver.Fit(p, components, start, 1e-11)
			total := 0.0
			for _, w := range start {
				total += w
				if w < 0 {
					t.Fatalf("run %d: weight %v", run, w)
				}
			}
			if math.Abs(total-1) > 1e-9 {
				t.Fatalf("run %d: weights sum to %v", run, total)
			}
			if g := largestGradient(p, start, components); g > 1+1e-9 {
				t.Fatalf("run %d, %d points: gradient 1%+g", run, n, g-1)
			}
		}
	}
}

// Data that are a mixture are fitted exactly.
func TestFitRecoversMixtures(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	var solver Solver
	for range 50 {
		components := ConvexCone(2 + rng.IntN(20))
		p := normalised(randomConvex(rng, len(components)))
		fitted := Density(solver.Fit(p, components, nil, 1e-13), components)
		for k := range p {
			if math.Abs(fitted[k]-p[k]) > 1e-6 {
				t.Fatalf("%v at %d of %v", fitted[k], k, p)
			}
		}
	}
}

// The active-set method must find the point that fulfils the conditions of Karush, Kuhn and Tucker.
func TestMinimiseIsOptimal(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 9))
	var q quadratic
	for run := range 300 {
		n, points := 1+rng.IntN(12), 1+rng.IntN(12)
		rows, target, x := make([][]float64, n), make([]float64, n), make([]float64, n)
		wish := make([]float64, points)
		for k := range wish {
			wish[k] = rng.NormFloat64()
		}
		for j := range rows {
			rows[j] = make([]float64, points)
			for k := range rows[j] {
				rows[j][k] = rng.NormFloat64()
			}
			target[j] = dot(rows[j], wish) // so that there is a minimum
			x[j] = max(0, rng.NormFloat64())
		}
		q.minimise(rows, target, x)
		at := Density(x, rows)
		for j, row := range rows {
			gradient := dot(row, at) - target[j]
			if x[j] < 0 || gradient < -1e-7 || x[j] > 0 && math.Abs(gradient) > 1e-7 {
				t.Fatalf("run %d: component %d of %d has weight %v and gradient %v", run, j, n, x[j], gradient)
			}
		}
	}
}

func normalised(x []float64) []float64 {
	total := 0.0
	for _, v := range x {
		total += v
	}
	for k := range x {
		x[k] /= total
	}
	return x
}

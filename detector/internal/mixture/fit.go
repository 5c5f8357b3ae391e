package mixture

import "math"

// Bounds of the iterations. A fit takes about ten Newton steps; the limits only stop a fit that
// rounding keeps from reaching its gap.
const (
	warmUpSteps = 30
	newtonSteps = 500
	stallSteps  = 10
	blend       = 0.01 // share of the uniform mixture in a given start
)

// Solver finds maximum-likelihood mixtures. It keeps its buffers from fit to fit; the zero value is
// ready for use. It is not safe for concurrent use.
type Solver struct {
	p, rootP   []float64   // the data where positive, and its square root
	components [][]float64 // restricted to those points
	scaled     [][]float64 // component · √p / mixture, and 1 for the sum of the weights
	gradient   []float64   // per component, 1 at the optimum where its weight is positive
	mixed, to  []float64   // the mixture now, and the one that the Newton step aims at
	target     []float64
	quadratic  quadratic
}

// Fit returns the weights on the simplex that maximise Σ p log(mixture of components), until no
// component's gradient exceeds 1 by gap or more. That certifies the result: the log-likelihood is
// then within gap (times Σp) of its maximum. The mixture is unique, the weights need not be.
// The components must have the length of p, and p must sum to 1. start is a guess of the weights, or
// nil; the result may be handed back as such.
//
// The method is the constrained Newton method of Wang ("On fast computation of the non-parametric
// maximum likelihood estimate of a mixing distribution", 2007): a quadratic model of the
// log-likelihood, maximised over non-negative weights by active sets, and a line search. The sum of
// the weights need not be constrained: Σ p log(mixture) - (Σw)²/2 is largest where Σw = 1.
func (s *Solver) Fit(p []float64, components [][]float64, start []float64, gap float64) []float64 {
	s.load(p, components)
	n := len(components)
	weights, aim, best := make([]float64, n), make([]float64, n), make([]float64, n)
	for j := range weights {
		weights[j] = 1 / float64(n)
		if start != nil {
			weights[j] = (1-blend)*start[j] + blend/float64(n)
			aim[j] = start[j]
		}
	}
	if start == nil {
		s.warmUp(weights)
	}
	smallest, stalled := math.Inf(1), 0
	for range newtonSteps {
		excess := s.expand(weights) - 1
		stalled++
		if excess < smallest {
			smallest, stalled = excess, 0
			copy(best, weights)
		}
		if excess < gap || stalled >= stallSteps || !s.step(weights, aim) {
			break
		}
	}
	return best
}

// LogLikelihood returns Σ p log(mixture) over the points where p is positive.
func LogLikelihood(p, mixture []float64) float64 {
	sum := 0.0
	for k, v := range p {
		if v > 0 {
			sum += v * math.Log(mixture[k])
		}
	}
	return sum
}

// load restricts the problem to the points with data; the others do not enter the likelihood.
func (s *Solver) load(p []float64, components [][]float64) {
	s.p, s.rootP = s.p[:0], s.rootP[:0]
	for _, v := range p {
		if v > 0 {
			s.p, s.rootP = append(s.p, v), append(s.rootP, math.Sqrt(v))
		}
	}
	points, n := len(s.p), len(components)
	s.components, s.scaled = matrix(s.components, n, points), matrix(s.scaled, n, points+1)
	for j, g := range components {
		i := 0
		for k, v := range p {
			if v > 0 {
				s.components[j][i] = g[k]
				i++
			}
		}
	}
	s.gradient, s.target = vector(s.gradient, n), vector(s.target, n)
	s.mixed, s.to = vector(s.mixed, points), vector(s.to, points)
}

// warmUp improves weights by EM, which is quick at first.
func (s *Solver) warmUp(weights []float64) {
	for range warmUpSteps {
		s.mix(s.mixed, weights)
		for j, g := range s.components {
			sum := 0.0
			for k, v := range g {
				sum += v * s.p[k] / s.mixed[k]
			}
			weights[j] *= sum
		}
	}
	scaleToOne(weights)
}

// expand computes the quadratic model around weights and returns the largest gradient.
func (s *Solver) expand(weights []float64) float64 {
	s.mix(s.mixed, weights)
	largest := math.Inf(-1)
	for j, g := range s.components {
		row, sum := s.scaled[j], 0.0
		for k, v := range g {
			row[k] = v * s.rootP[k] / s.mixed[k]
			sum += row[k] * s.rootP[k]
		}
		row[len(g)] = 1
		s.gradient[j] = sum
		largest = max(largest, sum)
	}
	return largest
}

// step moves weights towards the maximum of the quadratic model as far as the likelihood grows.
// aim holds the previous maximum, where the search for the new one starts. It returns false when
// there is nowhere to go.
func (s *Solver) step(weights, aim []float64) bool {
	for j, g := range s.gradient {
		s.target[j] = 2 * g
	}
	s.quadratic.minimise(s.scaled, s.target, aim)
	s.mix(s.to, aim)
	slope, growth := 0.0, 0.0
	for j, w := range weights {
		slope += (s.gradient[j] - 1) * (aim[j] - w)
		growth += aim[j] - w
	}
	t := s.lineSearch(slope, growth)
	if t == 0 {
		return false
	}
	for j, w := range weights {
		weights[j] = max(0, w+t*(aim[j]-w))
	}
	scaleToOne(weights)
	return true
}

// lineSearch returns the largest step 1, ½, ¼, ... with a sufficient gain in the likelihood, less half
// the square of Σw; growth is the change of Σw, which is 1, in a whole step.
func (s *Solver) lineSearch(slope, growth float64) float64 {
	base := LogLikelihood(s.p, s.mixed)
	slack := 4e-16 * (1 + math.Abs(base))
	for t := 1.0; t > 1e-12; t /= 2 {
		value := -t * growth * (1 + t*growth/2)
		for k, v := range s.p {
			value += v * math.Log(max(0, s.mixed[k]+t*(s.to[k]-s.mixed[k])))
		}
		if value >= base+1e-4*t*slope-slack {
			return t
		}
	}
	return 0
}

// mix computes the mixture of the components at the points with data.
func (s *Solver) mix(into, weights []float64) {
	clear(into)
	for j, w := range weights {
		if w == 0 {
			continue
		}
		for k, g := range s.components[j] {
			into[k] += w * g
		}
	}
}

func scaleToOne(x []float64) {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	for i := range x {
		x[i] /= sum
	}
}

// vector returns a slice of n numbers, reusing x where it is large enough.
func vector(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// matrix does the same for rows rows of n numbers.
func matrix(m [][]float64, rows, n int) [][]float64 {
	for len(m) < rows {
		m = append(m, nil)
	}
	m = m[:rows]
	for i := range m {
		m[i] = vector(m[i], n)
	}
	return m
}

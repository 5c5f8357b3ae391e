package diagnosis

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// confidence is the coverage of every interval of this package.
const confidence = 0.95

// Share is a proportion with its exact 95 % interval (Clopper and Pearson, Biometrika 1934), all
// in 0–1.
type Share struct{ Estimate, Lower, Upper float64 }

// shareOf estimates a proportion from hits among trials. It is not ok without trials. Hits beyond
// trials, which two counters of one event can show when they are read in different scrapes, count
// as trials.
func shareOf(hits, trials int64) (Share, bool) {
	if trials <= 0 || hits < 0 {
		return Share{}, false
	}
	hits = min(hits, trials)
	k, n := float64(hits), float64(trials)
	s := Share{Estimate: k / n, Lower: 0, Upper: 1}
	if hits > 0 {
		s.Lower = mathext.InvRegIncBeta(k, n-k+1, (1-confidence)/2)
	}
	if hits < trials {
		s.Upper = mathext.InvRegIncBeta(k+1, n-k, (1+confidence)/2)
	}
	return s, true
}

// binomialTail returns P(Bin(n, p) >= k), as the regularised incomplete beta function I_p(k, n-k+1):
// exact down to the smallest floating-point numbers, where 1 minus a distribution function is 0.
func binomialTail(k, n int64, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// hypergeometric returns the probabilities that 0, 1, … min(drawn, marked) of the drawn intervals
// are marked ones, when drawn of population are taken without replacement.
func hypergeometric(population, marked, drawn int) []float64 {
	p := make([]float64, min(marked, drawn)+1)
	total := logChoose(population, drawn)
	for k := range p {
		if rest := drawn - k; rest <= population-marked {
			p[k] = math.Exp(logChoose(marked, k) + logChoose(population-marked, rest) - total)
		}
	}
	return p
}

func logChoose(n, k int) float64 {
	if k == 0 || k == n {
		return 0
	}
	return -math.Log(float64(n+1)) - mathext.Lbeta(float64(n-k+1), float64(k+1))
}

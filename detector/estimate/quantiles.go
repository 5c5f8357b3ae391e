package estimate

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Quantiles looks up the quantiles that the bounds need, and keeps those of whole numbers: every stream asks
// at every hour, and counts of a day hardly differ from those an hour before. The zero value is ready; it is
// not safe for concurrent use.
type Quantiles struct {
	high, low, student []float64 // by half the degrees of freedom, and by the degrees of freedom; 0: not known yet
}

// maxKeptCount bounds the counts whose quantiles are kept, to 64 KB.
const maxKeptCount = 4096

// kept returns the entry of a whole number, if it is one and not too large.
func kept(all *[]float64, x float64) *float64 {
	i := int(x)
	if float64(i) != x || i < 0 || i > maxKeptCount {
		return nil
	}
	for len(*all) <= i {
		*all = append(*all, 0)
	}
	return &(*all)[i]
}

// chiSquaredHigh is the 97.5 % quantile of chi-squared with 2·half degrees of freedom.
func (q *Quantiles) chiSquaredHigh(half float64) float64 { return chiSquared(&q.high, half, 0.975) }

// chiSquaredLow is the 2.5 % quantile of chi-squared with 2·half degrees of freedom.
func (q *Quantiles) chiSquaredLow(half float64) float64 { return chiSquared(&q.low, half, 0.025) }

func chiSquared(all *[]float64, half, p float64) float64 {
	known := kept(all, half)
	if known != nil && *known != 0 {
		return *known
	}
	x := distuv.ChiSquared{K: 2 * half}.Quantile(p)
	if known != nil {
		*known = x
	}
	return x
}

// student95 is the 95 % quantile of Student's t with at least five degrees of freedom.
func (q *Quantiles) student95(freedom int) float64 {
	known := kept(&q.student, float64(freedom))
	if known != nil && *known != 0 {
		return *known
	}
	t := studentQuantile95(float64(freedom))
	if known != nil {
		*known = t
	}
	return t
}

// studentQuantile95 is the 95 % quantile of Student's t with at least five degrees of freedom: the
// Cornish–Fisher expansion around the normal quantile, polished by Newton's method. The general inverse
// costs twenty times as much.
func studentQuantile95(nu float64) float64 {
	const p, z = 0.95, 1.6448536269514722
	z2 := z * z
	t := z + z*(z2+1)/4/nu + z*((5*z2+16)*z2+3)/96/(nu*nu)
	student := distuv.StudentsT{Sigma: 1, Nu: nu}
	for range 8 {
		step := (student.CDF(t) - p) / student.Prob(t)
		t -= step
		if math.Abs(step) < 1e-12 {
			break
		}
	}
	return t
}

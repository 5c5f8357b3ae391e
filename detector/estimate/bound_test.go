package estimate

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// The quick quantile is that of the general inverse, from six active hours to seven days of them.
func TestStudentQuantile95(t *testing.T) {
	t.Parallel()
	for nu := minHours - 1.0; nu <= 7*24; nu++ {
		got, want := studentQuantile95(nu), distuv.StudentsT{Sigma: 1, Nu: nu}.Quantile(0.95)
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%v degrees of freedom: %v, want %v", nu, got, want)
		}
	}
}

func BenchmarkStudentQuantile95(b *testing.B) {
	for b.Loop() {
		studentQuantile95(23)
	}
}

// Kept quantiles are those of the library, to the bit, whole numbers and others, asked for once or again.
func TestQuantilesAreExact(t *testing.T) {
	t.Parallel()
	var q Quantiles
	for range 2 {
		for _, half := range []float64{0.25, 1, 1.5, 2, 17, 400, maxKeptCount, maxKeptCount + 1} {
			chi := distuv.ChiSquared{K: 2 * half}
			if got, want := q.chiSquaredHigh(half), chi.Quantile(0.975); got != want {
				t.Errorf("97.5 %% of chi-squared with %v degrees of freedom: %v, want %v", 2*half, got, want)
			}
			if got, want := q.chiSquaredLow(half), chi.Quantile(0.025); got != want {
				t.Errorf("2.5 %% of chi-squared with %v degrees of freedom: %v, want %v", 2*half, got, want)
			}
		}
		for freedom := 5; freedom < 170; freedom += 9 {
			if got, want := q.student95(freedom), studentQuantile95(float64(freedom)); got != want {
				t.Errorf("Student's t with %d degrees of freedom: %v, want %v", freedom, got, want)
			}
		}
	}
}

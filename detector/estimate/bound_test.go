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

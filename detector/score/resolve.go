package score

import (
	"math"

	"github.com/ghostpair/ghostpair/detector/internal/mixture"
)

// UsualMillis returns the scrape intervals in common use, the longest first.
func UsualMillis() []int64 {
	return []int64{60_000, 30_000, 15_000, 10_000, 7500, 6000, 5000, 3000, 2500, 2000, 1000, 500, 250}
}

// LargestResolvableMillis returns the largest of the usual scrape intervals at which the lag of a
// fingerprint is resolvable, 0 when it is not even at 250 ms. It is meant for advice: whether a
// given interval will do is for its own table to say, since a grid may fit a lag well or badly.
func LargestResolvableMillis(fp Fingerprint) int64 {
	for _, deltaMillis := range UsualMillis() {
		if same, err := growthSame(deltaMillis, fp); err == nil && same >= minGrowth {
			return deltaMillis
		}
	}
	return 0
}

// growthSame computes Table.GrowthSame alone, which takes one projection instead of 64.
func growthSame(deltaMillis int64, fp Fingerprint) (float64, error) {
	if err := validate(deltaMillis, fp); err != nil {
		return 0, err
	}
	t := newTable(deltaMillis, fp)
	density := t.density(t.Kernels[0], 0)
	normal := append([]float64(nil), density...)
	if !normalise(normal) {
		return 0, nil
	}
	var solver mixture.Solver
	row := scoreRow(&solver, normal, null(t.lags(0)), Rhos()[0])
	sum := 0.0
	for j, f := range density {
		if f > 0 {
			sum += f * math.Log(row[j])
		}
	}
	return sum, nil
}

package estimate

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	maxOccupancy = 0.3       // share of occupied scrape intervals above which mates hide each other
	minHours     = 6         // active hours from which their spread is trusted
	maxNeeded    = 1_000_000 // errors that are out of reach
)

// HourCounts are the counts of one hour: cells, and cell pairs in the hot bins and in the bins of
// the window right of them, by the hour of the earlier cell. See Shape.HotRight.
type HourCounts struct{ Cells, Hot, Right int }

// Bound is an upper bound of the share of errors that are in a pair.
type Bound struct {
	Cells, Hot, Right int     // totals
	Kappa             float64 // hot bins per bin right of them
	Occupancy         float64 // share of the scrape intervals that are cells
	PairRatioUpper    float64 // 95 % upper bound, 0 when there is none
}

// UpperBound bounds the pair ratio from above: over the given hours, in which the targets were
// scraped scrapes times in all. It is not ok when there is no bound: no cells, more than 30 % of the
// scrape intervals occupied, or no bin that a pair could fall into; the counts are set all the same.
//
// A non-increasing background puts at least κ pairs into the hot bins for each one right of them. So
// the mates per cell are at most (U - κL)/n, with the exact Poisson bounds U of the hot and L of the
// right counts at 97.5 % each; with six or more active hours also at most what Student's t gives for
// the hourly differences, which covers clustering. The larger of the two is divided by the share of
// mates that a hot bin sees, and doubled, since a pair has two errors.
func UpperBound(hours []HourCounts, scrapes int64, s Shape) (Bound, bool) {
	hot := s.HotBins()
	if len(hot) == 0 {
		return Bound{}, false
	}
	_, last := s.Window()
	b := Bound{}
	if right := last - hot[len(hot)-1]; right > 0 {
		b.Kappa = float64(len(hot)) / float64(right)
	}
	for _, h := range hours {
		b.Cells += h.Cells
		b.Hot += h.Hot
		b.Right += h.Right
	}
	if b.Cells == 0 || scrapes <= 0 {
		return b, false
	}
	b.Occupancy = float64(b.Cells) / float64(scrapes)
	if b.Occupancy > maxOccupancy {
		return b, false
	}
	n := float64(b.Cells)
	mates := max(poissonExcess(float64(b.Hot), float64(b.Right), b.Kappa), hourlyExcess(hours, b.Kappa))
	b.PairRatioUpper = min(1, max(0, 2*mates/n/(s.hotMass(hot)*(1-b.Occupancy))))
	return b, true
}

// hotMass is the share of the second errors of pairs that fall into hot bins.
func (s Shape) hotMass(hot []int) float64 {
	mass := 0.0
	for _, k := range hot {
		mass += s.kernel(s.fingerprint(), k)
	}
	return min(1, mass)
}

// poissonExcess bounds the mean of hot minus kappa times that of right, at 95 % in all. The counts
// need not be whole.
func poissonExcess(hot, right, kappa float64) float64 {
	excess := distuv.ChiSquared{K: 2 * (hot + 1)}.Quantile(0.975) / 2
	if right > 0 {
		excess -= kappa * distuv.ChiSquared{K: 2 * right}.Quantile(0.025) / 2
	}
	return excess
}

// hourlyExcess bounds the same from its spread over the active hours, which grows when errors
// cluster; minus infinity when there are too few of them.
func hourlyExcess(hours []HourCounts, kappa float64) float64 {
	var excess []float64
	for _, h := range hours {
		if h.Cells > 0 {
			excess = append(excess, float64(h.Hot)-kappa*float64(h.Right))
		}
	}
	if len(excess) < minHours {
		return math.Inf(-1)
	}
	n := float64(len(excess))
	mean, variance := stat.MeanVariance(excess, nil)
	return n*mean + studentQuantile95(n-1)*math.Sqrt(n*variance)
}

// studentQuantile95 is the 95 % quantile of Student's t with at least five degrees of freedom: the
// Cornish–Fisher expansion around the normal quantile, polished by Newton's method. It is asked for
// every stream at every hour, and the general inverse costs twenty times as much.
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

// ErrorsNeeded returns the smallest number of cells at which the Poisson part of the bound would fall
// below limit, with hot and right counts growing as they did over the first n cells; n itself when
// they do already. It is not ok when a million cells would not do: today's rates are consistent with
// more pairs than the limit.
func ErrorsNeeded(n, hot, right int, kappa, limit float64) (int, bool) {
	below := func(m int) bool {
		scale := 0.0
		if n > 0 {
			scale = float64(m) / float64(n)
		}
		return 2*poissonExcess(float64(hot)*scale, float64(right)*scale, kappa)/float64(m) < limit
	}
	if n > 0 && below(n) {
		return n, true
	}
	enough := max(1, n)
	for !below(enough) {
		enough *= 2
		if enough > maxNeeded {
			return 0, false
		}
	}
	short := enough / 2
	for enough-short > 1 {
		if mid := (short + enough) / 2; below(mid) {
			enough = mid
		} else {
			short = mid
		}
	}
	return enough, true
}

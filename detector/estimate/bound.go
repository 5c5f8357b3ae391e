package estimate

import (
	"math"

	"gonum.org/v1/gonum/stat"
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

// Bounder bounds the pair ratio of one shape, again and again: it keeps what does not change. It is not safe
// for concurrent use.
type Bounder struct {
	hot       []int
	kappa     float64
	mass      float64 // share of the second errors that hot bins see
	quantiles *Quantiles
	excess    []float64 // scratch: of the hours
}

// NewBounder returns a Bounder. Bounders may share quantiles, as long as only one is used at a time.
func NewBounder(s Shape, quantiles *Quantiles) *Bounder {
	b := &Bounder{hot: s.HotBins(), quantiles: quantiles}
	if len(b.hot) == 0 {
		return b
	}
	_, last := s.Window()
	if right := last - b.hot[len(b.hot)-1]; right > 0 {
		b.kappa = float64(len(b.hot)) / float64(right)
	}
	b.mass = s.hotMass(b.hot)
	return b
}

// Upper bounds the pair ratio from above: over the given hours, in which the targets were
// scraped scrapes times in all. It is not ok when there is no bound: no cells, more than 30 % of the
// scrape intervals occupied, or no bin that a pair could fall into; the counts are set all the same.
//
// A non-increasing background puts at least κ pairs into the hot bins for each one right of them. So
// the mates per cell are at most (U - κL)/n, with the exact Poisson bounds U of the hot and L of the
// right counts at 97.5 % each; with six or more active hours also at most what Student's t gives for
// the hourly differences, which covers clustering. The larger of the two is divided by the share of
// mates that a hot bin sees, and doubled, since a pair has two errors.
func (b *Bounder) Upper(hours []HourCounts, scrapes int64) (Bound, bool) {
	if len(b.hot) == 0 {
		return Bound{}, false
	}
	out := Bound{Kappa: b.kappa}
	for _, h := range hours {
		out.Cells += h.Cells
		out.Hot += h.Hot
		out.Right += h.Right
	}
	if out.Cells == 0 || scrapes <= 0 {
		return out, false
	}
	out.Occupancy = float64(out.Cells) / float64(scrapes)
	if out.Occupancy > maxOccupancy {
		return out, false
	}
	n := float64(out.Cells)
	mates := max(poissonExcess(float64(out.Hot), float64(out.Right), b.kappa, b.quantiles), b.hourlyExcess(hours))
	out.PairRatioUpper = min(1, max(0, 2*mates/n/(b.mass*(1-out.Occupancy))))
	return out, true
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
func poissonExcess(hot, right, kappa float64, q *Quantiles) float64 {
	excess := q.chiSquaredHigh(hot+1) / 2
	if right > 0 {
		excess -= kappa * q.chiSquaredLow(right) / 2
	}
	return excess
}

// hourlyExcess bounds the same from its spread over the active hours, which grows when errors
// cluster; minus infinity when there are too few of them.
func (b *Bounder) hourlyExcess(hours []HourCounts) float64 {
	excess := b.excess[:0]
	for _, h := range hours {
		if h.Cells > 0 {
			excess = append(excess, float64(h.Hot)-b.kappa*float64(h.Right))
		}
	}
	b.excess = excess
	if len(excess) < minHours {
		return math.Inf(-1)
	}
	n := float64(len(excess))
	mean, variance := stat.MeanVariance(excess, nil)
	return n*mean + b.quantiles.student95(len(excess)-1)*math.Sqrt(n*variance)
}

// ErrorsNeeded returns the smallest number of cells at which the Poisson part of the bound would fall
// below limit, with hot and right counts growing as they did over the first n cells; n itself when
// they do already. It is not ok when a million cells would not do: today's rates are consistent with
// more pairs than the limit.
func ErrorsNeeded(n, hot, right int, kappa, limit float64) (int, bool) {
	q := new(Quantiles)
	below := func(m int) bool {
		scale := 0.0
		if n > 0 {
			scale = float64(m) / float64(n)
		}
		return 2*poissonExcess(float64(hot)*scale, float64(right)*scale, kappa, q)/float64(m) < limit
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

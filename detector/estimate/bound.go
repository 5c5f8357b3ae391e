package estimate

// HourCounts are the counts of one hour: cells, and cell pairs in the hot bins and in the bins of
// the window right of them, by the hour of the earlier cell. See Shape.HotRight.
type HourCounts struct{ Cells, Hot, Right int }

// Bound is an upper bound of the share of errors that are in a pair.
type Bound struct {
	Cells, Hot, Right int     // totals
	Kappa             float64 // hot bins per bin right of them
	Occupancy         float64 // share of the scrape intervals that are cells
	PairRatioUpper    float64 // 95 % upper bound
}

// UpperBound bounds the pair ratio from above. It is not ok when there is no bound: no cells, or
// more than 30 % of the scrape intervals occupied; the counts are set all the same.
func UpperBound(hours []HourCounts, scrapes int64, s Shape) (Bound, bool) { return Bound{}, false }

// ErrorsNeeded returns the number of cells at which the bound would fall below limit at the present
// rates; not ok when that is out of reach.
func ErrorsNeeded(n, hot, right int, kappa, limit float64) (int, bool) { return 0, false }

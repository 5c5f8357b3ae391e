package report

import (
	"cmp"
	"math"
	"slices"
)

// How much of long lists the page shows; all of it is in the JSON.
const (
	shownChanges  = 40
	shownMissing  = 12
	shownCompared = 8
)

// GoodText is the share of good requests over all routes.
func (v view) GoodText() string { return good(1 - *v.Totals.ErrorRatio) }

// PairedShare is the share of all errors that is in pairs.
func (v view) PairedShare() string {
	return percent(v.Totals.PairedErrors.Estimate / float64(max(v.Totals.Errors, 1)))
}

// ShownChanges are the first changes of verdicts.
func (v view) ShownChanges() []Change { return v.Changes[:min(shownChanges, len(v.Changes))] }

// HiddenChanges is how many more there are.
func (v view) HiddenChanges() int { return max(len(v.Changes)-shownChanges, 0) }

// ShownMissing are the longest stretches without a scrape.
func (v view) ShownMissing() []Excluded {
	longest := slices.Clone(v.Quality.Missing)
	slices.SortStableFunc(longest, func(a, b Excluded) int { return cmp.Compare(b.End.Sub(b.Start), a.End.Sub(a.Start)) })
	longest = longest[:min(shownMissing, len(longest))]
	slices.SortFunc(longest, func(a, b Excluded) int { return a.Start.Compare(b.Start) })
	return longest
}

// Compared are the routes whose count differs most from Prometheus's.
func (v view) Compared() []Route {
	var all []Route
	for _, r := range v.Routes {
		if r.Difference != "" {
			all = append(all, r)
		}
	}
	apart := func(r Route) float64 { return math.Abs(float64(r.RawErrors) - *r.Increase) }
	slices.SortStableFunc(all, func(a, b Route) int { return cmp.Compare(apart(b), apart(a)) })
	return all[:min(shownCompared, len(all))]
}

package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/finding"
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

// ShownChanges are the first changes of verdicts that matter.
func (v view) ShownChanges() []Change {
	all := v.weighty()
	return all[:min(shownChanges, len(all))]
}

// HiddenChanges says what is not shown, or nothing.
func (v view) HiddenChanges() string { return hidden(v.Report, shownChanges) }

// weighty are the changes from or to a finding: clear and undecided take turns on quiet routes, and
// that is no news.
func (r *Report) weighty() []Change {
	slight := []string{finding.Clear.String(), finding.Undecided.String()}
	var all []Change
	for _, c := range r.Changes {
		if !slices.Contains(slight, c.From) || !slices.Contains(slight, c.To) {
			all = append(all, c)
		}
	}
	return all
}

// hidden says which changes are left out when at most that many are shown.
func hidden(r *Report, most int) string {
	weighty := len(r.weighty())
	var parts []string
	if more := weighty - most; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	if slight := len(r.Changes) - weighty; slight > 0 {
		parts = append(parts, plural(slight, "change")+" between clear and undecided")
	}
	if len(parts) == 0 {
		return ""
	}
	return "Not shown: " + strings.Join(parts, ", and ") + "."
}

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

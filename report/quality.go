package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// reasonMeans says in words why a route is undecided.
var reasonMeans = map[string]string{
	finding.ReasonNoData:           "nothing was scraped",
	finding.ReasonLagNotResolvable: "scrapes are too far apart to show the lag",
	finding.ReasonGaps:             "too many scrapes are missing",
	finding.ReasonTooFewErrors:     "too few errors to say that there are no pairs",
	finding.ReasonTooManyErrors:    "so many errors that chance pairs hide real ones",
	finding.ReasonInconclusive:     "enough errors, but neither proven nor excluded",
}

// quality gathers what was wrong with the data.
func (b *builder) quality(r *Report) Quality {
	q := Quality{Missing: []Excluded{}, Unseen: b.unseen(), Failed: []string{}, Notes: b.notes(r), Warnings: append([]string{}, b.Findings.Warnings...)}
	for _, s := range b.Sources {
		q.Add(s.Errors.quality)
	}
	for _, s := range b.Coverage.spans(b.whole, false) {
		zone := b.Period.Start.Location()
		q.Missing = append(q.Missing, Excluded{s.From.In(zone), s.To.In(zone), "no scrape"})
	}
	for _, f := range b.Findings.FailedWindows {
		q.Failed = append(q.Failed, fmt.Sprintf("source %s, %s to %s: %s", f.Source, stamp(f.Start), stamp(f.End), f.Reason))
	}
	return q
}

// unseen groups the undecided routes by reason, those that an operator can do something about first.
func (b *builder) unseen() []Unseen {
	routes := make(map[string][]string)
	for _, f := range b.Findings.Findings {
		if f.Route == finding.PooledRoute || !b.burns(f.Source) || f.Verdict != finding.Undecided {
			continue
		}
		for _, reason := range f.Reasons {
			if !slices.Contains(routes[reason], f.Route) {
				routes[reason] = append(routes[reason], f.Route)
			}
		}
	}
	order := []string{
		finding.ReasonNoData, finding.ReasonLagNotResolvable, finding.ReasonGaps,
		finding.ReasonTooManyErrors, finding.ReasonTooFewErrors, finding.ReasonInconclusive,
	}
	all := []Unseen{}
	for reason, names := range routes {
		all = append(all, Unseen{reason, reasonMeans[reason], names})
	}
	slices.SortFunc(all, func(x, y Unseen) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x.Reason), slices.Index(order, y.Reason)), cmp.Compare(x.Reason, y.Reason))
	})
	return all
}

// notes are what a reader must know to read the numbers right.
func (b *builder) notes(r *Report) []string {
	notes := append([]string{}, b.Notes...)
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if r.Period.Partial {
		add("The period has not ended: it is counted up to %s.", stamp(b.whole.To.In(b.Period.Start.Location())))
	}
	switch {
	case r.Period.CoveredFrom.IsZero():
		add("Prometheus has no data of this period.")
	case r.Period.CoveredFrom.Sub(b.Period.Start) >= time.Hour:
		add("Prometheus has data from %s on, not from the start of the period: all numbers are about that part.", stamp(r.Period.CoveredFrom))
	}
	if short := shortWindows(r); short > 0 {
		add("%s: Prometheus does not hold the whole window of the objective. The budget is that of the part it holds; how long that is stands beside each.", plural(short, "budget"))
	}
	if overlapping(b.Maintenance) {
		add("Maintenance windows overlap: what is in several is left out once.")
	}
	for _, s := range b.Sources {
		if s.Requests == nil {
			add("Source %s has no `requests` selector: its routes have no budget, only errors.", s.Name)
		}
	}
	if len(b.Objectives) == 0 {
		add("No objectives are configured: there are no budgets.")
	}
	return notes
}

// shortWindows counts the budgets of which a day or more of the window is missing.
func shortWindows(r *Report) int {
	n := 0
	for _, route := range r.Routes {
		if w := route.Budget; w != nil && (1-w.WindowCoveredRatio)*w.WindowSeconds >= (24*time.Hour).Seconds() {
			n++
		}
	}
	return n
}

func overlapping(all []Maintenance) bool {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.From.Before(b.To) && b.From.Before(a.To) {
				return true
			}
		}
	}
	return false
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

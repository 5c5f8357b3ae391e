package report

import (
	"fmt"
	"math"
	"strconv"
)

// headline tells the period in a few sentences, the most important one first.
func headline(r *Report) []string {
	if r.Period.CoveredFrom.IsZero() {
		return []string{fmt.Sprintf("There is nothing to report: Prometheus has no data of this %s.", r.Period.noun())}
	}
	lines := []string{objectivesLine(r)}
	if len(r.Quality.Failed) > 0 {
		lines = append(lines, "Beware: a part of the "+r.Period.noun()+" could not be read, so there were more errors than are counted here. What is missing is listed under the quality of the data.")
	}
	for _, line := range []string{worstLine(r), pairsLine(r), suspectedLine(r), lookAlikeLine(r), errorsLine(r)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func objectivesLine(r *Report) string {
	t := r.Totals
	missed := t.Judged - t.Met
	var line string
	switch {
	case t.Judged == 0 && t.Routes == 0:
		return fmt.Sprintf("No route had a request or an error in this %s.", r.Period.noun())
	case t.Judged == 0:
		return fmt.Sprintf("%s had %s; without requests and objectives there is no budget to hold them against.",
			plural(t.Routes, "route"), plural(int(t.Errors), "error"))
	case missed == 0 && t.Judged == 1:
		line = "The route kept its objective"
	case missed == 0:
		line = fmt.Sprintf("All %d routes kept their objective", t.Judged)
	case missed == 1 && t.Judged == 1:
		line = "The route missed its objective"
	default:
		line = fmt.Sprintf("%d of %d routes missed their objective", missed, t.Judged)
	}
	line += " this " + r.Period.noun()
	if r.Period.Partial {
		line += " so far"
	}
	switch t.Exhausted {
	case 0:
		return line + "."
	case 1:
		return line + "; one has no budget left."
	}
	return line + fmt.Sprintf("; %d have no budget left.", t.Exhausted)
}

// worstLine is about the route that burned the largest share of its budget.
func worstLine(r *Report) string {
	if len(r.Routes) == 0 || r.Routes[0].Errors == 0 {
		return ""
	}
	w := &r.Routes[0]
	if w.Budget == nil || w.Budget.BurnedRatio == nil || w.Requests == nil {
		return fmt.Sprintf("Most errors: %s, with %s.", name(w.Route), thousands(w.Errors))
	}
	return fmt.Sprintf("%s burned the most: %s %s, with %s in %s.",
		name(w.Route), times(*w.Budget.BurnedRatio), budgetOf(w.Budget), plural2(w.Errors, "error"), plural2(*w.Requests, "request"))
}

// times writes a share of a budget as people say it: 46 % of, all of, 14 times.
func times(v float64) string {
	if v < 1.995 {
		return percent(v) + " of"
	}
	return strconv.FormatFloat(v, 'f', asInt(v < 10), 64) + " times"
}

// budgetOf names a budget by its window.
func budgetOf(b *Budget) string {
	if short(b) {
		return "the budget of the " + window(b.WindowSeconds*b.WindowCoveredRatio) + " that Prometheus holds"
	}
	return "its budget of " + window(b.WindowSeconds)
}

// budgetWindow names the window that a budget is of, and how much of it there is.
func budgetWindow(b *Budget) string {
	if short(b) {
		return window(b.WindowSeconds*b.WindowCoveredRatio) + " (of " + window(b.WindowSeconds) + ")"
	}
	return window(b.WindowSeconds)
}

// short tells that a day or more of a budget's window, or a quarter of it, has no data.
func short(b *Budget) bool {
	missing := 1 - b.WindowCoveredRatio
	return missing*b.WindowSeconds >= 86400 || missing > 0.25
}

// pairsLine is about the route that lost the most to pairs, and about all of them.
func pairsLine(r *Report) string {
	var top *Route
	paired := 0
	for i := range r.Routes {
		p := r.Routes[i].ghosts()
		if p == nil || p.Errors == nil {
			continue
		}
		paired++
		if top == nil || p.Errors.Estimate > top.ghosts().Errors.Estimate {
			top = &r.Routes[i]
		}
	}
	if top == nil {
		return ""
	}
	p := top.ghosts()
	line := fmt.Sprintf("About %s of the errors on %s were %s (95 %% interval: %s)",
		percent(p.Ratio.Estimate), name(top.Route), pairsAt(p.lags.Lower), percentInterval(*p.Ratio))
	if b := top.Budget; b != nil && b.PairedGivesMinutes != nil && b.PairedLeastMinutes != nil {
		line += fmt.Sprintf(": fixing their cause gives back about %s of its budget, and at least %s",
			long(*b.PairedGivesMinutes), long(*b.PairedLeastMinutes))
	}
	line += "."
	if e := top.reading(); e != nil && len(e.Leading) == 1 {
		line += " " + e.Claim() + "."
	}
	if paired > 1 && r.Totals.Errors > 0 {
		line += fmt.Sprintf(" Over all, %d routes lost about %s of %s errors (%s) to pairs.", paired,
			thousands(round(r.Totals.PairedErrors.Estimate)), thousands(r.Totals.Errors),
			percent(r.Totals.PairedErrors.Estimate/float64(r.Totals.Errors)))
	}
	return line
}

// suspectedLine is about routes whose scrapes hide what other counters show.
func suspectedLine(r *Report) string {
	var routes []*Route
	for i := range r.Routes {
		if route := &r.Routes[i]; route.mainPairs() == nil && route.suspected() {
			routes = append(routes, route)
		}
	}
	switch len(routes) {
	case 0:
		return ""
	case 1:
		return "On " + name(routes[0].Route) + " errors last as long as a timeout; scrapes are too coarse to show pairs, so this is a suspicion."
	}
	return fmt.Sprintf("On %d routes, such as %s, errors last as long as a timeout; scrapes are too coarse to show pairs, so these are suspicions.", len(routes), name(routes[0].Route))
}

func lookAlikeLine(r *Report) string {
	for i := range r.Routes {
		p := r.Routes[i].lookAlike()
		if p == nil {
			continue
		}
		return fmt.Sprintf("%s has errors at the same lag that look like something else (%s).", name(r.Routes[i].Route), labelsText(p.Labels))
	}
	return ""
}

// errorsLine compares all errors with those of the period before.
func errorsLine(r *Report) string {
	t := r.Totals
	line := fmt.Sprintf("In all there were %s", plural2(t.Errors, "error"))
	if t.Requests > 0 {
		line += fmt.Sprintf(" in %s requests", thousands(t.Requests))
	}
	if p := t.Previous; p != nil && p.Errors > 0 && !r.Period.Partial {
		change := float64(t.Errors)/float64(p.Errors) - 1
		switch {
		case math.Abs(change) < 0.02:
			line += fmt.Sprintf(", as many as in the %s before", r.Period.noun())
		case change < 0:
			line += fmt.Sprintf(", %s fewer than in the %s before", percent(-change), r.Period.noun())
		default:
			line += fmt.Sprintf(", %s more than in the %s before", percent(change), r.Period.noun())
		}
	}
	return line + "."
}

func plural2(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

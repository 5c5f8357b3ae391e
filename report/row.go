package report

import "github.com/ghostpair/ghostpair/finding"

// row is a route as tables show it.
type row struct {
	Source, Route                                         string
	Objective, Requests, Errors, Good, Rate, Burned, Left string
	Pairs, Gives, PairsWide, Overspent, Target, Over      string
	Kept, Missed, LookAlike                               bool
	LeftShare                                             float64 // 0 to 100
}

func rowOf(r *Report, route *Route) row {
	v := row{
		Source: route.Source, Route: name(route.Route), Objective: "–", Requests: optional(route.Requests), Errors: thousands(route.Errors),
		Good: "–", Rate: "–", Burned: "–", Left: "–", Pairs: "–", Gives: "–", Target: "–",
	}
	if len(r.Sources) > 1 {
		v.Route += " (" + route.Source + ")"
	}
	if route.ErrorRatio != nil {
		v.Good = good(1 - *route.ErrorRatio)
	}
	if b := route.Budget; b != nil {
		v.Target, v.Over = target(b.Target), window(b.WindowSeconds)
		v.Objective = target(b.Target) + " in " + window(b.WindowSeconds)
		v.Rate, v.Burned, v.Left = rate(b.BurnRate), maybePercent(b.BurnedRatio), left(b)
		v.Kept, v.Missed = b.Met, !b.Met
		if b.RemainingRatio != nil {
			if *b.RemainingRatio < -0.005 {
				v.Overspent = "spent " + percent(1-*b.RemainingRatio)
			}
			v.LeftShare = 100 * min(max(*b.RemainingRatio, 0), 1)
		}
		if b.PairedGivesMinutes != nil {
			v.Gives = long(*b.PairedGivesMinutes)
		}
	}
	v.pairs(route)
	return v
}

// left writes what is left of a budget.
func left(b *Budget) string {
	if b.RemainingRatio == nil || *b.RemainingRatio > 0 {
		return maybePercent(b.RemainingRatio)
	}
	return "none"
}

// pairs fills in what is known of pairs.
func (v *row) pairs(route *Route) {
	if p := route.mainPairs(); p != nil {
		v.LookAlike = p.LookAlike
		v.Pairs = "paired"
		if p.Ratio != nil {
			v.Pairs, v.PairsWide = percent(p.Ratio.Estimate), percentInterval(*p.Ratio)
		}
		if p.LookAlike {
			v.Pairs = "look-alike"
		}
		return
	}
	if len(route.Verdicts) == 0 {
		return
	}
	worst := route.Verdicts[0].Verdict
	for _, j := range route.Verdicts[1:] {
		if worst == finding.Clear || j.Verdict == finding.Suspected {
			worst = j.Verdict
		}
	}
	v.Pairs = worst.String()
}

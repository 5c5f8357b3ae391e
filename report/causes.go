package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis/explain"
	"github.com/ghostpair/ghostpair/finding"
)

// shownOpen is how much is listed of what is not known and would settle the cause.
const shownOpen = 3

// reading is what is known about the cause of a route's errors.
type reading struct {
	explain.Explanation
	Verdict finding.Verdict
}

// reading explains the judgment that matters most: on pairs, else on a suspicion; nil when there is
// neither. Of several that matter the same, that with causes.
func (r *Route) reading() *reading {
	pairs := r.mainPairs()
	var best *Judgment
	for i := range r.Verdicts {
		j := &r.Verdicts[i]
		if j.Verdict != finding.Paired && j.Verdict != finding.Suspected && (pairs == nil || pairs.Fingerprint != j.Fingerprint) {
			continue
		}
		if best == nil || rank(j) > rank(best) {
			best = j
		}
	}
	if best == nil {
		return nil
	}
	f := finding.Finding{Verdict: best.Verdict, Checks: best.Checks, Causes: best.Causes}
	return &reading{explain.Of(&f), best.Verdict}
}

// rank orders judgments: paired before suspected before what was paired, and with causes before without.
func rank(j *Judgment) int { return 2*int(j.Verdict) + asInt(len(j.Causes) > 0) }

// suspected tells whether a route is suspected of pairs at the end of the period.
func (r *Route) suspected() bool {
	return slices.ContainsFunc(r.Verdicts, func(j Judgment) bool { return j.Verdict == finding.Suspected })
}

// key names the leading causes; empty: there is no claim.
func (r *reading) key() string {
	var names []string
	for _, c := range r.Leading {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// why is a reading as all formats show it.
type why struct {
	Claim   string
	Tied    bool
	Causes  []finding.Cause // leading
	For     string          // the checks on which they rest, with figures
	Against string
	Settles string // what is not known and would confirm the only cause
}

// why returns what is known about the cause; nil when nobody asks.
func (r *Route) why() *why {
	if e := r.reading(); e != nil {
		return e.why()
	}
	return nil
}

// why returns what is known about the cause; nil where none is claimed, which the steps say.
func (o *Other) why() *why {
	if o.Route == finding.PooledRoute || len(o.Causes) == 0 {
		return nil
	}
	f := finding.Finding{Verdict: o.Verdict, Checks: o.Checks, Causes: o.Causes}
	return (&reading{explain.Of(&f), o.Verdict}).why()
}

func (r *reading) why() *why {
	w := &why{Claim: r.Claim(), Tied: r.Tied(), Causes: r.Leading}
	if len(w.Causes) == 1 { // else a step is about it, for all routes at once
		w.Settles = r.settles()
	}
	supporting, contradicting := r.Deciding()
	w.For, w.Against = explain.Brief(supporting), explain.Brief(contradicting)
	return w
}

// settles lists the first of what is not known and would settle the cause.
func (r *reading) settles() string {
	var all []string
	for _, o := range r.Open[:min(shownOpen, len(r.Open))] {
		all = append(all, o.String())
	}
	if len(all) == 0 {
		return ""
	}
	text := r.Settles() + ": " + strings.Join(all, "; ")
	if more := len(r.Open) - shownOpen; more > 0 {
		text += "; and " + plural(more, "other")
	}
	return text + "."
}

// causeSteps are about pairs, and suspicions of them, in the errors that burn budget: one for each
// answer to the question what made them, what cost most first.
func causeSteps(r *Report) []Step {
	groups := make(map[string][]*Route)
	for i := range r.Routes {
		route := &r.Routes[i]
		if e := route.reading(); e != nil && (route.ghosts() != nil || route.mainPairs() == nil) {
			groups[e.key()] = append(groups[e.key()], route)
		}
	}
	var order []string
	for key, routes := range groups {
		slices.SortStableFunc(routes, func(a, b *Route) int { return cmp.Compare(b.loss(), a.loss()) })
		order = append(order, key)
	}
	loss := func(key string) (sum float64) {
		for _, route := range groups[key] {
			sum += route.loss()
		}
		return sum
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(loss(b), loss(a)), cmp.Compare(a, b)) })
	var all []Step
	for _, key := range order {
		all = append(all, causeStep(r, groups[key]))
	}
	return all
}

// loss is about how many errors a route lost to pairs.
func (r *Route) loss() float64 {
	if p := r.ghosts(); p != nil && p.Errors != nil {
		return p.Errors.Estimate
	}
	return 0
}

// causeStep is what to do about routes of which the same is known.
func causeStep(r *Report, routes []*Route) Step {
	const anchor = "reading-causes"
	e := routes[0].reading()
	proven := slices.ContainsFunc(routes, func(route *Route) bool { return route.ghosts() != nil })
	step := Step{Routes: namesOf(routes), Anchor: anchor}
	switch {
	case len(e.Leading) == 1:
		step.Title, step.Text = e.Claim(), e.Leading[0].FirstStep
	case e.Tied():
		step.Title = "Tell apart what fits equally well"
		names := strings.Split(e.key(), " ")
		step.Text = "What was seen fits " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " equally well. " +
			e.settles() + " The first step for the first of them: " + e.Leading[0].FirstStep
	case proven:
		return silentDrops(r, routes)
	default:
		step.Title = "Find out what lasts as long as the timeout"
		step.Text = "These routes are suspected: their errors last as long as the timeout, and their scrapes are too coarse to show pairs. " + e.Claim() + ". " + e.settles()
		step.Anchor = "ghostpairsuspected"
	}
	return step
}

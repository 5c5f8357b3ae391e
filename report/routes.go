package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/slo"
)

// routes works out every route of a source that had a request or an error, or a series of errors.
func (b *builder) routes(s *Source) []Route {
	findings := make(map[string][]*finding.Finding)
	for i := range b.Findings.Findings {
		if f := &b.Findings.Findings[i]; f.Source == s.Name && f.Route != finding.PooledRoute {
			findings[f.Route] = append(findings[f.Route], f)
		}
	}
	names := make(map[string]bool)
	for name := range s.Errors.routes {
		names[name] = true
	}
	if s.Requests != nil {
		for name, slots := range s.Requests.routes {
			names[name] = names[name] || b.sum(slots, b.whole, true) > 0
		}
	}
	var all []Route
	for name, real := range names {
		if real {
			all = append(all, b.route(s, name, findings[name]))
		}
	}
	slices.SortFunc(all, byBurn)
	return all
}

// counted is what a route did, by slot.
type counted struct {
	errors   []float64
	requests []float64 // nil: not known
	tally    *errorsOf // nil: never an error
}

func (b *builder) countedOf(s *Source, name string) counted {
	c := counted{errors: make([]float64, b.Axis.n)}
	if c.tally = s.Errors.routes[name]; c.tally != nil {
		c.errors = c.tally.errors
	}
	if s.Requests != nil {
		if c.requests = s.Requests.routes[name]; c.requests == nil {
			c.requests = make([]float64, b.Axis.n)
		}
	}
	return c
}

// during is the tally of a span.
func (b *builder) during(c counted, s slo.Span, raw bool) slo.Tally {
	return slo.Tally{Requests: b.sum(c.requests, s, raw), Errors: b.sum(c.errors, s, raw)}
}

func (b *builder) route(s *Source, name string, findings []*finding.Finding) Route {
	c := b.countedOf(s, name)
	now, raw := b.during(c, b.whole, false), b.during(c, b.whole, true)
	r := Route{
		Source: s.Name, Route: name, Errors: round(now.Errors), RawErrors: round(raw.Errors),
		Paired: []Paired{}, Verdicts: []Judgment{},
	}
	if c.requests != nil {
		requests, rawRequests := round(now.Requests), round(raw.Requests)
		r.Requests, r.RawRequests = &requests, &rawRequests
		if ratio, ok := now.ErrorRatio(); ok {
			r.ErrorRatio = &ratio
		}
	}
	var mates []float64
	for _, f := range findings {
		r.Verdicts = append(r.Verdicts, judgment(f))
		if b.wasPaired(f) {
			r.Paired = append(r.Paired, b.paired(c, f))
		}
	}
	if p := r.mainPairs(); p != nil {
		mates = b.mates(c, p)
	}
	b.budget(&r, c, now, raw)
	r.Weeks = b.weeks(c, mates, r.Budget)
	b.compare(&r, s, name)
	b.charts(&r, c, mates)
	return r
}

func judgment(f *finding.Finding) Judgment {
	return Judgment{
		Fingerprint: f.Fingerprint, Verdict: f.Verdict, Reasons: f.Reasons, Labels: f.Labels, Advice: f.Advice,
		Checks: append([]finding.Check{}, f.Checks...), Causes: append([]finding.Cause{}, f.Causes...),
	}
}

// mainPairs returns the pairs that charts mark: ghosts, else look-alikes; nil when there are none.
func (r *Route) mainPairs() *Paired {
	if p := r.ghosts(); p != nil {
		return p
	}
	return r.lookAlike()
}

// budget sets the error budget of a route with an objective.
func (b *builder) budget(r *Route, c counted, now, raw slo.Tally) {
	o, ok := b.objective(r.Route)
	if !ok || c.requests == nil {
		return
	}
	window := slo.Span{From: b.whole.To.Add(-o.Window), To: b.whole.To}
	over := b.during(c, window, false)
	if over.Requests == 0 {
		return
	}
	budget := o.Budget(over)
	covered, length := b.covered(window)
	out := &Budget{
		Pattern: o.Pattern, Target: o.Target, WindowSeconds: o.Window.Seconds(), WindowCoveredRatio: covered,
		WindowRequests: round(over.Requests), WindowErrors: round(over.Errors), AllowedErrors: budget.Allowed,
		Exhausted: budget.Exhausted(), Met: true,
		ObservedTargetRatio: 1 - min(over.Errors/over.Requests, 1),
		RemainingRatio:      value(budget.RemainingRatio()),
		RawBurnRate:         value(o.BurnRate(raw)),
	}
	out.BurnedRatio = share(now.Errors, budget.Allowed)
	if rate, ok := o.BurnRate(now); ok {
		out.Met = rate <= 1
		if rate < 1e9 { // of an objective of 100 % it is infinite, which JSON cannot hold
			out.BurnRate = &rate
		}
		if out.RemainingRatio != nil && out.BurnRate != nil {
			if left, ok := o.TimeToExhaustion(*out.RemainingRatio, rate); ok {
				out.ExhaustionSeconds = value(left.Seconds(), true)
			}
		}
	}
	out.BurnedMinutes = minutes(now.Errors, over, length)
	out.AllowedMinutes = minutes(budget.Allowed, over, length)
	if p := r.ghosts(); p != nil && p.Errors != nil {
		out.PairedBurnedRatio = share(p.Errors.Estimate, budget.Allowed)
		out.PairedGivesMinutes = minutes(p.Errors.Estimate, over, length)
		out.PairedLeastMinutes = minutes(p.Errors.Lower, over, length)
	}
	if out.RawBurnRate != nil && *out.RawBurnRate > 1e9 {
		out.RawBurnRate = nil
	}
	r.Budget = out
}

// minutes converts errors into minutes of full outage, at the mean rate of the window.
func minutes(errors float64, t slo.Tally, length time.Duration) *float64 {
	lost, ok := slo.Downtime(errors, t, length)
	return value(lost.Minutes(), ok)
}

func value(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

func share(part, whole float64) *float64 { return value(part/whole, whole > 0) }

// shownPeriods is how many periods are set side by side, as far as data was read.
const shownPeriods = 4

// weeks are the last periods of the same kind, the period of the report last.
func (b *builder) weeks(c counted, mates []float64, budget *Budget) []Week {
	var all []Week
	first := b.Axis.start(0)
	for p, i := b.Period, 0; i < shownPeriods && !p.Start.Before(first); p, i = b.previous(p), i+1 {
		span := slo.Span{From: p.Start, To: p.End}
		if i == 0 {
			span = b.whole
		}
		t := b.during(c, span, false)
		w := Week{Name: p.Name, Errors: round(t.Errors), Mates: b.sum(mates, span, false)}
		w.Covered, _ = b.covered(span)
		if c.requests != nil {
			requests := round(t.Requests)
			w.Requests = &requests
		}
		if budget != nil {
			o := slo.Objective{Target: budget.Target, Window: time.Duration(budget.WindowSeconds * float64(time.Second))}
			if rate, ok := o.BurnRate(t); ok && rate < 1e9 {
				w.BurnRate = &rate
			}
		}
		all = append(all, w)
	}
	slices.Reverse(all)
	return all
}

// previous is the period before p: of the same kind, or of the same length when it has no kind.
func (b *builder) previous(p slo.Period) slo.Period {
	if _, err := slo.ParsePeriod(p.Name, p.Start.Location()); err == nil {
		return p.Previous()
	}
	start := p.Start.Add(-p.Duration())
	return slo.Period{Name: start.Format("2006-01-02"), Start: start, End: p.Start}
}

// compare sets Prometheus's own count beside ours, and says why they differ.
func (b *builder) compare(r *Route, s *Source, name string) {
	if s.Increase == nil {
		return
	}
	theirs := s.Increase[name]
	r.Increase = &theirs
	switch difference := float64(r.RawErrors) - theirs; {
	case difference > -0.5 && difference < 0.5:
	case difference > 0:
		r.Difference = fmt.Sprintf("increase() misses %.0f: it starts to count at the second sample of a series, so the errors that a series is born with are lost to it", difference)
	default:
		r.Difference = fmt.Sprintf("increase() has %.0f more: it stretches what it sees to the ends of the period and over gaps", -difference)
	}
}

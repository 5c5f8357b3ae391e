package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/slo"
)

// Build works the report out.
func Build(in Input) *Report {
	b := &builder{Input: in, whole: in.span(), left: in.excluded()}
	b.counts = b.countedSlots()
	r := &Report{
		Version: DocumentVersion, Generated: in.Now.UTC().Truncate(time.Second), Program: in.Version, Prometheus: in.Prometheus,
		RunbookURL: in.RunbookURL, Ignored: append([]Ignored{}, in.Ignored...),
		Routes: []Route{}, Sources: []SourceState{},
	}
	b.period(r)
	for _, s := range in.Sources {
		r.Routes = append(r.Routes, b.routes(&s)...)
		r.Sources = append(r.Sources, b.source(&s))
	}
	slices.SortStableFunc(r.Routes, byBurn)
	b.totals(r)
	r.Others, r.Changes = b.others(), b.changes()
	r.Quality = b.quality(r)
	r.Steps = steps(r)
	r.Headline = headline(r)
	return r
}

// builder is the input and what all parts of the report need of it.
type builder struct {
	Input
	whole  slo.Span
	left   []slo.Span // maintenance
	counts []bool     // slots that are not in maintenance
}

// countedSlots tells which slots are not in maintenance: those whose middle is outside.
func (b *builder) countedSlots() []bool {
	counts := make([]bool, b.Axis.n)
	for i := range counts {
		counts[i] = true
	}
	for _, s := range b.left {
		for i, j := b.Axis.between(s); i < j; i++ {
			counts[i] = false
		}
	}
	return counts
}

// sum adds up the slots of a span. With raw, maintenance counts as well.
func (b *builder) sum(values []float64, s slo.Span, raw bool) float64 {
	total := 0.0
	i, j := b.Axis.between(s)
	for ; i < j && i < len(values); i++ {
		if raw || b.counts[i] {
			total += values[i]
		}
	}
	return total
}

// covered returns the share of a span that was scraped, and how long that is.
func (b *builder) covered(s slo.Span) (float64, time.Duration) {
	length := slo.Total(b.Coverage.spans(s, true))
	i, j := b.Axis.between(s)
	if i == j {
		return 0, 0
	}
	return float64(length) / float64(time.Duration(j-i)*SlotLength), length
}

func (b *builder) period(r *Report) {
	share, _ := b.covered(b.whole)
	r.Period = Period{
		Name: b.Period.Name, Start: b.Period.Start, End: b.Period.End, TimeZone: b.Period.Start.Location().String(),
		Partial: b.Period.Partial(b.Now), CoveredRatio: share,
	}
	if seen := b.Coverage.spans(b.whole, true); len(seen) > 0 {
		r.Period.CoveredFrom = seen[0].From.In(b.Period.Start.Location())
	}
	r.Maintenance = []Excluded{}
	for _, m := range b.Maintenance {
		if m.To.After(b.whole.From) && m.From.Before(b.whole.To) {
			r.Maintenance = append(r.Maintenance, Excluded{m.From, m.To, m.Reason})
		}
	}
	outside := slo.Total(slo.Without(b.whole, b.left))
	r.Period.ExcludedSeconds = (b.whole.Duration() - outside).Seconds()
}

func (b *builder) source(s *Source) SourceState {
	out := SourceState{Name: s.Name, Signal: s.Signal, IncreaseNote: s.IncreaseNote, HasRequests: s.Requests != nil}
	errors := 0.0
	for _, r := range s.Errors.routes {
		errors += b.sum(r.errors, b.whole, true)
	}
	out.Errors = round(errors)
	if s.Increase != nil {
		all := 0.0
		for _, v := range s.Increase {
			all += v
		}
		out.Increase = &all
	}
	return out
}

// byBurn sorts by the share of budget that was burned, then errors, then name.
func byBurn(a, b Route) int {
	burned := func(r Route) float64 {
		if r.Budget == nil || r.Budget.BurnedRatio == nil {
			return -1
		}
		return *r.Budget.BurnedRatio
	}
	return cmp.Or(cmp.Compare(burned(b), burned(a)), cmp.Compare(b.Errors, a.Errors),
		cmp.Compare(a.Route, b.Route), cmp.Compare(a.Source, b.Source))
}

func (b *builder) totals(r *Report) {
	t := &r.Totals
	t.Routes = len(r.Routes)
	previous, known := Tally{}, false
	for i := range r.Routes {
		route := &r.Routes[i]
		t.Errors += route.Errors
		t.RawErrors += route.RawErrors
		if route.Requests != nil {
			t.Requests += *route.Requests
			t.RawRequests += *route.RawRequests
		}
		if n := len(route.Weeks); n > 1 && route.Weeks[n-2].Covered > 0.95 {
			known = true
			previous.Errors += route.Weeks[n-2].Errors
			if q := route.Weeks[n-2].Requests; q != nil {
				previous.Requests += *q
			}
		}
		if p := route.ghosts(); p != nil && p.Errors != nil {
			t.PairedErrors.Estimate += p.Errors.Estimate
			t.PairedErrors.Lower += p.Errors.Lower
			t.PairedErrors.Upper += p.Errors.Upper
		}
		if route.Budget != nil && route.ErrorRatio != nil {
			t.Judged++
			t.Met += asInt(route.Budget.Met)
			t.Exhausted += asInt(route.Budget.Exhausted)
		}
	}
	if known {
		t.Previous = &previous
	}
	if ratio, ok := (slo.Tally{Requests: float64(t.Requests), Errors: float64(t.Errors)}).ErrorRatio(); ok {
		t.ErrorRatio = &ratio
	}
}

// ghosts returns the pairs that are no look-alike and took most of the errors; nil when there are
// none.
func (r *Route) ghosts() *Paired {
	var most *Paired
	for i := range r.Paired {
		p := &r.Paired[i]
		if p.LookAlike {
			continue
		}
		if most == nil || p.Errors != nil && (most.Errors == nil || p.Errors.Estimate > most.Errors.Estimate) {
			most = p
		}
	}
	return most
}

// lookAlike returns the first pairs that have another cause; nil when there are none.
func (r *Route) lookAlike() *Paired {
	for i := range r.Paired {
		if r.Paired[i].LookAlike {
			return &r.Paired[i]
		}
	}
	return nil
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// others are the paired findings that burn no budget.
func (b *builder) others() []Other {
	all := []Other{}
	for i := range b.Findings.Findings {
		f := &b.Findings.Findings[i]
		if !b.wasPaired(f) || f.Route != finding.PooledRoute && b.burns(f.Source) {
			continue
		}
		o := Other{Key: f.Key, Verdict: f.Verdict, Labels: f.Labels, Errors: f.Errors, Lag: f.LagSeconds, Ratio: f.PairRatio, Histogram: f.Histogram, Members: f.Members, Checks: append([]finding.Check{}, f.Checks...), Causes: append([]finding.Cause{}, f.Causes...)}
		if fp, ok := b.fingerprint(f.Fingerprint); ok {
			o.lags = rangeOf(fp)
		}
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(x, y Other) int {
		return cmp.Or(-cmp.Compare(asInt(x.Verdict == finding.Paired), asInt(y.Verdict == finding.Paired)), -cmp.Compare(asInt(x.Route == finding.PooledRoute), asInt(y.Route == finding.PooledRoute)))
	})
	return all
}

func (b *builder) burns(source string) bool {
	return slices.ContainsFunc(b.Sources, func(s Source) bool { return s.Name == source })
}

// changes lists the changes of verdict in the period.
func (b *builder) changes() []Change {
	all := []Change{}
	for _, f := range b.Findings.Findings {
		from := finding.Undecided.String()
		for _, t := range f.Transitions {
			if b.whole.Holds(t.At) {
				all = append(all, Change{t.At.In(b.Period.Start.Location()), f.Key, from, t.Verdict})
			}
			from = t.Verdict
		}
	}
	slices.SortStableFunc(all, func(x, y Change) int { return x.At.Compare(y.At) })
	return all
}

// wasPaired tells whether a finding was paired at any time of the period.
func (b *builder) wasPaired(f *finding.Finding) bool {
	if f.Verdict == finding.Paired {
		return true
	}
	paired := false
	for _, t := range f.Transitions {
		if t.At.After(b.whole.To) {
			break
		}
		if t.Verdict == finding.Paired.String() && b.whole.Holds(t.At) {
			return true
		}
		if !t.At.After(b.whole.From) {
			paired = t.Verdict == finding.Paired.String()
		}
	}
	return paired
}

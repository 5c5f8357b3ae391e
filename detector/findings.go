package detector

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Findings returns what is known at a time, which is the end of the latest piece: one finding for
// every route that is there, whether it had errors or not, and for routes that left after an alarm;
// by route, then fingerprint, the pooled streams last. It changes nothing that a later finding
// depends on.
func (d *Detector) Findings(atMillis int64) []finding.Finding {
	all := []finding.Finding{}
	for _, r := range d.routes {
		streams := r.streams
		if streams == nil {
			if streams = d.newcomers(r, atMillis); streams == nil {
				continue
			}
		}
		for f := range streams {
			all = append(all, d.finding(&streams[f], atMillis))
		}
	}
	for i := range d.departed {
		all = append(all, clone(d.departed[i].finding))
	}
	order := map[string]int{}
	for f, fp := range d.options.Fingerprints {
		order[fp.Name] = f
	}
	slices.SortFunc(all, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(order[a.Fingerprint], order[b.Fingerprint]))
	})
	for f := range d.pools {
		all = append(all, d.finding(&d.pools[f], atMillis))
	}
	return all
}

// newcomers returns streams for a route that had samples, but neither an error nor a UTC hour yet;
// nil when there is no such thing, or when
// the finding that it left with still stands.
func (d *Detector) newcomers(r *route, atMillis int64) []stream {
	left := slices.ContainsFunc(d.departed, func(p departure) bool { return p.finding.Route == r.name })
	if left || !slices.ContainsFunc(r.registered, func(u *unit) bool { return d.fresh(u, atMillis) }) {
		return nil
	}
	streams := make([]stream, len(d.options.Fingerprints))
	for f, fp := range d.options.Fingerprints {
		streams[f] = stream{fingerprint: f, route: r, verdict: verdict{reasons: reasonNoData}}
		streams[f].ignored = d.options.Ignore != nil && d.options.Ignore(r.name, fp.Name, atMillis)
	}
	return streams
}

// fresh tells that a unit had a sample in the 24 hours before a time.
func (d *Detector) fresh(u *unit, atMillis int64) bool {
	last := d.coverage.LastSample(u.id)
	return last > 0 && last > atMillis-goneHours*hourMillis
}

// present lists the units of a stream that had a sample in the 24 hours before a time.
func (d *Detector) present(s *stream, atMillis int64) iter.Seq[*unit] {
	routes := d.routes
	if s.route != nil {
		routes = []*route{s.route}
	}
	return func(yield func(*unit) bool) {
		for _, r := range routes {
			for _, u := range r.registered {
				if d.fresh(u, atMillis) && !yield(u) {
					return
				}
			}
		}
	}
}

// finding describes one stream.
func (d *Detector) finding(s *stream, atMillis int64) finding.Finding {
	s.settleLook()
	v, w := s.verdict, s.view
	b := lookback{}
	if !w.stepped {
		b = d.lookBack(s, true, atMillis)
		w = b.view()
		if v.state == finding.Undecided && !s.ignored {
			v.reasons = provisional(&b, &w)
		}
	}
	if s.ignored {
		v.reasons = reasonInconclusive
	}
	f := finding.Finding{
		Key:     finding.Key{Source: d.options.Source, Signal: d.options.Signal, Route: finding.PooledRoute, Fingerprint: d.options.Fingerprints[s.fingerprint].Name},
		Verdict: v.state, Reasons: v.reasons.names(), Labels: append([]string{}, s.labels...),
		Level: d.level(s, (atMillis-1)/hourMillis).String(), Kernel: kernelName(s.kernel),
		EvidenceLog10: log10(s.evidence), EvidencePeakLog10: log10(s.peak),
		FirstPair: instant(s.firstPair), FirstAlarm: instant(s.firstAlarm),
		Transitions: s.history(), PairsByDay: d.pairsByDay(s),
	}
	if s.route != nil {
		f.Route = s.route.name
	} else {
		f.Members = d.members(s)
		slices.SortFunc(f.Members, func(a, b finding.Member) int {
			return cmp.Or(cmp.Compare(b.Trials, a.Trials), cmp.Compare(a.Route, b.Route))
		})
	}
	if s.injected > 0 && s.evidence > 0 {
		e := s.eValue()
		f.EValue = &e
	}
	d.measure(s, &f, atMillis)
	d.illustrate(s, &f, atMillis)
	f.Advice = d.advise(s, &f, &w, atMillis)
	return f
}

// provisional are the reasons before the first UTC hour.
func provisional(b *lookback, w *view) reasons {
	e := evidenceOfHour{resolvable: b.resolvable, coverage: w.coverage, cells: b.cells, occupancy: w.occupancy}
	if r := e.doubts(); r != 0 {
		return r
	}
	return reasonInconclusive
}

func kernelName(kernel uint8) string {
	if kernel == 1 {
		return "tight"
	}
	return "wide"
}

// instant converts a time in milliseconds, 0 meaning none.
func instant(millis int64) *time.Time {
	if millis == 0 {
		return nil
	}
	t := time.UnixMilli(millis).UTC()
	return &t
}

func (s *stream) history() []finding.Transition {
	all := make([]finding.Transition, 0, len(s.transitions))
	for _, t := range s.transitions {
		name := t.verdict.String()
		if t.verdict == gone {
			name = "gone"
		}
		all = append(all, finding.Transition{At: time.UnixMilli(t.atMillis).UTC(), Verdict: name})
	}
	return all
}

// measure sets what is counted: errors, targets, scrape interval and exposure.
func (d *Detector) measure(s *stream, f *finding.Finding, atMillis int64) {
	errors := 0.0
	exposed := d.exposureMillis
	if s.route != nil {
		errors, exposed = s.route.errors, s.route.exposureMillis
	} else {
		for _, r := range d.routes {
			errors += r.errors
		}
	}
	f.Errors = int64(errors + 0.5)
	targets, coarsest := map[int32]bool{}, int64(0)
	for u := range d.present(s, atMillis) {
		targets[u.targetID] = true
		coarsest = max(coarsest, u.deltaMillis)
	}
	f.Targets = len(targets)
	if coarsest > 0 {
		seconds := float64(coarsest) / 1000
		f.ScrapeIntervalSeconds = &seconds
	}
	if from := d.exposedFrom(d.nextHour); from < atMillis {
		exposed += d.coverage.Exposure(d.targetIDs(d.present(s, atMillis)), from, atMillis)
	}
	f.ExposureSeconds = float64(exposed) / 1000
}

// targetIDs lists the targets of units, each once. The slice is valid until the next call.
func (d *Detector) targetIDs(units iter.Seq[*unit]) []int32 {
	ids := d.scratch.targets[:0]
	for u := range units {
		ids = append(ids, u.targetID)
	}
	d.scratch.targets = ids
	slices.Sort(ids)
	return slices.Compact(ids)
}

// clone copies what a caller might change in a kept finding.
func clone(f finding.Finding) finding.Finding {
	f.Reasons, f.Labels = slices.Clone(f.Reasons), slices.Clone(f.Labels)
	f.Transitions, f.PairsByDay = slices.Clone(f.Transitions), slices.Clone(f.PairsByDay)
	return f
}

// Routes returns what is known of the routes apart from fingerprints, by name. Errors and
// Interarrival count from the origin of the detector; Created is left to the caller.
func (d *Detector) Routes(atMillis int64) []finding.Route {
	all := []finding.Route{}
	for _, r := range d.routes {
		out := finding.Route{
			Source: d.options.Source, Signal: d.options.Signal, Route: r.name,
			Errors: int64(r.errors + 0.5),
		}
		if r.lags != nil {
			out.Interarrival = *r.lags
		}
		last, coarsest := int64(0), int64(0)
		for _, u := range r.registered {
			if d.fresh(u, atMillis) {
				last = max(last, d.coverage.LastSample(u.id))
				coarsest = max(coarsest, u.deltaMillis)
			}
		}
		if last == 0 && r.streams == nil {
			continue
		}
		out.ScrapeInterval = time.Duration(coarsest) * time.Millisecond
		if last > 0 {
			out.LastSample = time.UnixMilli(last).UTC()
		}
		all = append(all, out)
	}
	slices.SortFunc(all, func(a, b finding.Route) int { return cmp.Compare(a.Route, b.Route) })
	return all
}

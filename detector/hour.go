package detector

import (
	"iter"
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// stepHour ends the UTC hour before a boundary: everything that is not decided by a trial.
func (d *Detector) stepHour(atMillis int64) {
	hour := atMillis/hourMillis - 1
	d.scratch.survey.forget()
	sampled := d.see(hour, atMillis)
	for _, r := range d.routes {
		if r.streams != nil {
			d.age(r, sampled, hour, atMillis)
		}
	}
	d.exposureMillis += d.exposed(d.all(), atMillis)
	if atMillis%dayMillis == 0 {
		d.endDay(atMillis / dayMillis)
	}
	d.pruneTallies(hour-maxLookbackHours+1, atMillis/dayMillis-historyDays+1)
	for _, r := range d.routes {
		if r.streams == nil {
			continue
		}
		d.consult(r, atMillis)
		for f := range r.streams {
			d.stepStream(&r.streams[f], atMillis)
		}
	}
	for f := range d.pools {
		d.stepStream(&d.pools[f], atMillis)
	}
	d.recount(atMillis)
}

// see shows the units that had a sample in an hour, and tells whether any had.
func (d *Detector) see(hour, atMillis int64) bool {
	any := false
	for _, r := range d.routes {
		for _, u := range r.registered {
			if u.sinceMillis < atMillis && (u.seenHour >= hour || d.coverage.Sampled(u.id, hour)) {
				d.show(u, hour, atMillis)
				any = true
			}
		}
	}
	return any
}

// exposedFrom is the time up to which exposure has been added up when the next hour to be stepped
// over is nextHour: an hour less than it could be, because the interval across the end of an hour is
// known to be covered only once it is over.
func (d *Detector) exposedFrom(nextHour int64) int64 {
	return max(nextHour-2*hourMillis, d.originMillis)
}

// exposed is the exposure of the targets of some units that an hour step adds.
func (d *Detector) exposed(units iter.Seq[*unit], atMillis int64) int64 {
	from, to := d.exposedFrom(atMillis), d.exposedFrom(atMillis+hourMillis)
	if from == to || d.exposedByOne(units, from, to, atMillis) {
		return to - from
	}
	targets := d.targetIDs(units)
	return d.coverage.Exposure(targets, from, atMillis) - d.coverage.Exposure(targets, to, atMillis)
}

// exposedByOne tells whether one of the first few targets alone was covered for the whole of (from, to]:
// nearly always, so that the time of all need not be united.
func (d *Detector) exposedByOne(units iter.Seq[*unit], from, to, atMillis int64) bool {
	const few = 16
	var latest *target
	tried := 0
	for u := range units {
		if u.target == nil || u.target == latest {
			continue
		}
		latest = u.target
		before, _ := d.coverageOf(latest, from, atMillis)
		after, _ := d.coverageOf(latest, to, atMillis)
		if before-after == to-from {
			return true
		}
		if tried++; tried == few {
			break
		}
	}
	return false
}

// all lists the units that are there.
func (d *Detector) all() iter.Seq[*unit] {
	return func(yield func(*unit) bool) {
		for _, r := range d.routes {
			for _, u := range r.units {
				if !yield(u) {
					return
				}
			}
		}
	}
}

// age counts the exposure of a route and the hours for which it has been silent.
func (d *Detector) age(r *route, sampled bool, hour, atMillis int64) {
	r.exposureMillis += d.exposed(slices.Values(r.units), atMillis)
	silent := true
	for i := len(r.units) - 1; i >= 0; i-- {
		switch u := r.units[i]; {
		case u.seenHour >= hour:
			silent = false
		case u.seenHour < hour-silentHours:
			u.hide()
		}
	}
	switch {
	case !silent:
		r.silent = 0
	case sampled:
		r.silent++
	}
	if r.silent >= goneHours {
		d.leave(r, atMillis)
	}
}

// recount sets the number of active streams.
func (d *Detector) recount(atMillis int64) {
	d.active = 0
	for _, r := range d.routes {
		r.counted = r.lastCell > atMillis-activeHours*hourMillis
		if r.counted {
			d.active += r.tested
		}
	}
}

// pruneTallies drops what is too old to matter.
func (d *Detector) pruneTallies(hour, day int64) {
	for _, r := range d.routes {
		for _, t := range r.tallies {
			t.prune(hour, day)
		}
		for _, u := range r.units {
			for len(u.days) > 0 && u.days[0].day < day {
				u.days = slices.Delete(u.days, 0, 1)
			}
		}
	}
	for _, c := range d.clocks {
		for f := range c.lanes {
			c.lanes[f].pool.prune(hour, day)
		}
	}
}

// endDay keeps the pairs of the day that is about to leave the histograms.
func (d *Detector) endDay(today int64) {
	for _, r := range d.routes {
		for f := range r.streams {
			d.keepDays(&r.streams[f], today-historyDays+1)
		}
	}
	for f := range d.pools {
		d.keepDays(&d.pools[f], today-historyDays+1)
	}
}

// stepStream moves the verdict of a stream on by an hour.
func (d *Detector) stepStream(s *stream, atMillis int64) {
	before := s.verdict.state
	if s.ignored {
		s.verdict = verdict{reasons: reasonInconclusive}
	} else {
		d.weigh(s, atMillis)
	}
	if s.verdict.state != before {
		s.note(atMillis, s.verdict.state)
	}
	if s.verdict.state == finding.Paired {
		d.label(s, atMillis)
	} else {
		s.unlabel()
	}
}

// weigh looks back from an hour and steps the verdict.
func (d *Detector) weigh(s *stream, atMillis int64) {
	b := d.lookBack(s, false, atMillis)
	s.view = b.view()
	s.view.stepped = true
	s.verdict.step(&evidenceOfHour{
		covered: share(b.hourCovered, b.hourSpan), resolvable: b.resolvable,
		coverage: s.view.coverage, cells: b.cells, occupancy: s.view.occupancy,
		upper:      func() (float64, bool) { return d.viewBound(s, &b) },
		upperSince: func() (float64, bool) { return d.boundSince(s, &b) },
	}, d.options.ClearBelow)
}

// viewBound notes the bound of a lookback in the view of the stream.
func (d *Detector) viewBound(s *stream, b *lookback) (float64, bool) {
	bound, ok := d.bound(s, b)
	s.view.bounded, s.view.upper, s.view.kappa = ok, bound.PairRatioUpper, bound.Kappa
	s.view.counted = [3]uint32{uint32(bound.Cells), uint32(bound.Hot), uint32(bound.Right)}
	return bound.PairRatioUpper, ok
}

func (b *lookback) view() view {
	return view{
		hours:    uint16((b.endMillis+hourMillis-1)/hourMillis - b.from),
		coverage: share(b.covered, b.span), occupancy: b.occupancy(), cells: uint32(b.cells),
	}
}

package detector

import (
	"iter"

	"github.com/ghostpair/ghostpair/detector/estimate"
)

// lookback is what a stream looks like over the hours that its verdict is about.
type lookback struct {
	endMillis   int64
	from        int64  // first UTC hour
	main        *tally // nil: no cells
	index       int    // of the fingerprint in main
	level       estimate.Level
	resolvable  bool
	hourCovered int64 // milliseconds of target-time in the latest hour
	hourSpan    int64
	covered     int64 // and in all hours
	span        int64
	cells       int
	scrapes     int64 // at the interval of main
}

// view is what is kept of a lookback, and of the bound that came from it.
type view struct {
	stepped   bool // false: there was no UTC hour yet
	hours     uint16
	coverage  float64
	occupancy float64
	cells     uint32
	bounded   bool
	upper     float64 // of the pair ratio, when bounded
	kappa     float64
	counted   [3]uint32 // cells, hot and right of the bound
}

// scratch is memory that the hour steps use again.
type scratch struct {
	hours   []estimate.HourCounts
	targets []int32
	survey  survey
}

// of lists the units whose cells a stream is about, those that a newer unit has replaced left out.
func (d *Detector) of(s *stream) iter.Seq[*unit] {
	return d.list(s, func(r *route) []*unit { return r.units })
}

// ofAll also lists units whose first sample has not been told by an event or a UTC hour yet. It must
// not be used for anything that becomes state: they may be from after the time in question.
func (d *Detector) ofAll(s *stream) iter.Seq[*unit] {
	return d.list(s, func(r *route) []*unit { return r.registered })
}

func (d *Detector) list(s *stream, unitsOf func(*route) []*unit) iter.Seq[*unit] {
	routes := d.routes
	if s.route != nil {
		routes = []*route{s.route}
	}
	return func(yield func(*unit) bool) {
		for _, r := range routes {
			if s.route == nil && r.streams != nil && r.streams[s.fingerprint].ignored {
				continue
			}
			for _, u := range unitsOf(r) {
				if u.target != nil && !u.superseded && !yield(u) {
					return
				}
			}
		}
	}
}

// mainTally picks the scrape interval with the most cells among those that can resolve the lag; if
// there is none, among all.
func mainTally(tallies []*tally, fingerprint int) *tally {
	var main *tally
	most, resolvable := 0, false
	for _, t := range tallies {
		n, r := t.total(), t.clock.lanes[fingerprint].resolvable
		if main == nil || r && !resolvable || r == resolvable && n > most {
			main, most, resolvable = t, n, r
		}
	}
	return main
}

// lookBack looks at the latest 24 hours before a time, and at up to seven days while there are too
// few cells for any verdict. With all it also looks at the units of ofAll.
func (d *Detector) lookBack(s *stream, all bool, endMillis int64) lookback {
	end := (endMillis + hourMillis - 1) / hourMillis
	tallies, index := d.tallies(s)
	b := lookback{endMillis: endMillis, main: mainTally(tallies, s.fingerprint), index: index}
	b.from = end - maxLookbackHours
	if b.main != nil {
		b.cells, b.from = b.main.extend(end-lookbackHours, end-maxLookbackHours, minCells)
	}
	b.level = d.level(s, end-1)
	left := b.from * hourMillis
	v := d.survey(s, all, left, endMillis)
	b.covered, b.span, b.hourCovered, b.hourSpan = v.covered, v.span, v.hourCovered, v.hourSpan
	for i := range v.clocks {
		c := &v.clocks[i]
		b.resolvable = b.resolvable || c.clock.lanes[s.fingerprint].resolvable
		if b.main != nil && c.clock == b.main.clock {
			b.scrapes = c.scrapes
		}
	}
	if all && b.main != nil {
		b.scrapes = d.scrapes(s, b.main.clock, left, endMillis)
	}
	return b
}

// scrapes counts the regular scrapes of the targets of a stream at one scrape interval.
func (d *Detector) scrapes(s *stream, c *clock, left, right int64) int64 {
	n := int64(0)
	for u := range d.of(s) {
		if u.clock == c {
			covered, _ := d.coverageOf(u.target, left, right)
			n += covered / c.deltaMillis
		}
	}
	return n
}

// level says where the second error of a pair is counted for display: on the same target when the
// stream had a single one in the day before, else where the latest alarm or confirmation found most.
func (d *Detector) level(s *stream, hour int64) estimate.Level {
	target, many := int32(0), false
	found := false
	for u := range d.of(s) {
		if u.seenHour <= hour-lookbackHours {
			continue
		}
		if many = found && u.targetID != target; many {
			break
		}
		found, target = true, u.targetID
	}
	if found && !many {
		return estimate.Same
	}
	if s.firstAlarm != 0 {
		return s.level
	}
	return estimate.Any
}

func (d *Detector) shape(s *stream, c *clock, level estimate.Level) estimate.Shape {
	return estimate.Shape{Level: level, DeltaMillis: c.deltaMillis, Fingerprint: d.options.Fingerprints[s.fingerprint]}
}

// occupancy is the share of the scrape intervals that are cells.
func (b *lookback) occupancy() float64 {
	if b.scrapes == 0 {
		return 0
	}
	return float64(b.cells) / float64(b.scrapes)
}

func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// bounder returns what bounds the pair ratio of a stream.
func (d *Detector) bounder(s *stream, b *lookback) *estimate.Bounder {
	l := &b.main.clock.lanes[s.fingerprint]
	if l.bounders[b.level] == nil {
		l.bounders[b.level] = estimate.NewBounder(d.shape(s, b.main.clock, b.level), d.quantiles)
	}
	return l.bounders[b.level]
}

// bound bounds the pair ratio over a lookback from above.
func (d *Detector) bound(s *stream, b *lookback) (estimate.Bound, bool) {
	if !b.resolved(s) {
		return estimate.Bound{}, false
	}
	d.scratch.hours = b.main.hourCounts(d.scratch.hours[:0], b.index, b.level, b.from, nil)
	return d.bounder(s, b).Upper(d.scratch.hours, b.scrapes)
}

// boundSince bounds the pair ratio since the latest alarm or confirmation.
func (d *Detector) boundSince(s *stream, b *lookback) (float64, bool) {
	if !b.resolved(s) || b.main.marks == nil {
		return 0, false
	}
	m := &b.main.marks[b.index]
	if m.atMillis == 0 {
		return 0, false
	}
	from := max(m.atMillis, b.endMillis-maxLookbackHours*hourMillis)
	d.scratch.hours = b.main.hourCounts(d.scratch.hours[:0], b.index, b.level, from/hourMillis, m)
	bound, ok := d.bounder(s, b).Upper(d.scratch.hours, d.scrapes(s, b.main.clock, from, b.endMillis))
	return bound.PairRatioUpper, ok
}

// resolved tells that the scrape interval of most cells can resolve the lag.
func (b *lookback) resolved(s *stream) bool {
	return b.main != nil && b.main.clock.lanes[s.fingerprint].resolvable
}

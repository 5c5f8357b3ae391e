package observe

import "slices"

// coverage limits.
const (
	retentionMillis = int64(Retention / 1e6)
	exactMillis     = 2 * 60_000                   // scrapes are kept this long before the last piece
	stretchMillis   = retentionMillis + hourMillis // stretches are kept this long
)

// stretch is an unbroken row of regular intervals from one scrape to another.
type stretch struct{ from, last int64 }

// timeline is the row of scrapes of a target that are used, each from the view in use at its time.
type timeline struct {
	view     string // of the last scrape
	delta    int64  // in force after it
	first    int64  // never: no series seen yet
	last     int64
	switched int64     // when another view was taken into use for the last time; never: not yet
	covered  int64     // start of the stretch that ends at last
	closed   []stretch // earlier ones, but for those of a single scrape
	recent   []span    // scrapes of the last piece and a little before
}

func newTimeline() timeline {
	return timeline{first: never, last: never, switched: never, covered: never}
}

// epoch is a part of the timeline in one piece that has one view and one interval. The scrape at
// which it starts belongs to it where the view was switched; where the interval of the view changed
// it belongs to the epoch before.
type epoch struct {
	from        int64
	switched    bool
	delta       int64
	first, last int64     // scrapes that belong to it; never: none
	view        *viewWalk // that was taken into use where it starts; nil: none was
}

// lineWalk lays a piece onto a timeline.
type lineWalk struct {
	*timeline
	prior  int64 // last scrape before the piece, or never
	times  []span
	epochs []epoch
	gaps   int64
	whole  bool  // it is all of one view, so that the walkers of that view hold
	forced int64 // the first scrape from then on begins an epoch; never: none must
}

func newLineWalk(line *timeline) *lineWalk {
	ongoing := epoch{from: line.switched, switched: line.switched != never, delta: line.delta, first: never, last: never}
	return &lineWalk{timeline: line, prior: line.last, epochs: []epoch{ongoing}, forced: never}
}

// clone returns a copy that shares nothing that is changed.
func (l *timeline) clone() timeline {
	c := *l
	c.closed, c.recent = slices.Clone(l.closed), slices.Clone(l.recent)
	return c
}

func (l *lineWalk) epoch() *epoch { return &l.epochs[len(l.epochs)-1] }

// segment appends the scrapes of a view.
func (l *lineWalk) segment(v *viewWalk, times []span) {
	for _, s := range times {
		l.start(v, s.first)
		l.goOn(v, int64(s.step), s.last())
	}
	if l.whole {
		l.times = times
		return
	}
	for _, s := range times {
		l.times = appendSpan(l.times, s)
	}
}

// start takes a scrape whose distance from the one before it is arbitrary.
func (l *lineWalk) start(v *viewWalk, at int64) {
	switch {
	case l.last == never:
		l.first, l.covered = at, at
		l.view = v.before.name
		l.delta = v.deltaAt(at)
		l.epoch().first, l.epoch().delta = at, l.delta
	case l.view != v.before.name, l.forced != never && l.last < l.forced && at >= l.forced:
		l.close(at)
		l.view, l.delta, l.switched = v.before.name, v.deltaAt(at), at
		l.epochs = append(l.epochs, epoch{from: at, switched: true, delta: l.delta, first: at, last: at, view: v})
	default:
		l.intervals(at-l.last, 1)
		l.adopt(v, at)
		return
	}
	l.last, l.epoch().last = at, at
}

// goOn takes equally spaced scrapes up to a time.
func (l *lineWalk) goOn(v *viewWalk, step, last int64) {
	for l.last < last {
		n := (last - l.last) / step
		for _, c := range v.found {
			if v.configured == 0 && c.at > l.last && c.at <= last {
				n = (c.at - l.last + step - 1) / step
				break
			}
		}
		l.intervals(step, n)
		l.adopt(v, l.last)
	}
}

// intervals appends n scrapes that are a spacing apart.
func (l *lineWalk) intervals(spacing, n int64) {
	e := l.epoch()
	if e.first == never {
		e.first = l.last + spacing
	}
	if regular(spacing, l.delta) {
		l.last += n * spacing
	} else {
		l.close(l.last + n*spacing)
		if l.delta > 0 {
			l.gaps += n
		}
		l.last = l.covered
	}
	e.last = l.last
}

// adopt starts a new epoch where the interval of the view has changed.
func (l *lineWalk) adopt(v *viewWalk, at int64) {
	delta := v.deltaAt(at)
	if delta == l.delta {
		return
	}
	l.close(at)
	l.delta = delta
	l.epochs = append(l.epochs, epoch{from: at, delta: delta, first: never, last: never})
}

// close ends the stretch at the last scrape and starts another one.
func (l *lineWalk) close(at int64) {
	if l.covered < l.last {
		l.closed = append(l.closed, stretch{from: l.covered, last: l.last})
	}
	l.covered = at
}

// epochOf returns the index of the epoch that a scrape belongs to.
func (l *lineWalk) epochOf(at int64) int {
	for i := len(l.epochs) - 1; i > 0; i-- {
		if e := l.epochs[i]; e.from < at || e.from == at && e.switched {
			return i
		}
	}
	return 0
}

// crossed says whether the view was switched in (left, at].
func (l *lineWalk) crossed(left, at int64) bool {
	for i := l.epochOf(at); i >= 0; i-- {
		if e := l.epochs[i]; e.switched && e.from > left {
			return true
		}
	}
	return false
}

// settle forgets scrapes that are too long before the piece that starts at from.
func (l *timeline) settle(from int64) {
	if len(l.recent) > 1 && l.recent[0].last() <= from-exactMillis {
		l.recent = keepAfter(l.recent, from-exactMillis)
	}
}

// keep remembers the scrapes of the piece and forgets stretches that are too old at its end.
func (l *lineWalk) keep(from, to int64) {
	l.recent = append(keepAfter(l.recent, from-exactMillis), l.times...)
	l.closed = l.closed[oldStretches(l.closed, to):]
}

// keepAfter returns a copy of the times after t and the one before them.
func keepAfter(spans []span, t int64) []span {
	if len(spans) == 0 {
		return nil
	}
	lo := latest(spans, t)
	if lo == never {
		lo = spans[0].first
	}
	return append([]span(nil), between(spans, lo, spans[len(spans)-1].last())...)
}

// oldStretches returns how many stretches are forgotten at a time.
func oldStretches(closed []stretch, to int64) int {
	n := 0
	for n < len(closed) && closed[n].last <= to-stretchMillis {
		n++
	}
	return n
}

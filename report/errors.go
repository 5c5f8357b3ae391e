package report

import (
	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/slo"
)

// Errors counts the errors of one source by route, and the lags between them.
type Errors struct {
	axis         Axis
	period       slo.Span
	fingerprints []score.Fingerprint
	routes       map[string]*errorsOf
	quality      finding.Quality // of the period
}

// errorsOf is what a route did.
type errorsOf struct {
	errors []float64 // by slot
	clocks map[int64]*clock
}

// NewErrors returns a count of nothing. Lags are those between errors of the period.
func NewErrors(a Axis, period slo.Span, fingerprints []score.Fingerprint) *Errors {
	return &Errors{axis: a, period: period, fingerprints: fingerprints, routes: make(map[string]*errorsOf)}
}

// Add counts what happened in a piece. Pieces come in the order of time.
func (e *Errors) Add(p observe.Piece) {
	if p.FromMillis >= e.period.From.UnixMilli() {
		e.quality.Add(p.Quality)
	}
	for i := range p.Events {
		ev := &p.Events[i]
		slot, ok := e.axis.slot(ev.AtMillis)
		if ev.Kind == observe.Break || !ok {
			continue
		}
		r := e.route(ev.Unit.Route)
		r.errors[slot] += ev.Increment
		if ev.Kind == observe.Cell {
			r.clock(ev.Unit.DeltaMillis, e.fingerprints).add(e, ev, slot)
		}
	}
}

// Know makes sure that routes are listed which had no error.
func (e *Errors) Know(units []*observe.Unit) {
	for _, u := range units {
		e.route(u.Route)
	}
}

func (e *Errors) route(name string) *errorsOf {
	r := e.routes[name]
	if r == nil {
		r = &errorsOf{errors: make([]float64, e.axis.n), clocks: make(map[int64]*clock)}
		e.routes[name] = r
	}
	return r
}

func (r *errorsOf) clock(deltaMillis int64, fingerprints []score.Fingerprint) *clock {
	c := r.clocks[deltaMillis]
	if c == nil {
		c = newClock(deltaMillis, fingerprints)
		r.clocks[deltaMillis] = c
	}
	return c
}

// clock is what targets of one scrape interval did for a route.
type clock struct {
	deltaMillis int64
	reachMillis int64 // of the longest lag that is looked at
	recent      []cell
	lanes       []lane // by fingerprint

	cells  int     // of the period
	errors float64 // in them
}

// cell is a scrape interval in which a counter grew.
type cell struct {
	atMillis int64
	target   int32
	slot     int
	errors   float64
	mated    []bool // by lane and level
}

// lane is a fingerprint at a scrape interval. Levels are those of package estimate: Any and Same.
type lane struct {
	hist  [2][]int // of the lags between cells of the period
	hot   [2][]bool
	mates [2][]float64 // errors by slot that have another one at the lag; nil: none
}

func newClock(deltaMillis int64, fingerprints []score.Fingerprint) *clock {
	c := &clock{deltaMillis: deltaMillis}
	for _, fp := range fingerprints {
		var l lane
		bins := estimate.Bins(deltaMillis, fp)
		c.reachMillis = max(c.reachMillis, int64(bins)*deltaMillis)
		for _, level := range []estimate.Level{estimate.Any, estimate.Same} {
			l.hist[level], l.hot[level] = make([]int, bins), make([]bool, bins)
			shape := estimate.Shape{Level: level, DeltaMillis: deltaMillis, Fingerprint: fp}
			for _, k := range shape.HotBins() {
				if k < bins {
					l.hot[level][k] = true
				}
			}
		}
		c.lanes = append(c.lanes, l)
	}
	return c
}

// add counts a cell and its lags to those before it.
func (c *clock) add(e *Errors, ev *observe.Event, slot int) {
	now := cell{ev.AtMillis, ev.Unit.TargetID, slot, ev.Increment, make([]bool, 2*len(c.lanes))}
	if e.inPeriod(ev.AtMillis) {
		c.cells++
		c.errors += ev.Increment
	}
	kept := c.recent[:0]
	for _, before := range c.recent {
		if now.atMillis-before.atMillis <= c.reachMillis {
			kept = append(kept, before)
		}
	}
	c.recent = append(kept, now)
	for i := range c.recent[:len(c.recent)-1] {
		c.pair(e, &c.recent[i], &c.recent[len(c.recent)-1])
	}
}

// pair counts the lag between two cells, the earlier one first.
func (c *clock) pair(e *Errors, a, b *cell) {
	k := int((2*(b.atMillis-a.atMillis) + c.deltaMillis) / (2 * c.deltaMillis))
	for i := range c.lanes {
		for _, level := range []estimate.Level{estimate.Any, estimate.Same} {
			l := &c.lanes[i]
			if level == estimate.Same && a.target != b.target || k >= len(l.hist[level]) {
				continue
			}
			if e.inPeriod(a.atMillis) && e.inPeriod(b.atMillis) {
				l.hist[level][k]++
			}
			if l.hot[level][k] {
				l.mate(e.axis, a, 2*i+int(level), level)
				l.mate(e.axis, b, 2*i+int(level), level)
			}
		}
	}
}

// mate counts the errors of a cell that has another at the lag, once.
func (l *lane) mate(a Axis, c *cell, index int, level estimate.Level) {
	if c.mated[index] {
		return
	}
	c.mated[index] = true
	if l.mates[level] == nil {
		l.mates[level] = make([]float64, a.n)
	}
	l.mates[level][c.slot] += c.errors
}

func (e *Errors) inPeriod(atMillis int64) bool {
	return atMillis > e.period.From.UnixMilli() && atMillis <= e.period.To.UnixMilli()
}

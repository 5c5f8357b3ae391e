package observe

import "strings"

// stage holds what was handed over since Begin, compressed, and apart from the committed state.
type stage struct {
	open     bool
	number   int64 // of the stage, to tell its notes in committed structures from older ones
	from, to int64
	targets  map[string]*stagedTarget
	recent   *stagedTarget // the one used last
	log      markLog
	series   seriesPool
	ignored  int // series of routes beyond the limit
	samples  int64
}

// maxIdleBlocks is how much of the log is kept for the next piece: it is in the way of the detector until then.
const maxIdleBlocks = 4

// reset drops everything that was staged.
func (s *stage) reset() {
	s.series.reset()
	clear(s.targets)
	s.recent = nil
	s.log.reset()
	*s = stage{number: s.number, targets: s.targets, log: s.log, series: s.series}
}

// expected is about how many events there will be: nearly every mark is one, unless it is the first
// of a series that was there before.
func (s *stage) expected() int {
	n := int(s.log.used) - s.series.used
	for _, t := range s.targets {
		n += len(t.fresh)
	}
	return max(n, 0)
}

// stagedTarget is a target in the stage.
type stagedTarget struct {
	target *target // not yet among the targets of the observer where it is new
	views  []*stagedView
	fresh  map[seriesKey]*counter // counters that are not committed
}

// seriesKey names a counter of a target.
type seriesKey struct{ route, counter string }

// stagedView is a view of a target in the stage.
type stagedView struct {
	name   string
	up     []span // successful scrapes
	times  []span // all scrapes, once everything was handed over
	series []*stagedSeries
	stray  []span     // scrapes that only series of routes tell of that were dropped later
	former int64      // latest scrape of the view that was forgotten in the piece, where it carried series; else never
	before *viewState // of the same scrapes under another name; nil: none
}

// inherits notes what was known before the piece of the scrapes of the view, which is new.
func (v *stagedView) inherits(from *viewState) {
	v.before = newViewState(v.name)
	v.before.first, v.before.last, v.before.covered, v.before.interval = from.first, from.last, from.covered, from.interval
}

// stagedSeries is a counter in a view in the stage.
type stagedSeries struct {
	counter *counter
	name    string // of the route
	route   *route // nil where the counter is new
	view    *stagedView
	next    *stagedSeries // the same counter in another view
	walker  walker
	handled int64 // latest sample handed over; later ones must be newer
	odd     *oddSamples
}

// oddSamples are the samples of a series that had some at other times than the scrapes that `up`
// tells of; mostly because there is no `up`. They wait until all scrape times are known.
type oddSamples struct {
	runs  []Run  // all valid samples of the series, in place of its walker
	stray []span // times of invalid samples
}

// view returns the view of the target, new where it must be.
func (t *stagedTarget) view(name string) *stagedView {
	for _, v := range t.views {
		if v.name == name {
			return v
		}
	}
	v := &stagedView{name: strings.Clone(name), former: never}
	if state := t.target.view(name); state != nil {
		v.name = state.name
	}
	t.views = append(t.views, v)
	return v
}

// counter returns the counter of the target, new where it must be.
func (t *stagedTarget) counter(routeName, name string) (*counter, *route) {
	if g := t.target.groups[routeName]; g != nil {
		if c := g.find(name); c != nil {
			return c, g.route
		}
	}
	if c := t.fresh[seriesKey{routeName, name}]; c != nil {
		return c, nil
	}
	if t.fresh == nil {
		t.fresh = make(map[seriesKey]*counter)
	}
	c := newCounter(strings.Clone(name))
	t.fresh[seriesKey{strings.Clone(routeName), c.name}] = c
	return c, nil
}

// seriesOf returns the series in the stage, new where it must be.
func (s *stage) seriesOf(t *stagedTarget, v *stagedView, id *SeriesID) *stagedSeries {
	c, r := t.counter(id.Route, id.Counter)
	for x := c.staged; x != nil; x = x.next {
		if x.view == v {
			return x
		}
	}
	x := s.series.get()
	*x = stagedSeries{counter: c, name: id.Route, route: r, view: v, next: c.staged, walker: newWalker(), handled: s.from}
	c.staged = x
	v.series = append(v.series, x)
	return x
}

// follow takes a run that tells nothing new: the value is the one before, at exactly the scrapes that are
// next in line. Nearly all runs of an error counter are like that, as all series of a target are cut into
// runs by the same scrapes. Any other it leaves to take.
func (x *stagedSeries) follow(run Run) bool {
	return x.odd == nil && run.FirstMillis > x.handled && x.walker.follow(x.view.up, run, &x.handled)
}

// take compares samples with the scrapes that are known so far.
func (x *stagedSeries) take(log *markLog, run Run) {
	if run = run.trim(x.handled, run.LastMillis()); run.Count == 0 {
		return
	}
	x.handled = run.LastMillis()
	if run.Value == 0 {
		run.Value = 0 // no negative zero
	}
	if !run.valid() {
		if stray := outside(x.view.up, run.times()); len(stray) > 0 {
			x.hold(log)
			x.odd.stray = append(x.odd.stray, stray...)
		}
		return
	}
	if x.odd == nil {
		if run = x.walker.take(log, x.view.up, run); run.Count == 0 {
			return
		}
		x.hold(log)
	}
	x.odd.runs = append(x.odd.runs, run)
}

// hold keeps the samples of the series as runs from now on.
func (x *stagedSeries) hold(log *markLog) {
	if x.odd == nil {
		x.odd = &oddSamples{runs: x.walker.runs(log, x.view.up)}
	}
}

// runs returns the valid samples of the series; times are those that its walker went along.
func (x *stagedSeries) runs(log *markLog, times []span) []Run {
	if x.odd != nil {
		return x.odd.runs
	}
	return x.walker.runs(log, times)
}

// bounds returns the first and the last valid sample; false when there is none.
func (x *stagedSeries) bounds(log *markLog) (first, last int64, ok bool) {
	if x.odd != nil {
		if n := len(x.odd.runs); n > 0 {
			return x.odd.runs[0].FirstMillis, x.odd.runs[n-1].LastMillis(), true
		}
		return 0, 0, false
	}
	if x.walker.first == noMark {
		return 0, 0, false
	}
	return log.at(x.walker.first).at, x.walker.before, true
}

// scrapes adds successful scrapes to the view. Several `up` series of one view are united.
func (v *stagedView) scrapes(log *markLog, s span) {
	if len(v.series) > 0 {
		for _, x := range v.series { // too late by contract: fall back to waiting for the end
			x.hold(log)
		}
	}
	if n := len(v.up); n == 0 || v.up[n-1].last() < s.first {
		v.up = appendSpan(v.up, s)
		return
	}
	v.up = union(v.up, []span{s})
}

// seriesPool hands out staged series and takes all of them back at once.
type seriesPool struct {
	blocks [][]stagedSeries
	used   int
}

const seriesBlock = 256

func (p *seriesPool) get() *stagedSeries {
	if p.used == len(p.blocks)*seriesBlock {
		p.blocks = append(p.blocks, make([]stagedSeries, seriesBlock))
	}
	x := &p.blocks[p.used/seriesBlock][p.used%seriesBlock]
	p.used++
	return x
}

// each calls f for every series that is handed out.
func (p *seriesPool) each(f func(*stagedSeries)) {
	for i := range p.used {
		f(&p.blocks[i/seriesBlock][i%seriesBlock])
	}
}

// reset takes everything back and lets go of what it points to.
func (p *seriesPool) reset() {
	p.each(func(x *stagedSeries) {
		x.counter.staged = nil
		*x = stagedSeries{}
	})
	keep := min(len(p.blocks), p.used/seriesBlock+1)
	clear(p.blocks[keep:])
	p.blocks, p.used = p.blocks[:keep], 0
}

package report

import (
	"github.com/ghostpair/ghostpair/detector/observe"
)

// baselineAbove is the first value above which a counter that appears is taken to have been counting
// elsewhere, as for errors.
const baselineAbove = 100

// Requests counts the requests of one source by route. Counters of requests grow at every scrape, so
// nothing is kept of a piece but what each counter added in each slot. It implements observe.Sink.
//
// Where several views show one counter, the one that saw the most in a slot counts.
type Requests struct {
	axis     Axis
	coverage *Coverage
	routes   map[string][]float64

	counters map[observe.SeriesID]*counter
	scraped  map[observe.TargetView]int64 // first successful scrape
	touched  []*counter                   // of the piece
	from, to int64
	staged   map[observe.TargetView]int64
	series   int
}

// counter is one view of one counter.
type counter struct {
	id         observe.SeriesID
	known      bool
	last       float64
	lastMillis int64

	// of the piece that is being read
	open      bool
	newLast   float64
	newMillis int64
	born      bool
	growth    []growth
}

// growth is what a counter added in a slot.
type growth struct {
	slot   int
	amount float64
}

// NewRequests returns a count of nothing, which marks in coverage what was scraped.
func NewRequests(a Axis, coverage *Coverage) *Requests {
	return &Requests{
		axis: a, coverage: coverage, routes: make(map[string][]float64),
		counters: make(map[observe.SeriesID]*counter), scraped: make(map[observe.TargetView]int64),
		staged: make(map[observe.TargetView]int64),
	}
}

// Begin opens the piece (fromMillis, toMillis], and forgets what was read of one that was not ended.
func (r *Requests) Begin(fromMillis, toMillis int64) {
	for _, c := range r.touched {
		c.open, c.growth = false, c.growth[:0]
	}
	r.touched = r.touched[:0]
	clear(r.staged)
	r.from, r.to = fromMillis, toMillis
}

// Scrapes takes samples of `up`.
func (r *Requests) Scrapes(view observe.TargetView, runs []observe.Run) {
	r.coverage.Mark(runs)
	for _, run := range runs {
		if run.Value != 1 {
			continue
		}
		if at, ok := r.firstScrape(view); !ok || run.FirstMillis < at {
			r.staged[view] = run.FirstMillis
		}
	}
}

// firstScrape returns the earliest scrape that is known of a view of a target.
func (r *Requests) firstScrape(view observe.TargetView) (int64, bool) {
	if at, ok := r.scraped[view]; ok {
		return at, true
	}
	at, ok := r.staged[view]
	return at, ok
}

// Series takes samples of one counter.
func (r *Requests) Series(id *observe.SeriesID, runs []observe.Run) {
	c := r.counters[*id]
	if c == nil {
		c = &counter{id: *id}
		r.counters[*id] = c
	}
	if !c.open {
		c.open, c.born, c.newLast, c.newMillis = true, c.known, c.last, c.lastMillis
		r.touched = append(r.touched, c)
	}
	for _, run := range runs {
		r.run(c, run)
	}
}

// run takes samples of equal value: all that it can add, it adds with the first of them.
func (r *Requests) run(c *counter, run observe.Run) {
	if run.LastMillis() <= max(c.newMillis, r.from) || run.FirstMillis > r.to || !(run.Value >= 0) || run.Value > 1e300 {
		return
	}
	at := run.FirstMillis
	if at <= r.from {
		at = run.LastMillis()
	}
	added := run.Value - c.newLast
	switch {
	case !c.born:
		added = r.birth(c, at, run.Value)
	case added < 0:
		added = run.Value // it started again from 0
	}
	c.born, c.newLast, c.newMillis = true, run.Value, min(run.LastMillis(), r.to)
	slot, ok := r.axis.slot(at)
	if added == 0 || !ok {
		return
	}
	if n := len(c.growth); n > 0 && c.growth[n-1].slot == slot {
		c.growth[n-1].amount += added
		return
	}
	c.growth = append(c.growth, growth{slot, added})
}

// birth returns what a counter that appears had counted before: its value, if its target was scraped
// without it before.
func (r *Requests) birth(c *counter, atMillis int64, value float64) float64 {
	first, ok := r.firstScrape(observe.TargetView{Target: c.id.Target, View: c.id.View})
	if !ok || first >= atMillis || value > baselineAbove {
		return 0
	}
	return value
}

// End counts what was read of the piece.
func (r *Requests) End() {
	type place struct {
		route, target, counter string
		slot                   int
	}
	most := make(map[place]float64)
	for _, c := range r.touched {
		c.known, c.last, c.lastMillis = true, c.newLast, c.newMillis
		r.route(c.id.Route)
		for _, g := range c.growth {
			p := place{c.id.Route, c.id.Target, c.id.Counter, g.slot}
			if seen := most[p]; g.amount > seen {
				most[p] = g.amount
				r.routes[c.id.Route][g.slot] += g.amount - seen
			}
		}
	}
	for view, at := range r.staged {
		r.scraped[view] = at
	}
	r.series = max(r.series, len(r.touched))
	r.Begin(r.to, r.to)
}

func (r *Requests) route(name string) []float64 {
	if r.routes[name] == nil {
		r.routes[name] = make([]float64, r.axis.n)
	}
	return r.routes[name]
}

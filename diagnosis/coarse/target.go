package coarse

import (
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// target is what is remembered of one counting process.
type target struct {
	ID     int32
	View   string // in use
	Views  map[string]*viewState
	Last   int64 // scrape
	Pace   pace
	Seen   [roles]int64 // when a series of the role was first seen; 0: never
	Series map[string][]*series
	Slow   map[string]*slowState
}

// forget drops what is long gone and tells whether the target is.
func (t *target) forget(toMillis int64) bool {
	for route, list := range t.Series {
		list = slices.DeleteFunc(list, func(s *series) bool { return toMillis-s.At > forgetMillis })
		if t.Series[route] = list; len(list) == 0 {
			delete(t.Series, route)
		}
	}
	maps.DeleteFunc(t.Views, func(_ string, v *viewState) bool { return toMillis-v.Last > dayMillis })
	return toMillis-t.Last > dayMillis
}

// process takes what was read of a target.
func (c *Collector) process(t *target, p *piece) error {
	for _, s := range t.segments(p) {
		if s.fresh { // values seen another way are not compared
			t.Series, t.Slow, t.Last = make(map[string][]*series), make(map[string]*slowState), 0
			t.Pace.reset()
		}
		if err := c.segment(t, s, p.views[s.view]); err != nil {
			return err
		}
		t.View, t.Last = s.view, s.times[len(s.times)-1]
	}
	return nil
}

// class is what an interval of a target has in common with its neighbours.
type class struct {
	length, delta int64 // delta is 0 when the interval is not a regular one
	hour          int64
	slow, grew    uint64
	seen          uint16 // roles, at the right end
	left          bool   // whether the gauge was seen by the left end
}

// intervals are those of a segment: interval i ends at scrape i.
type intervals struct {
	left, times []int64
	classes     []class
	until       []int // last interval in a row with the same class
}

func (c *Collector) segment(t *target, s segment, v *stagedView) error {
	c.attach(t, s, v)
	iv := c.classify(t, s, v)
	for name, list := range t.Series {
		w := walk{collector: c, target: t, route: c.routes[name], list: list, intervals: iv}
		if err := w.run(); err != nil {
			return err
		}
	}
	return nil
}

// attach gives the series of the target their samples in the segment.
func (c *Collector) attach(t *target, s segment, v *stagedView) {
	for key, runs := range v.series {
		if c.routes[key.route] == nil {
			continue // beyond the limit
		}
		spans := spansOf(slices.Clone(runs), s.times)
		if len(spans) == 0 {
			continue
		}
		first := s.times[spans[0].first]
		if old := t.Seen[key.role]; old == 0 || first < old {
			t.Seen[key.role] = first
		}
		x := t.series(key)
		x.spans = spans
	}
}

func (t *target) series(key seriesKey) *series {
	list := t.Series[key.route]
	at, found := slices.BinarySearchFunc(list, key, func(s *series, key seriesKey) int {
		if s.Role != key.role {
			return int(s.Role) - int(key.role)
		}
		switch {
		case s.Counter < key.counter:
			return -1
		case s.Counter > key.counter:
			return 1
		}
		return 0
	})
	if !found {
		t.Series[key.route] = slices.Insert(list, at, &series{Role: key.role, Counter: key.counter})
	}
	return t.Series[key.route][at]
}

// classify finds out what the intervals are. Pace and latency of the target move on.
func (c *Collector) classify(t *target, s segment, v *stagedView) *intervals {
	n := len(s.times)
	known, grew := c.slow(t, v, s.times)
	iv := &intervals{left: make([]int64, n), times: s.times, classes: make([]class, n), until: make([]int, n)}
	last := t.Last
	for i, at := range s.times {
		x := class{hour: at / hourMillis, slow: known[i], grew: grew[i]}
		if last > 0 {
			x.length = at - last
			if t.Pace.next(x.length) {
				x.delta = t.Pace.Delta
			}
		}
		for r, since := range t.Seen {
			if since > 0 && since <= at {
				x.seen |= 1 << r
			}
		}
		x.left = t.Seen[rolePending] > 0 && t.Seen[rolePending] <= last
		iv.left[i], iv.classes[i] = last, x
		last = at
	}
	for i := n - 1; i >= 0; i-- {
		iv.until[i] = i
		if i+1 < n && iv.classes[i] == iv.classes[i+1] {
			iv.until[i] = iv.until[i+1]
		}
	}
	return iv
}

// walk goes through the intervals of one route on one target.
type walk struct {
	*intervals
	collector *Collector
	target    *target
	route     *route
	list      []*series
}

// growths are what the series of a route grew by in an interval, by role.
type growths [roles]int64

func (w *walk) run() error {
	end := len(w.times) - 1
	pending := int64(0) // at the scrape before
	for _, s := range w.list {
		if s.Role == rolePending && s.Present {
			pending += int64(s.Value)
		}
	}
	for i := 0; i <= end; {
		hold, next := end, int64(0)
		var grown growths
		for _, s := range w.list {
			value, present, until := s.at(i, end)
			hold = min(hold, until)
			if s.Role == rolePending {
				s.Value, s.Present = value, present
				if present {
					s.At = w.times[until]
					next += int64(min(value, 1<<40))
				}
				continue
			}
			grown[s.Role] += s.take(value, present, w.times[i], w.left[i] > 0)
			if present {
				s.At = w.times[until]
			}
		}
		if err := w.emit(i, i, grown, pending); err != nil {
			return err
		}
		pending = next
		for j := i + 1; j <= hold; j = w.until[j] + 1 {
			if err := w.emit(j, min(hold, w.until[j]), growths{}, pending); err != nil {
				return err
			}
		}
		i = hold + 1
	}
	for _, s := range w.list {
		s.spans, s.pos = nil, 0
	}
	return nil
}

// emit books the intervals from first to last, in which the same things happened.
func (w *walk) emit(first, last int, grown growths, pending int64) error {
	x := w.classes[first]
	if x.length == 0 {
		return nil // the first scrape of all: nothing before it
	}
	w.route.count(x, w.times[first], grown)
	if x.delta < minDeltaMillis {
		return nil
	}
	s := diagnosis.Stretch{
		Target: w.target.ID, LeftMillis: w.left[first], AtMillis: w.times[last], Intervals: last - first + 1,
		Known:  diagnosis.KnownErrors,
		Errors: grown[roleErrors], Failures: grown[roleFailures], Timeouts: grown[roleTimeouts], Pending: pending,
	}
	if x.seen>>roleFailures&1 == 1 {
		s.Known |= diagnosis.KnownFailures
	}
	if x.seen>>roleTimeouts&1 == 1 {
		s.Known |= diagnosis.KnownTimeouts
	}
	if x.left {
		s.Known |= diagnosis.KnownPending
	}
	for f, fp := range w.collector.options.Fingerprints {
		own := s
		if x.slow>>f&1 == 1 {
			own.Known |= diagnosis.KnownSlow
			own.Slow = x.grew>>f&1 == 1
		}
		if err := w.route.add(f, fp, x.delta, own); err != nil {
			return err
		}
	}
	return nil
}

package coarse

import (
	"maps"
	"slices"
)

// target is what is remembered of one counting process.
type target struct {
	ID     int32
	View   string // in use
	Views  map[string]*viewState
	Last   int64 // scrape that was used
	Newest int64 // scrape through the view in use
	// Thinned tells that scrapes since the last that was used were left out.
	Thinned bool
	Pace    pace
	Seen    [roles]int64 // when a series of the role was first seen; 0: never
	Zero    int64        // when a counter that is 0 was first seen; 0: never, so that what is 0 may be left out
	Series  map[string][]*series
	// Histograms are their buckets at the latest scrape.
	Histograms map[string][]sample
}

// wholeProcess is the route of what counts for a whole process.
const wholeProcess = ""

func newTarget(id int32) *target {
	return &target{ID: id, Series: make(map[string][]*series), Histograms: make(map[string][]sample)}
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
			t.Series, t.Histograms, t.Last = make(map[string][]*series), make(map[string][]sample), 0
			t.Seen, t.Zero = [roles]int64{}, 0
			t.Pace.reset()
		}
		if err := c.segment(t, s, p.views[s.view]); err != nil {
			return err
		}
		t.View, t.Last = s.view, s.times[len(s.times)-1]
	}
	return nil
}

func (c *Collector) segment(t *target, s segment, v *stagedView) error {
	c.attach(t, s, v)
	t.keep(v)
	iv := c.classify(t, s, v)
	marks := c.markRoutes(t, s, v)
	for name, list := range t.Series {
		r := c.routes[name]
		if r == nil {
			continue // it is about the whole process, or its route is gone
		}
		w := walk{collector: c, target: t, name: name, route: r, list: list, marks: marks[name], intervals: iv}
		if err := w.run(); err != nil {
			return err
		}
	}
	return nil
}

// markRoutes reads the histograms of the routes, of those that have no series yet as well: that a piece ends
// between them must make no difference.
func (c *Collector) markRoutes(t *target, s segment, v *stagedView) map[string][histograms]marks {
	all := make(map[string][histograms]marks)
	for key, buckets := range v.histograms {
		i := slices.IndexFunc(c.histograms, func(h Histogram) bool { return h.Metric == key.metric })
		if r := c.routes[key.group]; r != nil && !c.histograms[i].Process {
			route := all[key.group]
			route[i] = t.mark(key, buckets, c.histograms[i].Windows, s.times, r.Since)
			all[key.group] = route
		}
	}
	return all
}

// keep forgets the buckets of histograms that are not in a segment: they were not there at its last scrape.
func (t *target) keep(v *stagedView) {
	here := make(map[string]bool, len(v.histograms))
	for key := range v.histograms {
		here[key.String()] = true
	}
	maps.DeleteFunc(t.Histograms, func(name string, _ []sample) bool { return !here[name] })
}

// attach gives the series of the target their samples in the segment.
func (c *Collector) attach(t *target, s segment, v *stagedView) {
	for key, runs := range v.series {
		since := int64(0)
		if key.route != wholeProcess {
			r := c.routes[key.route]
			if r == nil {
				continue // beyond the limit
			}
			since = r.Since
		}
		spans := spansSince(spansOf(slices.Clone(runs), s.times), s.times, since)
		if len(spans) == 0 {
			continue
		}
		first := s.times[spans[0].first]
		if old := t.Seen[key.role]; old == 0 || first < old {
			t.Seen[key.role] = first
		}
		if zero := slices.IndexFunc(spans, func(x span) bool { return x.value == 0 }); zero >= 0 && key.role != rolePending {
			if at := s.times[spans[zero].first]; t.Zero == 0 || at < t.Zero {
				t.Zero = at
			}
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

// seen tells the roles that are known at a scrape: a counter of which the target has shown another, or, where
// it leaves out what is 0, of which any target has.
func (c *Collector) seen(t *target, atMillis int64) roleSet {
	var all roleSet
	for r := range roles {
		since := t.Seen[r]
		if other := c.firsts[r]; other > 0 && (since == 0 || other < since) && t.hidesZeros(atMillis) {
			since = other
		}
		if since > 0 && since <= atMillis {
			all |= 1 << r
		}
	}
	return all
}

func (t *target) hidesZeros(atMillis int64) bool { return t.Zero == 0 || t.Zero > atMillis }

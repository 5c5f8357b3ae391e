package observe

import "slices"

// route is what is known of a route between pieces.
type route struct {
	name    string
	id      int32 // noID when dropped
	last    int64 // newest sample, in any view
	dropped bool  // beyond the limit
	since   int64 // when it was let in after it had been beyond the limit; never: it was not

	stamp               int64   // the stage that the fields below belong to
	stagedFirst, staged int64   // first and newest sample in it
	before              bool    // it was beyond the limit when the stage began
	lapse               stretch // when nothing was known of it in the stage, without the bounds
}

const noID = -1

// touch notes samples of the route in the stage.
func (r *route) touch(stamp, first, last int64) {
	if r.stamp != stamp {
		r.stamp, r.stagedFirst, r.staged = stamp, first, last
		return
	}
	r.stagedFirst, r.staged = min(r.stagedFirst, first), max(r.staged, last)
}

// group is a route on a target.
type group struct {
	route    *route
	counters []*counter // by name
	units    []*unit    // one for each scrape interval, by interval; those of its own timeline behind the others

	// A route that is not in all the views of its target has a timeline of its own from the time on at which
	// that matters, and keeps it.
	own *ownTimeline // nil: none
}

// ownTimeline is a target for the scrapes of one route: of it only name, ID and line are used.
type ownTimeline struct {
	target
	since int64
}

// routeDoubt is a doubt about what a view has of a route.
type routeDoubt struct {
	group *group
	view  *viewState
	doubt
}

// doubt returns the doubt about what a view has of a route.
func (t *target) doubt(g *group, view *viewState) doubt {
	for _, d := range t.doubts {
		if d.group == g && d.view == view {
			return d.doubt
		}
	}
	return noDoubt()
}

// doubted says whether there is any doubt about a route.
func (t *target) doubted(g *group) bool {
	return slices.ContainsFunc(t.doubts, func(d routeDoubt) bool { return d.group == g })
}

// keep remembers a doubt, as long as there is one.
func (t *target) keep(g *group, view *viewState, d doubt) {
	t.doubts = slices.DeleteFunc(t.doubts, func(old routeDoubt) bool { return old.group == g && old.view == view })
	if d != noDoubt() {
		t.doubts = append(t.doubts, routeDoubt{g, view, d})
	}
}

// trust forgets all doubts about a route.
func (t *target) trust(g *group) {
	t.doubts = slices.DeleteFunc(t.doubts, func(d routeDoubt) bool { return d.group == g })
}

// present says whether the latest scrape of a view had a sample of the route.
func (g *group) present(view *viewState) bool {
	for _, x := range g.counters {
		if x.in(view) {
			return true
		}
	}
	return false
}

func (g *group) find(name string) *counter {
	i, ok := slices.BinarySearchFunc(g.counters, name, compareCounter)
	if !ok {
		return nil
	}
	return g.counters[i]
}

func (g *group) add(c *counter) {
	i, _ := slices.BinarySearchFunc(g.counters, c.name, compareCounter)
	g.counters = slices.Insert(g.counters, i, c)
}

// unit is a Unit with what is known of it between pieces.
type unit struct {
	Unit
	own   bool // on the timeline of its route alone
	last  int64
	hours hours
}

// target is what is known of a target between pieces.
type target struct {
	name   string
	id     int32 // noID while no series was seen
	views  []*viewState
	groups map[string]*group
	line   timeline
	oldest int64        // no state of the target is older than this
	owns   int          // routes with a timeline of their own
	doubts []routeDoubt // there are few, and rarely any
}

func newTarget(name string) *target {
	return &target{name: name, id: noID, line: newTimeline(), oldest: never}
}

func (t *target) view(name string) *viewState {
	for _, v := range t.views {
		if v.name == name {
			return v
		}
	}
	return nil
}

// maxViews is how many views of a target can be told apart in elsewhere.present. Others count as if
// they had no samples.
const maxViews = 64

// addView makes a view known.
func (t *target) addView(name string) *viewState {
	v := newViewState(name)
	var taken uint64
	for _, other := range t.views {
		taken |= 1 << other.slot
	}
	for v.slot < maxViews && taken>>v.slot&1 == 1 {
		v.slot++
	}
	t.views = append(t.views, v)
	return v
}

// dropViews forgets views. No counter is present in them any more.
func (t *target) dropViews(gone func(*viewState) bool) {
	var bits uint64
	t.views = slices.DeleteFunc(t.views, func(v *viewState) bool {
		if !gone(v) {
			return false
		}
		bits |= 1 << v.slot
		t.doubts = slices.DeleteFunc(t.doubts, func(d routeDoubt) bool { return d.view == v })
		return true
	})
	if bits == 0 {
		return
	}
	for _, g := range t.groups {
		for _, x := range g.counters {
			if x.other != nil {
				x.other.present &^= bits
			}
		}
	}
}

// lastScrape returns the newest scrape in any view, or never.
func (t *target) lastScrape() int64 {
	last := int64(never)
	for _, v := range t.views {
		last = max(last, v.last)
	}
	return last
}

// hours remembers in which of the 64 hours up to the newest one there was something.
type hours struct {
	newest int64
	bits   uint64 // bit k: newest - k
}

func (h *hours) add(other hours) {
	if h.bits == 0 || other.newest > h.newest {
		*h, other = other, *h
	}
	if other.bits != 0 {
		h.bits |= other.bits << uint64(h.newest-other.newest)
	}
}

func (h hours) has(hour int64) bool {
	return hour <= h.newest && h.newest-hour < 64 && h.bits>>uint64(h.newest-hour)&1 == 1
}

const hourMillis = 3_600_000

func hourOf(t int64) int64 { return floorDiv(t, hourMillis) }

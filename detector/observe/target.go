package observe

import (
	"slices"
	"strings"
)

// route is what is known of a route between pieces.
type route struct {
	name    string
	id      int32 // noID when dropped
	last    int64 // newest sample, in any view
	dropped bool  // beyond the limit

	stamp               int64 // the stage that the fields below belong to
	stagedFirst, staged int64 // first and newest sample in it
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

// counter is what is known of one counter of a target between pieces, whatever the view.
type counter struct {
	name    string
	last    int64   // newest sample that was used
	value   float64 // 0 when it is gone
	sampled float64 // value of that sample, also when it is gone
	missing uint8   // scrapes since then: 0, 1, or gone; gone also before the first sample

	staged *stagedSeries // in the open stage, one for each view
}

// gone is so many missing samples that the counter is taken to have ended.
const gone = 2

func newCounter(name string) *counter {
	return &counter{name: name, last: never, missing: gone}
}

// reset makes the counter one that was never seen.
func (c *counter) reset() {
	c.last, c.value, c.sampled, c.missing = never, 0, 0, gone
}

// group is a route on a target.
type group struct {
	route    *route
	counters []*counter // by name
	units    []*unit    // one for each scrape interval, by interval
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

func compareCounter(c *counter, name string) int { return strings.Compare(c.name, name) }

// unit is a Unit with what is known of it between pieces.
type unit struct {
	Unit
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
	oldest int64 // no state of the target is older than this
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

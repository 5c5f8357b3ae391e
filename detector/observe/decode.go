package observe

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// reader takes values from a buffer. After the first that cannot be, it is bad and returns zeros.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) fail() { r.bad, r.buf = true, nil }

// check fails unless the condition holds.
func (r *reader) check(ok bool) {
	if !ok {
		r.fail()
	}
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// within returns a number in [lo, hi].
func (r *reader) within(lo, hi int64) int64 {
	v := r.int()
	if v < lo || v > hi {
		r.fail()
		return lo
	}
	return v
}

func (r *reader) id() int32 { return int32(r.within(noID, math.MaxInt32)) }

// length returns the number of items that follow, each of at least one byte.
func (r *reader) length() int {
	n := r.int()
	if n < 0 || n > int64(len(r.buf)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) bool() bool { return r.within(0, 1) == 1 }

func (r *reader) bits() uint64 {
	if len(r.buf) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.buf)
	r.buf = r.buf[8:]
	return v
}

// value returns the value of a counter.
func (r *reader) value() float64 {
	v := Run{Value: math.Float64frombits(r.bits())}
	r.check(v.valid())
	return v.Value
}

func (r *reader) string() string {
	n := r.length()
	if r.bad {
		return ""
	}
	s := string(r.buf[:n])
	r.buf = r.buf[n:]
	return s
}

func (r *reader) state() state {
	s := newState(int(r.within(math.MinInt32, math.MaxInt32)))
	s.origin, s.watermark = r.int(), r.int()
	s.nextRoute = max(r.id(), 0)
	units, lines := int64(0), int64(0)
	s.units.base, units = max(r.id(), 0), r.within(0, math.MaxInt32)
	s.lines.base, lines = max(r.id(), 0), r.within(0, math.MaxInt32)
	for n := r.length(); n > 0 && !r.bad; n-- {
		route := &route{name: r.string(), id: r.id(), last: r.int(), dropped: r.bool(), since: r.int()}
		s.routes[route.name] = route
	}
	for n := r.length(); n > 0 && !r.bad; n-- {
		t := r.target(&s)
		s.targets[t.name] = t
	}
	if !r.bad {
		r.index(&s, int64(s.units.base)+units, int64(s.lines.base)+lines)
	}
	return s
}

// index enters units and targets by ID.
func (r *reader) index(s *state, units, lines int64) {
	var ids []*target
	var all []*unit
	for _, t := range s.targets {
		if t.id != noID {
			ids = append(ids, t)
		}
		for _, g := range t.groups {
			if g.own != nil {
				ids = append(ids, &g.own.target)
			}
			all = append(all, g.units...)
		}
	}
	slices.SortFunc(ids, func(a, b *target) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(all, func(a, b *unit) int { return cmp.Compare(a.ID, b.ID) })
	for _, t := range ids {
		r.check(fillTable(&s.lines, t, t.id))
	}
	for _, u := range all {
		r.check(fillTable(&s.units, u, u.ID))
	}
	r.check(padTable(&s.lines, lines) && padTable(&s.units, units))
}

// maxForgotten bounds the IDs in a row that were forgotten, so that damaged data cannot ask for all
// memory.
const maxForgotten = 1 << 24

// fillTable adds an item at its ID, after all with smaller ones.
func fillTable[T comparable](t *table[T], item T, id int32) bool {
	if id < t.next() || !padTable(t, int64(id)) {
		return false
	}
	t.add(item)
	return true
}

// padTable adds forgotten items up to an ID.
func padTable[T comparable](t *table[T], next int64) bool {
	missing := next - int64(t.next())
	if missing < 0 || missing > maxForgotten || next > math.MaxInt32 {
		return false
	}
	t.items = append(t.items, make([]T, missing)...)
	return true
}

func (r *reader) target(s *state) *target {
	t := newTarget(r.string())
	t.id = r.id()
	for n := r.length(); n > 0 && !r.bad; n-- {
		v := r.view()
		v.slot = uint8(min(len(t.views), maxViews))
		t.views = append(t.views, v)
	}
	if t.id != noID {
		t.line = r.timeline()
	}
	for n := r.length(); n > 0 && !r.bad; n-- {
		name := r.string()
		route := s.routes[name]
		if route == nil {
			r.fail()
			break
		}
		if t.groups == nil {
			t.groups = make(map[string]*group)
		}
		t.groups[name] = r.group(t, route)
		if t.groups[name].own != nil {
			t.owns++
		}
	}
	return t
}

func (r *reader) view() *viewState {
	v := newViewState(r.string())
	v.carries, v.sampled, v.doubt = r.bool(), r.bool(), r.doubt()
	v.first, v.last, v.covered = r.int(), r.int(), r.int()
	v.delta, v.candidate = r.within(0, math.MaxInt64), r.int()
	v.agreed = r.within(0, agreeingSpacings-1)
	v.seen = uint8(r.within(0, provisionalSpacings-1))
	for i := range v.seen {
		v.early[i] = r.int()
	}
	return v
}

func (r *reader) timeline() timeline {
	l := timeline{view: r.string(), delta: r.within(0, math.MaxInt64)}
	l.first, l.last, l.switched, l.covered = r.int(), r.int(), r.int(), r.int()
	at := l.first
	for n := r.length(); n > 0 && !r.bad; n-- {
		s := stretch{from: at + r.int()}
		s.last = s.from + r.int()
		l.closed = append(l.closed, s)
		at = s.last
	}
	for n := r.length(); n > 0 && !r.bad; n-- {
		s := span{first: r.int(), step: uint32(r.within(0, math.MaxUint32)), count: uint32(r.within(1, exactMillis))}
		r.check((s.step == 0) == (s.count == 1))
		l.recent = append(l.recent, s)
	}
	return l
}

func (r *reader) doubt() doubt {
	return doubt{since: r.int(), fresh: r.within(0, math.MaxInt64), lost: r.bool()}
}

func (r *reader) group(t *target, route *route) *group {
	g := &group{route: route}
	if r.bool() {
		g.own = &ownTimeline{target: target{name: t.name, id: r.id()}, since: r.int()}
		g.own.line = r.timeline()
		r.check(g.own.id != noID)
	}
	for n := r.length(); n > 0 && !r.bad; n-- {
		view := t.view(r.string())
		r.check(view != nil)
		t.doubts = append(t.doubts, routeDoubt{g, view, r.doubt()})
	}
	for n := r.length(); n > 0 && !r.bad; n-- {
		c := newCounter(r.string())
		c.last, c.value, c.sampled, c.missing = r.int(), r.value(), r.value(), uint8(r.within(0, gone))
		if r.bool() {
			c.other = &elsewhere{newest: r.int(), base: r.value(), present: uint64(r.int())}
		}
		g.counters = append(g.counters, c)
	}
	for n := r.length(); n > 0 && !r.bad; n-- {
		u := &unit{Unit: Unit{ID: r.id(), RouteID: route.id, TargetID: t.id, Route: route.name, Target: t.name}, own: r.bool()}
		if u.own {
			r.check(g.own != nil)
			if g.own != nil {
				u.TargetID = g.own.id
			}
		}
		u.DeltaMillis, u.SinceMillis, u.last = r.within(0, math.MaxInt64), r.int(), r.int()
		u.hours = hours{newest: r.int(), bits: r.bits()}
		g.units = append(g.units, u)
	}
	return g
}

func (r *reader) late() lateness {
	l := newLateness()
	l.seconds = r.int()
	for i := range int64(lateSeconds) {
		*l.seen.at(max(l.seconds, -lateSeconds) + i) = uint32(r.within(0, math.MaxUint32))
	}
	return l
}

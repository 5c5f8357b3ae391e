package observe

import (
	"cmp"
	"slices"
)

// touch notes that a group had every sample from one scrape to another.
func (e *evaluation) touch(first, last int64) {
	for i, ep := range e.line.epochs {
		if ep.first == never {
			continue
		}
		from, to := max(first, ep.first), min(last, ep.last)
		if from > to {
			continue
		}
		t := &e.touched[i]
		if t.first == never || from < t.first {
			t.first = from
		}
		t.last = max(t.last, to)
		t.hours.add(e.hoursOf(from, to))
	}
}

// hoursOf returns the hours in which there are scrapes from one to another.
func (e *evaluation) hoursOf(first, last int64) hours {
	h := hours{newest: hourOf(last)}
	oldest := hourOf(first)
	for hour := h.newest; hour >= oldest && h.newest-hour < 64; hour-- {
		if hour == h.newest || hour == oldest || e.hourScraped(hour) {
			h.bits |= 1 << uint64(h.newest-hour)
		}
	}
	return h
}

// hourScraped says whether the timeline has a scrape in the hour.
func (e *evaluation) hourScraped(hour int64) bool {
	base := hourOf(e.line.times[0].first)
	if e.scraped == nil {
		e.scraped = make([]bool, hourOf(e.line.last)-base+1)
		for i := range e.scraped {
			start := (base + int64(i)) * hourMillis
			e.scraped[i] = latest(e.line.times, start+hourMillis-1) >= start
		}
	}
	return e.scraped[hour-base]
}

// emit makes the events of the group at hand, and its units.
func (e *evaluation) emit(g *group) {
	units := make([]*unit, len(e.touched))
	for i, t := range e.touched {
		if delta := e.line.epochs[i].delta; delta > 0 && t.first != never {
			units[i] = e.unit(g, e.isOwn(g, i), delta, t)
		}
	}
	if len(g.counters) > 1 || len(e.births) > 0 { // else they are in order
		slices.SortStableFunc(e.growths, func(a, b growth) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind))
		})
	}
	for i, x := range e.growths {
		if i > 0 && e.growths[i-1].at == x.at && e.growths[i-1].kind == x.kind {
			event := &e.piece.Events[len(e.piece.Events)-1]
			event.LeftMillis = min(event.LeftMillis, x.left)
			event.Increment += x.increment
			continue
		}
		u := units[x.epoch]
		if u == nil { // the interval is not known yet
			u = e.unit(g, e.isOwn(g, x.epoch), 0, touched{first: x.at, last: x.at, hours: hours{newest: hourOf(x.at), bits: 1}})
		}
		e.piece.Events = append(e.piece.Events, Event{
			LeftMillis: x.left, AtMillis: x.at, Unit: &u.Unit, Kind: x.kind, Increment: x.increment,
		})
	}
}

// isOwn says whether an epoch is one of the route's own timeline, after it left that of its target.
func (e *evaluation) isOwn(g *group, epoch int) bool {
	return g.own != nil && e.line.epochs[epoch].from >= g.own.since
}

// unit returns the unit of the group at an interval, new where it must be, with its samples noted.
func (e *evaluation) unit(g *group, own bool, delta int64, t touched) *unit {
	i, ok := slices.BinarySearchFunc(g.units, delta, func(u *unit, delta int64) int {
		if u.own != own {
			if own {
				return -1
			}
			return 1
		}
		return cmp.Compare(u.DeltaMillis, delta)
	})
	if ok && expired(g.units[i].last, t.first) {
		e.units.forget(g.units[i].ID)
		g.units = slices.Delete(g.units, i, i+1)
		ok = false
	}
	if !ok {
		of := e.staged.target
		if own {
			of = &g.own.target
		}
		u := &unit{
			Unit: Unit{ID: noID, Route: g.route.name, Target: e.staged.target.name, DeltaMillis: delta, SinceMillis: t.first},
			own:  own, last: never,
		}
		g.units = slices.Insert(g.units, i, u)
		e.newUnits = append(e.newUnits, bornUnit{unit: u, route: g.route, target: of})
	}
	u := g.units[i]
	u.last = max(u.last, t.last)
	u.hours.add(t.hours)
	return u
}

package observe

import (
	"cmp"
	"slices"
	"strings"
)

// Limit changes how many routes are observed, between pieces; 0: any number. Those beyond it are dropped, in the
// order in which a smaller limit would have let them in, and are returned by name. When there is room again,
// routes that were beyond the limit are let in, by name; what their counters hold then is no error.
func (o *Observer) Limit(routes int) (dropped []string) {
	o.Abort()
	before := o.state.limit
	if o.options.RouteLimit, o.state.limit = routes, routes; routes == before {
		return nil
	}
	var held, beyond []*route
	for _, r := range o.state.routes {
		if r.dropped {
			beyond = append(beyond, r)
		} else {
			held = append(held, r)
		}
	}
	slices.SortFunc(held, func(a, b *route) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(beyond, func(a, b *route) int { return strings.Compare(a.name, b.name) })
	for i, r := range held {
		if routes > 0 && i >= routes {
			r.dropped, r.id = true, noID
			dropped = append(dropped, r.name)
			o.state.drop(r)
		}
	}
	for i, r := range beyond {
		if routes <= 0 || len(held)+i < routes {
			r.dropped, r.id, r.since = false, o.state.nextRoute, o.state.watermark
			o.state.nextRoute++
		}
	}
	o.unitsByID = nil
	return dropped
}

// drop forgets what is known of a route.
func (s *state) drop(r *route) {
	for _, t := range s.targets {
		g := t.groups[r.name]
		if g == nil {
			continue
		}
		for _, u := range g.units {
			s.units.forget(u.ID)
		}
		t.trust(g)
		if g.own != nil {
			s.lines.forget(g.own.id)
			t.owns--
		}
		delete(t.groups, r.name)
	}
}

package observe

import (
	"cmp"
	"slices"
	"strings"
)

// candidate is a route that is new, or was forgotten before its first sample in the piece.
type candidate struct {
	name        string
	first, last int64
}

// admit notes the samples of known routes and lets in new ones, as far as the limit allows.
func (c *commit) admit() {
	fresh := make(map[string]*candidate)
	c.stage.series.each(func(x *stagedSeries) {
		first, last, ok := x.bounds(&c.stage.log)
		if !ok {
			return
		}
		if x.route == nil {
			x.route = c.routes[x.name]
		}
		if x.route != nil {
			x.route.touch(c.stage.number, first, last)
			return
		}
		f := fresh[x.name]
		if f == nil {
			f = &candidate{name: x.name, first: first, last: last}
			fresh[x.name] = f
		}
		f.first, f.last = min(f.first, first), max(f.last, last)
	})
	candidates := make([]candidate, 0, len(fresh))
	for _, f := range fresh {
		candidates = append(candidates, *f)
	}
	c.choose(append(candidates, c.returning()...))
}

// returning moves known routes on and returns those whose state has expired in between.
func (c *commit) returning() []candidate {
	var out []candidate
	for _, r := range c.routes {
		switch {
		case r.stamp != c.stage.number:
			r.lapses(forEver)
		case expired(r.last, r.stagedFirst):
			r.lapses(r.stagedFirst)
			out = append(out, candidate{name: r.name, first: r.stagedFirst, last: r.staged})
		default:
			r.before, r.lapse = r.dropped, stretch{from: forEver, last: forEver}
			r.last = max(r.last, r.staged)
		}
	}
	return out
}

// choose admits candidates in the order of their first samples, then by name. A route holds its place
// until it is forgotten.
func (c *commit) choose(candidates []candidate) {
	if len(candidates) == 0 {
		return
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.name, b.name))
	})
	var held []int64 // newest samples of the routes that hold a place
	for _, r := range c.routes {
		if !r.dropped {
			held = append(held, r.last)
		}
	}
	slices.Sort(held)
	admitted := 0
	for _, f := range candidates {
		for len(held) > 0 && expired(held[0], f.first) {
			held = held[1:]
		}
		r := c.routes[f.name]
		if r == nil {
			r = &route{name: strings.Clone(f.name), id: noID, since: never, lapse: stretch{from: never, last: f.first}}
			c.routes[r.name] = r
		}
		r.last, r.id = f.last, noID
		r.dropped = c.options.RouteLimit > 0 && len(held)+admitted >= c.options.RouteLimit
		if r.dropped {
			c.piece.Quality.RoutesDropped++
			continue
		}
		admitted++
		r.id = c.nextRoute
		c.nextRoute++
	}
}

// lapses notes that nothing is known of the route from its expiry to its next sample.
func (r *route) lapses(next int64) {
	r.before, r.lapse = r.dropped, stretch{from: r.last + retentionMillis, last: next}
}

// counted returns which times of invalid samples are scrapes: those at which the route was not beyond the
// limit. While nothing is known of it, it is not: whether there will be room for it shows with its first
// valid sample, and that may be in a later piece.
func (r *route) counted(times []span) []span {
	if !r.before && !r.dropped {
		return times
	}
	out := between(times, r.lapse.from+1, r.lapse.last-1)
	if !r.before {
		out = union(between(times, never, r.lapse.from), out)
	}
	if !r.dropped {
		out = union(out, between(times, r.lapse.last, forEver-1))
	}
	return out
}

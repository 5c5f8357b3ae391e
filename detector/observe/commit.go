package observe

import (
	"cmp"
	"slices"
	"strings"
)

// commit moves the state over one piece.
type commit struct {
	*state
	stage   *stage
	options Options
	piece   Piece

	newTargets []bornTarget
	newUnits   []bornUnit
}

// bornTarget is a target whose first series was seen in the piece.
type bornTarget struct {
	target *target
	route  string // whose own timeline it is; empty: of no one
	at     int64
}

// bornUnit is a unit that was first seen in the piece.
type bornUnit struct {
	unit   *unit
	route  *route
	target *target
}

// expired says whether state of that age has been forgotten before the next sample came at a time.
func expired(last, at int64) bool { return last != never && at > last+retentionMillis }

// old says whether state is to be forgotten at the end of a piece.
func old(last, to int64) bool { return last == never || last+retentionMillis <= to }

func (c *commit) run() {
	c.admit()
	c.piece.Events = reuse(c.piece.Events, c.stage.expected())
	for _, t := range c.stage.targets {
		c.target(t)
	}
	c.number()
	sortEvents(c.piece.Events, c.stage.from, c.stage.to)
	c.prune()
}

// target moves one target over the piece.
func (c *commit) target(t *stagedTarget) {
	first := c.scrapeTimes(t)
	if first == never {
		return
	}
	if expired(t.target.lastScrape(), first) {
		c.renew(t.target, first)
	}
	c.targets[t.target.name] = t.target
	t.target.oldest = never // look at it when pruning
	l := c.layTarget(t)
	if l == nil {
		return
	}
	line, segments := l.lay(t.target, l.walks, never)
	if l.start != never && t.target.id == noID {
		c.newTargets = append(c.newTargets, bornTarget{target: t.target, at: l.start})
	}
	several := l.compare != nil || t.target.owns > 0
	if len(segments) == 0 && !several {
		return
	}
	c.attach(t)
	if several {
		l.ownTimelines()
	}
	if len(segments) > 0 {
		newEvaluation(l, line, segments).run()
		line.keep(c.stage.from, c.stage.to)
		c.piece.Quality.Gaps += line.gaps
	}
	if l.compare != nil {
		l.compare.settle()
	}
}

// scrapeTimes completes the scrape times of the views and returns the first of all, or never.
func (c *commit) scrapeTimes(t *stagedTarget) int64 {
	first := int64(never)
	for _, v := range t.views {
		v.series = slices.DeleteFunc(v.series, func(x *stagedSeries) bool { return c.dropped(v, x) })
		v.complete(&c.stage.log)
		if len(v.times) > 0 && (first == never || v.times[0].first < first) {
			first = v.times[0].first
		}
	}
	return first
}

// dropped says whether the series is one of a route beyond the limit. What it tells of scrapes before it was is
// kept in the view.
func (c *commit) dropped(v *stagedView, x *stagedSeries) bool {
	if x.route == nil {
		x.route = c.routes[x.name]
	}
	if x.route == nil {
		return false
	}
	if x.odd != nil && len(x.odd.stray) > 0 {
		x.odd.stray = x.route.counted(x.odd.stray)
		if x.route.dropped {
			v.stray = union(v.stray, x.odd.stray)
		}
	}
	return x.route.dropped
}

// complete finds the scrape times of the view, now that every sample was handed over: those that `up`
// tells of and those of the samples themselves.
func (v *stagedView) complete(log *markLog) {
	v.times = union(v.up, v.stray)
	odd := len(v.stray) > 0
	for _, x := range v.series {
		if x.odd == nil {
			continue
		}
		odd = true
		var own []span
		for _, run := range x.odd.runs {
			own = appendSpan(own, run.times())
		}
		v.times = union(union(v.times, own), x.odd.stray)
	}
	for _, x := range v.series {
		if odd {
			x.walker = walk(log, v.times, x.runs(log, v.up))
		}
		x.walker.finish(v.times)
	}
}

// renew makes a target that was silent for longer than Retention a new one.
func (c *commit) renew(t *target, at int64) {
	for _, g := range t.groups {
		for _, u := range g.units {
			c.units.forget(u.ID)
		}
		g.units = nil
		t.trust(g)
		c.disown(t, g)
		for _, x := range g.counters {
			x.reset()
		}
	}
	if t.id != noID {
		c.lines.forget(t.id)
	}
	t.id, t.line = noID, newTimeline()
	t.dropViews(func(v *viewState) bool { return expired(v.last, at) })
}

// attach makes new counters of routes that are observed part of the target.
func (c *commit) attach(t *stagedTarget) {
	for key, x := range t.fresh {
		r := c.routes[key.route]
		if r == nil || r.dropped {
			continue
		}
		g := t.target.groups[r.name]
		if g == nil {
			g = &group{route: r}
			if t.target.groups == nil {
				t.target.groups = make(map[string]*group)
			}
			t.target.groups[r.name] = g
		}
		g.add(x)
	}
}

// number gives IDs to what is new, in the order of first samples, then names.
func (c *commit) number() {
	slices.SortFunc(c.newTargets, func(a, b bornTarget) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.target.name, b.target.name), strings.Compare(a.route, b.route))
	})
	for _, b := range c.newTargets {
		b.target.id = c.lines.next()
		c.lines.add(b.target)
	}
	slices.SortFunc(c.newUnits, func(a, b bornUnit) int {
		return cmp.Or(
			cmp.Compare(a.unit.SinceMillis, b.unit.SinceMillis),
			strings.Compare(a.unit.Route, b.unit.Route),
			strings.Compare(a.unit.Target, b.unit.Target),
			cmp.Compare(a.unit.DeltaMillis, b.unit.DeltaMillis),
		)
	})
	for _, b := range c.newUnits {
		b.unit.ID, b.unit.RouteID, b.unit.TargetID = c.units.next(), b.route.id, b.target.id
		c.units.add(b.unit)
	}
}

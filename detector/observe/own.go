package observe

// Routes of a target share its timeline, unless one of them is not in all the views that carry series of
// the source: then it has a timeline of its own, on which only the views compete that have it.

// ownTimelines lays and evaluates the timelines of single routes.
func (l *laying) ownTimelines() {
	t := l.staged.target
	for _, g := range t.groups {
		if l.compare == nil {
			if g.own != nil {
				l.evaluate(g, l.walks)
			}
			continue
		}
		views, since := l.compare.route(g)
		if g.own == nil && since != never {
			l.own(g, since)
		}
		if g.own != nil {
			l.evaluate(g, views)
		}
	}
}

// refresh makes a route that was silent for longer than Retention one of which nothing is known.
func (c *commit) refresh(t *stagedTarget, g *group) {
	if g.own == nil && !t.target.doubted(g) {
		return
	}
	newest := int64(never)
	for _, x := range g.counters {
		newest = max(newest, x.seen())
	}
	for _, u := range g.units {
		newest = max(newest, u.last)
	}
	if !expired(newest, c.stage.to) {
		return
	}
	first := int64(forEver)
	for _, x := range g.counters {
		first = x.firstStaged(&c.stage.log, first)
	}
	for key, x := range t.fresh { // a silent route may come back with other counters
		if key.route == g.route.name {
			first = x.firstStaged(&c.stage.log, first)
		}
	}
	if first != forEver && expired(newest, first) {
		t.target.trust(g)
		c.disown(t.target, g)
	}
}

// own gives a route a timeline of its own, which is that of the target so far.
func (l *laying) own(g *group, since int64) {
	t := l.staged.target
	g.own = &ownTimeline{target: target{name: t.name, id: noID, line: l.before.clone()}, since: since}
	t.owns++
	l.newTargets = append(l.newTargets, bornTarget{target: &g.own.target, route: g.route.name, at: since})
}

func (l *laying) evaluate(g *group, walks []*viewWalk) {
	line, segments := l.lay(&g.own.target, walks, g.own.since)
	if len(segments) == 0 {
		return
	}
	e := newEvaluation(l, line, segments)
	e.own, e.since = true, g.own.since
	e.group(g)
	line.keep(l.stage.from, l.stage.to)
}

// disown forgets the timeline of a route.
func (c *commit) disown(t *target, g *group) {
	if g.own == nil {
		return
	}
	c.lines.forget(g.own.id)
	g.own = nil
	t.owns--
}

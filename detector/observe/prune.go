package observe

import "slices"

// prune forgets what had no sample for as long as Retention.
func (c *commit) prune() {
	to := c.stage.to
	for name, t := range c.targets {
		if c.settleLines(t); !old(t.oldest, to) {
			continue
		}
		t.dropViews(func(v *viewState) bool { return old(v.last, to) })
		c.pruneGroups(t)
		if len(t.views) == 0 {
			delete(c.targets, name)
			if t.id != noID {
				c.lines.forget(t.id)
			}
			continue
		}
		t.oldest = t.findOldest()
	}
	for name, r := range c.routes {
		if old(r.last, to) {
			delete(c.routes, name)
		}
	}
}

// settleLines forgets scrapes that are too long before the piece.
func (c *commit) settleLines(t *target) {
	t.line.settle(c.stage.from)
	if t.owns == 0 {
		return
	}
	for _, g := range t.groups {
		if g.own != nil {
			g.own.line.settle(c.stage.from)
		}
	}
}

func (c *commit) pruneGroups(t *target) {
	to := c.stage.to
	for name, g := range t.groups {
		g.counters = slices.DeleteFunc(g.counters, func(x *counter) bool { return old(x.seen(), to) })
		g.units = slices.DeleteFunc(g.units, func(u *unit) bool {
			if old(u.last, to) {
				c.units.forget(u.ID)
				return true
			}
			return false
		})
		if len(g.counters) == 0 && len(g.units) == 0 {
			c.disown(t, g)
			t.trust(g)
			delete(t.groups, name)
		}
	}
}

// findOldest returns the time of the oldest state of the target.
func (t *target) findOldest() int64 {
	oldest := t.lastScrape()
	for _, v := range t.views {
		oldest = min(oldest, v.last)
	}
	for _, g := range t.groups {
		for _, x := range g.counters {
			oldest = min(oldest, x.seen())
		}
		for _, u := range g.units {
			oldest = min(oldest, u.last)
		}
	}
	return oldest
}

package detector

import "slices"

// Forget drops routes at once, because they are beyond a limit that was lowered. What the pooled streams bet
// on them is taken back. A finding with an alarm stays, with the transition "gone" as its last one.
func (d *Detector) Forget(names []string) {
	gone := func(u *unit) bool { return slices.Contains(names, u.route.name) }
	for _, c := range d.clocks {
		for n := c.entries.len(); n > 0; n-- {
			e := *c.entries.at(0)
			if c.entries.pop(); !gone(e.unit) {
				*c.entries.push() = e
			}
		}
		for f := range c.lanes {
			d.takeBack(&c.lanes[f], gone)
		}
	}
	for _, r := range d.routes {
		if slices.Contains(names, r.name) {
			d.dropRoute(r)
		}
	}
	d.routes = slices.DeleteFunc(d.routes, func(r *route) bool {
		if !slices.Contains(names, r.name) {
			return false
		}
		delete(d.routeByID, r.id)
		return true
	})
}

// takeBack removes the open trials of units.
func (d *Detector) takeBack(l *lane, gone func(*unit) bool) {
	for n := l.trials.len(); n > 0; n-- {
		tr := *l.trials.at(0)
		if l.trials.pop(); !gone(tr.unit) {
			*l.trials.push() = tr
			continue
		}
		pool := &d.pools[l.pool.first]
		pool.closeTrial(d.bets, &tr.pooled, tr.pool, &outcome{})
	}
}

func (d *Detector) dropRoute(r *route) {
	before := len(d.departed)
	if r.streams != nil {
		d.leave(r, d.watermarkMillis)
	}
	for i := range d.departed[before:] {
		d.departed[before+i].finding.Advice = "the route is not watched any more: it is beyond limits.routes"
	}
	if r.counted {
		d.active -= r.tested
	}
	for _, u := range r.registered {
		d.dropUnit(u)
	}
	r.registered, r.counted = nil, false
}

func (d *Detector) dropUnit(u *unit) {
	delete(d.units, u.id)
	if u.target == nil {
		return
	}
	if u.target.units--; u.target.units == 0 {
		delete(d.targets, targetKey{u.target.id, u.target.deltaMillis})
	}
}

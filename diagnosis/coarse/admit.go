package coarse

import (
	"cmp"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// How long what has no samples any more is kept. An account outlasts every suspicion: that expires by the end of the day
// after the one that it is about, and blocks settle ten intervals of up to an hour later.
const (
	keepRouteMillis   = dayMillis
	keepAccountMillis = 3 * dayMillis
	keepGoneMillis    = 3 * dayMillis // longer than a day whose levels may still be asked for
)

// admission decides which routes are taken in, and from when on, so that it does not matter how time is
// cut: the limit counts those that had a sample within a day, and a place that becomes free goes to the first
// route, by time and then name, that has a sample from then on.
type admission struct {
	collector  *Collector
	samples    map[string][][]observe.Run // of companions in the piece, by route and series
	candidates []candidate                // in order
	leaving    []candidate                // routes that expire, in order
	active     int
}

// candidate is a route and a time: of the first sample that may count, or of leaving.
type candidate struct {
	name     string
	atMillis int64
}

func (c candidate) compare(o candidate) int {
	return cmp.Or(cmp.Compare(c.atMillis, o.atMillis), cmp.Compare(c.name, o.name))
}

// admit takes in the routes that are seen for the first time, or again after a day, up to the limit.
func (c *Collector) admit(pieces []*piece) {
	a := &admission{collector: c, samples: companionsOf(pieces), active: len(c.routes)}
	for name, r := range c.routes {
		first := nextSample(a.samples[name], r.Last)
		if first > 0 && first-r.Last <= keepRouteMillis {
			continue
		}
		a.leaving = append(a.leaving, candidate{name, r.Last + keepRouteMillis})
		if first > 0 {
			a.candidates = append(a.candidates, candidate{name, first})
		}
	}
	for name, runs := range a.samples {
		if first := nextSample(runs, 0); c.routes[name] == nil && first > 0 {
			a.candidates = append(a.candidates, candidate{name, first})
		}
	}
	slices.SortFunc(a.leaving, candidate.compare)
	slices.SortFunc(a.candidates, candidate.compare)
	a.run()
	for name, runs := range a.samples {
		if r := c.routes[name]; r != nil {
			r.Last = max(r.Last, lastSample(runs))
		}
	}
}

func (a *admission) run() {
	limit := a.collector.options.RouteLimit
	for len(a.candidates) > 0 {
		next := a.candidates[0]
		for len(a.leaving) > 0 && a.leaving[0].atMillis < next.atMillis {
			a.leave()
		}
		if limit <= 0 || a.active < limit {
			a.candidates = a.candidates[1:]
			a.active++
			fresh := newRoute(len(a.collector.options.Fingerprints))
			fresh.Since, fresh.Last = next.atMillis, next.atMillis
			a.collector.routes[next.name] = fresh
			continue
		}
		if len(a.leaving) == 0 {
			return
		}
		a.wait(a.leaving[0].atMillis)
	}
}

// leave lets the next route go.
func (a *admission) leave() {
	name := a.leaving[0].name
	a.leaving = a.leaving[1:]
	a.collector.remove(name)
	a.active--
}

// wait puts the candidates off until after a time.
func (a *admission) wait(afterMillis int64) {
	waiting := a.candidates[:0]
	for _, c := range a.candidates {
		if c.atMillis = nextSample(a.samples[c.name], afterMillis); c.atMillis > 0 {
			waiting = append(waiting, c)
		}
	}
	slices.SortFunc(waiting, candidate.compare)
	a.candidates = waiting
}

// companionsOf are the samples of routes. The errors do not count: they are read only where there are companions.
func companionsOf(pieces []*piece) map[string][][]observe.Run {
	all := make(map[string][][]observe.Run)
	for _, p := range pieces {
		for _, v := range p.views {
			for key, runs := range v.series {
				if key.role != roleErrors && key.route != wholeProcess {
					all[key.route] = append(all[key.route], runs)
				}
			}
		}
	}
	return all
}

// nextSample is the first sample after a time of any of several series; 0: there is none.
func nextSample(all [][]observe.Run, afterMillis int64) int64 {
	next := int64(0)
	for _, runs := range all {
		for _, run := range runs { // in order
			if run.LastMillis() <= afterMillis {
				continue
			}
			at := run.FirstMillis
			if at <= afterMillis {
				at += ((afterMillis-at)/run.StepMillis + 1) * run.StepMillis
			}
			if next == 0 || at < next {
				next = at
			}
			break
		}
	}
	return next
}

func lastSample(all [][]observe.Run) int64 {
	last := int64(0)
	for _, runs := range all {
		if len(runs) > 0 {
			last = max(last, runs[len(runs)-1].LastMillis())
		}
	}
	return last
}

// remove forgets a route.
func (c *Collector) remove(name string) {
	r := c.routes[name]
	for f, list := range r.Accounts {
		for i := range list {
			c.bury(name, f, &list[i], r.Last+keepRouteMillis)
		}
	}
	delete(c.routes, name)
}

// forget drops what is long gone. It depends on the time up to which all is known, and on nothing else.
func (c *Collector) forget(toMillis int64) {
	for name, r := range c.routes {
		if toMillis-r.Last > keepRouteMillis {
			c.remove(name)
			continue
		}
		for f := range r.Accounts {
			r.Accounts[f] = slices.DeleteFunc(r.Accounts[f], func(a account) bool {
				gone := toMillis-a.Last > keepAccountMillis
				if gone {
					c.bury(name, f, &a, a.Last+keepAccountMillis)
				}
				return gone
			})
			r.Shown[f] = slices.DeleteFunc(r.Shown[f], func(a account) bool { return toMillis-a.Last > keepAccountMillis })
		}
	}
	for name, t := range c.targets {
		if t.forget(toMillis) {
			delete(c.targets, name)
		}
	}
	if c.gone = slices.DeleteFunc(c.gone, func(g gone) bool { return toMillis-g.LeftMillis > keepGoneMillis }); len(c.gone) == 0 {
		c.gone = nil // as it is in a state that was read
	}
}

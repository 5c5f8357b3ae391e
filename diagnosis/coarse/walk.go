package coarse

import (
	"slices"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
)

// walk goes through the intervals of one route on one target.
type walk struct {
	*intervals
	collector *Collector
	target    *target
	name      string // of the route
	route     *route
	list      []*series
	marks     [histograms]marks // of the histograms of the cluster
	newest    int64             // sample of the route on the target
}

// growths are what the series of a route grew by in an interval, by role.
type growths [roles]int64

// A scene is what holds in one or more intervals in a row.
type scene struct {
	grown             growths
	pending           int64   // at the left end
	present           roleSet // at the right end
	upstream, connect mark
}

func (w *walk) run() error {
	end := len(w.times) - 1
	pending := int64(0) // at the scrape before
	for _, s := range w.list {
		if s.Role == rolePending && s.Present {
			pending += int64(s.Value)
		}
		w.newest = max(w.newest, s.At)
	}
	for i := 0; i <= end; {
		x, next, hold := w.step(i, end)
		x.pending = pending
		if err := w.emit(i, i, x); err != nil {
			return err
		}
		pending = next
		x.grown, x.pending = growths{}, pending
		for j, last := i+1, w.alive(hold); j <= last; j = w.until[j] + 1 {
			if err := w.emit(j, min(last, w.until[j]), x); err != nil {
				return err
			}
		}
		i = hold + 1
	}
	for _, s := range w.list {
		s.spans, s.pos = nil, 0
	}
	return nil
}

// step moves the series on to scrape i. Next is the gauge there, and nothing changes until hold.
func (w *walk) step(i, end int) (x scene, next int64, hold int) {
	x.upstream, x.connect = w.marks[upstreamIndex].at(i, end), w.marks[connectIndex].at(i, end)
	hold = min(x.upstream.last, x.connect.last)
	for _, s := range w.list {
		value, present, until := s.at(i, end)
		hold = min(hold, until)
		if s.Role == rolePending {
			s.Value, s.Present = value, present
			if present {
				next += int64(min(value, 1<<40))
			}
		} else {
			x.grown[s.Role] += s.take(value, present, w.times[i], w.left[i] > 0)
		}
		if present {
			s.At = w.times[until]
			x.present |= 1 << s.Role
			w.newest = max(w.newest, w.times[i])
		}
	}
	if x.present != 0 {
		w.newest = max(w.newest, w.times[hold])
	}
	return x, next, hold
}

// alive is the last interval up to the given one at which the route still is on the target. That must
// not depend on where pieces end.
func (w *walk) alive(last int) int {
	n, found := slices.BinarySearch(w.times, w.newest+forgetMillis)
	if !found {
		n--
	}
	return min(last, n)
}

// emit books the intervals from first to last, in which the same things happened.
func (w *walk) emit(first, last int, x scene) error {
	c := w.classes[first]
	if c.length == 0 || w.newest == 0 || w.alive(first) < first {
		return nil // nothing before it, or the route is not there yet or any more
	}
	w.processBetween(&x.grown, first, last)
	x.grown[roleLate] = w.marks[connectIndex].between(0, first, last)
	w.route.count(c, w.times[first], last-first+1, x)
	for f := range w.collector.options.Fingerprints {
		w.route.slow(w.times[first], f, c.slow, w.slowBetween(f, first, last))
	}
	if c.delta < minDeltaMillis {
		return nil
	}
	s := w.stretch(first, last, c, x)
	for f, fp := range w.collector.options.Fingerprints {
		own := s
		if c.slow>>f&1 == 1 {
			own.Known |= diagnosis.KnownSlow
			own.Slow = c.grew>>f&1 == 1
		}
		if x.upstream.known>>f&1 == 1 {
			own.Known |= diagnosis.KnownUpstream
			own.Upstream = x.upstream.grew>>f&1 == 1
		}
		if err := w.add(f, fp, c, own); err != nil {
			return err
		}
	}
	return nil
}

// add adds a stretch to its account.
func (w *walk) add(fingerprint int, fp score.Fingerprint, c class, s diagnosis.Stretch) error {
	list := &w.route.Accounts[fingerprint]
	if c.thinned {
		list = &w.route.Shown[fingerprint]
	}
	a, before, err := accountOf(list, fp, c.delta, s.LeftMillis)
	if err != nil {
		return err
	}
	if before != nil && !c.thinned {
		w.collector.bury(w.name, fingerprint, before, before.Last+keepAccountMillis)
	}
	return a.add(s)
}

// stretch is what all fingerprints have in common. Where the errors are connect timeouts themselves, they are the
// attempts whose wait is measured, and no share of timeouts can object: other connects may be refused.
func (w *walk) stretch(first, last int, c class, x scene) diagnosis.Stretch {
	s := diagnosis.Stretch{
		Target: w.target.ID, LeftMillis: w.left[first], AtMillis: w.times[last], Intervals: last - first + 1,
		Known:  diagnosis.KnownErrors,
		Errors: x.grown[roleErrors], Failures: x.grown[roleFailures], Timeouts: x.grown[roleTimeouts], Pending: x.pending,
	}
	if c.left {
		s.Known |= diagnosis.KnownPending
	}
	if w.collector.options.ConnectTimeouts {
		s.Known |= diagnosis.KnownFailures
		s.Failures, s.Timeouts = s.Errors, 0
		return s
	}
	if c.seen.has(roleFailures) {
		s.Known |= diagnosis.KnownFailures
	}
	if c.seen.has(roleTimeouts) {
		s.Known |= diagnosis.KnownTimeouts
	}
	return s
}

package detector

import "math"

// trial is a bet on the lags of the cells that follow a cell.
type trial struct {
	closeMillis int64
	sequence    uint64 // order of opening, from 1
	startMillis int64  // right end of the trigger cell
	position    uint64 // of the trigger cell
	unit        *unit
	epoch, pool uint32 // of the route's stream and of the pooled one, when the stakes were placed
	own, pooled stakes
}

// outcome is what a trial saw.
type outcome struct {
	own, hits int // cells in the window: of the trigger's own unit, and of all; hits stops at four
	scores    [maxScores]float64
	notable   bool
}

// open opens the trials of a new cell.
func (d *Detector) open(u *unit, position uint64, atMillis int64) {
	for f := range u.clock.lanes {
		l := &u.clock.lanes[f]
		s := &u.route.streams[f]
		if !l.resolvable || s.ignored {
			continue
		}
		pool := &d.pools[f]
		tr := l.trials.push()
		placed := s.bet(d.bets, l, atMillis, &tr.own)
		pooled := pool.bet(d.bets, l, atMillis, &tr.pooled)
		if !placed && !pooled {
			l.trials.unpush()
			continue
		}
		d.sequence++
		tr.closeMillis, tr.sequence = atMillis+l.closeMillis, d.sequence
		tr.startMillis, tr.position, tr.unit = atMillis, position, u
		tr.epoch, tr.pool = s.epoch, pool.epoch
		d.nextClose = min(d.nextClose, tr.closeMillis)
	}
}

// settleNext settles what closes first: cells that enter the histograms before trials.
func (d *Detector) settleNext() {
	var first *lane
	var entering *clock
	at := d.nextClose
	next := int64(math.MaxInt64)
	for _, c := range d.clocks {
		if c.entries.len() > 0 {
			if closes := c.entries.at(0).closeMillis; closes == at && entering == nil {
				entering = c
			}
		}
		for f := range c.lanes {
			if l := &c.lanes[f]; l.trials.len() > 0 && l.trials.at(0).closeMillis == at &&
				(first == nil || l.trials.at(0).sequence < first.trials.at(0).sequence) {
				first = l
			}
		}
	}
	switch {
	case entering != nil:
		e := entering.entries.at(0)
		entering.entries.pop()
		d.enter(e)
	case first != nil:
		tr := first.trials.at(0)
		first.trials.pop()
		d.settle(first, tr)
	}
	for _, c := range d.clocks {
		next = min(next, c.nextClose())
	}
	d.nextClose = next
}

// nextClose is when the next cell enters or the next trial closes.
func (c *clock) nextClose() int64 {
	next := int64(math.MaxInt64)
	if c.entries.len() > 0 {
		next = c.entries.at(0).closeMillis
	}
	for f := range c.lanes {
		if trials := &c.lanes[f].trials; trials.len() > 0 {
			next = min(next, trials.at(0).closeMillis)
		}
	}
	return next
}

// settle closes a trial: for the stream of its route, then for the pooled one.
func (d *Detector) settle(l *lane, tr *trial) {
	o := &d.outcome
	d.look(l, tr, o)
	f := l.pool.first
	s, pool := &tr.unit.route.streams[f], &d.pools[f]
	if o.notable {
		s.members.roll(pool.epoch)
		s.members.since++
	}
	s.closeTrial(d.bets, &tr.own, tr.epoch, o)
	own := d.decide(s, tr, o)
	pool.closeTrial(d.bets, &tr.pooled, tr.pool, o)
	pooled := d.decide(pool, tr, o)
	if d.onTrial != nil {
		d.onTrial(tr, o, own, pooled)
	}
}

// decide draws the conclusions of a settled trial for one stream.
func (d *Detector) decide(s *stream, tr *trial, o *outcome) happening {
	s.peak = max(s.peak, s.evidence)
	if o.hits == 0 {
		return nothing
	}
	if o.notable && s.candidate == 0 {
		s.candidate = tr.startMillis
	}
	if s.evidence <= float64(s.injected) {
		s.candidate = 0
	}
	what := s.judge(d.threshold(), d.guard)
	if what != nothing {
		d.announce(s, what, tr.closeMillis)
	}
	return what
}

// look finds the cells in the window of a trial and scores them. The e-value of a level is the mean
// score of its cells, which is valid however they depend on one another; without cells, or with more
// than three, it is 1.
func (d *Detector) look(l *lane, tr *trial, o *outcome) {
	*o = outcome{}
	var slots, own [maxHits + 1]int
	n, m := 0, 0
	u, cells := tr.unit, &tr.unit.route.cells
	for p := tr.position + 1; p < cells.end() && n <= maxHits; p++ {
		c := cells.at(p)
		if c.unit.clock != u.clock {
			continue
		}
		slot, ok := l.table.Slot(c.atMillis - tr.startMillis)
		if !ok || !d.covers(c.unit, l, tr) {
			continue
		}
		slots[n] = slot
		n++
		if c.unit == u {
			own[m] = slot
			m++
		}
	}
	if n > maxHits {
		m = d.lookSame(l, tr, &own)
	}
	o.own, o.hits = m, n
	if n > 0 {
		d.average(l, own[:m], 0, o)
		d.average(l, slots[:n], 1, o)
	}
}

// lookSame finds the cells of the trigger's own unit in the window of a crowded trial.
func (d *Detector) lookSame(l *lane, tr *trial, own *[maxHits + 1]int) int {
	if !d.covers(tr.unit, l, tr) {
		return 0
	}
	m := 0
	cells := &tr.unit.route.cells
	p := tr.position
	for next := cells.at(p).next; next != 0 && m <= maxHits; next = cells.at(p).next {
		p += uint64(next)
		if slot, ok := l.table.Slot(cells.at(p).atMillis - tr.startMillis); ok {
			own[m] = slot
			m++
		}
	}
	return m
}

// average sets the scores of one level.
func (d *Detector) average(l *lane, slots []int, level int, o *outcome) {
	kernels := len(l.table.Kernels)
	for k := range kernels {
		for r := range rhos {
			e := 1.0
			if len(slots) > 0 && len(slots) <= maxHits {
				sum := 0.0
				for _, slot := range slots {
					sum += l.scores[(slot*maxKernels+k)*rhos+r]
				}
				e = sum / float64(len(slots))
			}
			o.scores[scoreIndex(k, r, level)] = e
		}
		if o.scores[scoreIndex(k, 0, level)] > notable {
			o.notable = true
		}
	}
}

// enter counts a cell whose trials have closed, and its lags to the earlier ones.
func (d *Detector) enter(e *entry) {
	u := e.unit
	c, r := u.clock, u.route
	atMillis := e.closeMillis - c.closeMillis
	if u.tally == nil {
		u.tally = r.tallyOf(c)
	}
	crowded := e.position-min(e.position, r.cells.first) > maxCrowd
	u.tally.cell(atMillis, crowded)
	for f := range c.lanes {
		if !r.streams[f].ignored {
			c.lanes[f].pool.cell(atMillis, crowded)
		}
	}
	if crowded || c.bins == 0 {
		return
	}
	u.count(atMillis)
	u.target.remember(atMillis)
	for p := e.position; p > r.cells.first; {
		p--
		earlier := r.cells.at(p)
		lag := atMillis - earlier.atMillis
		if 2*lag >= c.pairLimit2 {
			return
		}
		if earlier.unit.clock != c {
			continue
		}
		bin, own := c.bin(lag), earlier.unit == u
		u.tally.pair(earlier.atMillis, bin, own)
		for f := range c.lanes {
			l := &c.lanes[f]
			if !r.streams[f].ignored {
				l.pool.pair(earlier.atMillis, bin, own)
			}
			if flags := l.hot(bin, own); flags != 0 {
				u.tally.meet(f, flags, earlier.atMillis, atMillis, u.targetName, &r.streams[f])
			}
		}
	}
}

// maxCrowd is the number of recent cells of a route beyond which further ones enter no histogram:
// their lags would cost more than they tell, since hardly a scrape interval is free of errors then.
const maxCrowd = 4096

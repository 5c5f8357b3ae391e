package diagnosis

// firstLook is how many error intervals, or failed connects, the first look of a day waits for.
const firstLook = 20

// A day is a UTC day of blocks; a block belongs to the day in which it starts.
type day struct {
	number int64 // days since 1970
	tally
	looks  [tests]uint8 // taken so far
	passed bool         // whether a look made the route suspected
}

// Advance moves the watermark, settles the blocks that can change no more and takes the looks that
// fall due. Every stretch that ends at or before toMillis must have been added. Alpha is the level of
// each test over the UTC day that starts at dayMillis; it must not depend on anything that happens
// in that day. The transitions come in order.
//
// After a look back over a long stretch of time, advance one account after the other rather than all
// at the end: what is not settled is kept.
func (a *Account) Advance(toMillis int64, alpha func(dayMillis int64) float64) []Transition {
	if a.started && toMillis <= a.watermark {
		return nil
	}
	last := floorDiv(toMillis-2*a.options.DeltaMillis, a.blockMillis()) - 1 // newest block that is settled
	if !a.started {
		a.started, a.day.number = true, a.dayOf(last+1)
		if len(a.blocks) > 0 {
			a.day.number = min(a.day.number, a.dayOf(a.blocks[0].index))
		}
	}
	a.watermark = toMillis
	for id, t := range a.targets {
		if t.index <= last {
			a.closeStrata(t)
			delete(a.targets, id)
		}
	}
	var transitions []Transition
	settled := 0
	for ; settled < len(a.blocks) && a.blocks[settled].index <= last; settled++ {
		b := a.blocks[settled]
		transitions = a.closeDays(a.dayOf(b.index), alpha, transitions)
		a.day.add(b.tally)
		transitions = a.look(a.settleMillis(b.index), alpha, false, transitions)
	}
	if settled > 0 { // not in place: a long piece leaves much room behind
		a.blocks = append(a.blocks[:0:0], a.blocks[settled:]...)
	}
	return a.closeDays(a.dayOf(last+1), alpha, transitions)
}

// closeDays ends the days before the given one.
func (a *Account) closeDays(number int64, alpha func(int64) float64, transitions []Transition) []Transition {
	for a.day.number < number {
		nextBlock := -floorDiv(-(a.day.number+1)*dayMillis, a.blockMillis()) // first that starts in the next day
		atMillis := a.settleMillis(nextBlock - 1)
		transitions = a.look(atMillis, alpha, true, transitions)
		if a.suspected && !a.day.passed {
			a.suspected, a.suspicion = false, Suspicion{}
			transitions = append(transitions, Transition{AtMillis: atMillis})
		}
		a.yesterday = a.day.tally
		a.day = day{number: a.day.number + 1}
		if a.day.number < number-1 && !a.suspected { // nothing can happen in empty days
			a.yesterday, a.day.number = tally{}, number
		}
	}
	return transitions
}

// look tests what is due: a count that was reached, or the rest of the level at the end of the day.
func (a *Account) look(atMillis int64, alpha func(int64) float64, end bool, transitions []Transition) []Transition {
	for test := range tests {
		count, taken := a.day.count(test), a.day.looks[test]
		if count == 0 || !end && count < firstLook<<taken {
			continue
		}
		level := alpha(a.day.number * dayMillis)
		for range taken {
			level /= 2 // the looks so far left this
		}
		if !end {
			level /= 2
			for count >= firstLook<<a.day.looks[test] {
				a.day.looks[test]++
			}
		}
		transitions = a.judge(test, int(taken)+1, level, atMillis, transitions)
	}
	return transitions
}

func (y *tally) count(t Test) int64 {
	if t == DwellTest {
		return y.attempts
	}
	n := int64(0)
	for _, c := range y.links[latencyLink].strata {
		n += c.count * int64(c.Errors)
	}
	return n
}

// judge makes the route suspected if the test passes at the level and nothing contradicts.
func (a *Account) judge(test Test, number int, level float64, atMillis int64, transitions []Transition) []Transition {
	e := a.evidence(a.day.tally)
	p, ok := e.pValue(test)
	if !ok || p > level || e.contradicts(a.options.Fingerprint) {
		return transitions
	}
	since := atMillis
	if a.suspected {
		since = a.suspicion.SinceMillis
	} else {
		transitions = append(transitions, Transition{AtMillis: atMillis, Suspected: true})
	}
	a.day.passed, a.suspected = true, true
	a.suspicion = Suspicion{SinceMillis: since, AtMillis: atMillis, Test: test, Look: number, PValue: p, Level: level}
	return transitions
}

func (e Evidence) pValue(test Test) (float64, bool) {
	switch {
	case test == DwellTest && e.Dwell != nil:
		return e.Dwell.PValue, true
	case test == AssociationTest && e.Association != nil:
		return e.Association.PValue, true
	}
	return 1, false
}

// Suspected returns the look that made the route suspected. A suspicion expires at the end of the
// first UTC day that does not repeat it.
func (a *Account) Suspected() (Suspicion, bool) { return a.suspicion, a.suspected }

// Evidence is what the UTC day before and the present one, as far as it is settled, have shown. It
// is for display: the looks are taken of single days.
func (a *Account) Evidence() Evidence {
	var both tally
	both.add(a.yesterday)
	both.add(a.day.tally)
	return a.evidence(both)
}

func (a *Account) evidence(y tally) Evidence {
	var e Evidence
	interval := float64(a.options.DeltaMillis) / 1000
	_, hi := a.options.Fingerprint.Seconds()
	if quiet := y.idle + y.busy; quiet > 0 {
		base := float64(y.busy) / float64(quiet)
		if d, ok := NewDwell(y.attempts, y.hits, interval, base); ok && d.Usable(hi) {
			e.Dwell = &d
		}
	}
	for k, to := range [links]**Association{&e.Association, &e.Upstream} {
		if r, ok := y.links[k].strata.associate(y.links[k].coincidences); ok {
			*to = &r
		}
	}
	if r, ok := TimeoutShare(y.failures, y.timeouts); ok {
		e.TimeoutShare = &r
	}
	if r, ok := y.counts.Pairing(interval); ok {
		e.CountPairing = &r
	}
	return e
}

package diagnosis

// A tally is what is counted over blocks. Tallies of separate blocks add up.
type tally struct {
	attempts, hits     int64 // failed connects with the gauge known, and those seen pending
	idle, busy         int64 // intervals without failed connects by their gauge: zero, or not
	failures, timeouts int64 // failed connects with timeouts known
	links              [links]coincidences
	counts             Moments
}

// coincidences of errors with the growth of a histogram.
type coincidences struct {
	coincidences int64
	strata       strata
}

func (y *tally) addConnects(s Stretch, count int64) {
	failures := min(s.Failures, maxCount)
	if s.knows(KnownFailures | KnownPending) {
		y.attempts += count * failures
		y.hits += count * min(failures, s.Pending)
		switch {
		case failures > 0:
		case s.Pending > 0:
			y.busy += count
		default:
			y.idle += count
		}
	}
	if s.knows(KnownFailures | KnownTimeouts) {
		y.failures += count * failures
		y.timeouts += count * min(failures, s.Timeouts)
	}
}

func (y *tally) add(o tally) {
	y.attempts += o.attempts
	y.hits += o.hits
	y.idle += o.idle
	y.busy += o.busy
	y.failures += o.failures
	y.timeouts += o.timeouts
	for k := range y.links {
		y.links[k].coincidences += o.links[k].coincidences
		for _, c := range o.links[k].strata {
			y.links[k].strata.add(c.Stratum, c.count)
		}
	}
	y.counts.add(o.counts)
}

package coarse

// class is what an interval of a target has in common with its neighbours.
type class struct {
	length, delta int64 // delta is 0 when the interval is not a regular one
	hour          int64
	slow, grew    uint64
	seen          roleSet // at the right end
	zeros         bool    // whether counters that are 0 are shown
	left          bool    // whether the gauge was seen by the left end
	thinned       bool    // scrapes inside it were left out
}

// intervals are those of a segment: interval i ends at scrape i.
type intervals struct {
	left, times []int64
	classes     []class
	until       []int // last interval in a row with the same class
	process     [][]int64
	slow        []marks // of the latency histograms
}

// The counters of a whole process.
const (
	managerErrors = iota
	lookupTimeouts
	processCounters
)

// classify finds out what the intervals are. Pace, latency and counters of the whole process move on.
func (c *Collector) classify(t *target, s segment, v *stagedView) *intervals {
	n := len(s.times)
	iv := &intervals{left: make([]int64, n), times: s.times, classes: make([]class, n), until: make([]int, n)}
	for key, all := range v.histograms {
		if h := c.histograms[latencyIndex]; key.metric == h.Metric {
			iv.slow = append(iv.slow, t.mark(key, all, h.Windows, s.times, 0))
		}
	}
	iv.process = t.processGrowth(s.times)
	last := t.Last
	for i, at := range s.times {
		x := class{hour: at / hourMillis, seen: c.seen(t, at), zeros: !t.hidesZeros(at), thinned: s.thinned[i]}
		for k := range iv.slow {
			m := iv.slow[k].at(i, n-1)
			x.slow, x.grew = x.slow|m.known, x.grew|m.grew
		}
		if last > 0 {
			x.length = at - last
			if t.Pace.next(x.length) {
				x.delta = t.Pace.Delta
			}
			x.left = c.seen(t, last).has(rolePending)
		}
		iv.left[i], iv.classes[i] = last, x
		last = at
	}
	for i := n - 1; i >= 0; i-- {
		iv.until[i] = i
		if i+1 < n && iv.classes[i] == iv.classes[i+1] {
			iv.until[i] = iv.until[i+1]
		}
	}
	return iv
}

// processGrowth is the growth of the counters of the whole process, as sums up to before an interval.
func (t *target) processGrowth(times []int64) [][]int64 {
	sums := make([][]int64, processCounters)
	for _, s := range t.Series[wholeProcess] {
		which := managerErrors
		if s.Role == roleLookupTimeouts {
			which = lookupTimeouts
		}
		end := len(times) - 1
		for i := 0; i <= end; {
			value, present, hold := s.at(i, end)
			if n := s.take(value, present, times[i], t.Last > 0 || i > 0); n > 0 {
				if sums[which] == nil {
					sums[which] = make([]int64, len(times)+1)
				}
				sums[which][i+1] += n
			}
			if present {
				s.At = times[hold]
			}
			i = hold + 1
		}
		s.spans, s.pos = nil, 0
	}
	(&marks{grown: sums}).sum()
	return sums
}

// processBetween adds what the whole process counted in the intervals from first to last.
func (iv *intervals) processBetween(grown *growths, first, last int) {
	m := marks{grown: iv.process}
	grown[roleManagerErrors] = m.between(managerErrors, first, last)
	grown[roleLookupTimeouts] = m.between(lookupTimeouts, first, last)
}

// slowBetween is how many requests took about as long as a fingerprint.
func (iv *intervals) slowBetween(fingerprint, first, last int) int64 {
	n := int64(0)
	for i := range iv.slow {
		n += iv.slow[i].between(fingerprint, first, last)
	}
	return n
}

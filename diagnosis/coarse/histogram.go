package coarse

import (
	"cmp"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// histogramKey names one histogram of a target: of a route, or of a part of the proxy.
type histogramKey struct{ metric, group string }

// String is what the state calls it.
func (k histogramKey) String() string { return k.metric + joiner + k.group }

// bucket is one cumulative bucket in the piece at hand.
type bucket struct {
	bound   float64 // milliseconds
	native  bool
	counter string
	runs    []observe.Run
}

func (b *bucket) compare(o *bucket) int {
	if b.native != o.native {
		if b.native {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(b.bound, o.bound), cmp.Compare(b.counter, o.counter))
}

// bucket takes samples of one cumulative bucket.
func (v *stagedView) bucket(key histogramKey, fresh bucket, s *stage, runs []observe.Run) {
	all := v.histograms[key]
	i, found := slices.BinarySearchFunc(all, &fresh, func(b, o *bucket) int { return b.compare(o) })
	if !found {
		all = slices.Insert(all, i, &fresh)
		v.histograms[key] = all
	}
	for _, run := range runs {
		all[i].runs = s.append(all[i].runs, run)
	}
}

// samplesOf walks through the buckets of a histogram and visits all intervals in order, with the buckets at
// both ends: an interval ends at a scrape, and in those from first to last nothing changes. It returns the buckets at the
// last scrape. A bound that several series have is left out: which of them belong together is not known.
func samplesOf(all []*bucket, before []sample, times []int64, sinceMillis int64, visit func(first, last int, before, now []sample)) []sample {
	walks := make([]series, len(all))
	for i, b := range all {
		walks[i].spans = spansSince(spansOf(slices.Clone(b.runs), times), times, sinceMillis)
	}
	var spare []sample
	for i := 0; i < len(times); {
		hold, now := len(times)-1, spare[:0]
		several := false
		for k, b := range all {
			value, present, until := walks[k].at(i, len(times)-1)
			hold = min(hold, until)
			if n := len(now); present && n > 0 && now[n-1].Bound == b.bound && now[n-1].Native == b.native {
				several = true
			} else if present {
				if several {
					now, several = now[:n-1], false
				}
				now = append(now, sample{b.bound, value, b.native})
			}
		}
		if several {
			now = now[:len(now)-1]
		}
		visit(i, i, before, now)
		if hold > i {
			visit(i+1, hold, now, now)
		}
		before, spare = now, before
		if cap(spare) == 0 {
			spare = make([]sample, 0, len(all))
		}
		i = hold + 1
	}
	return slices.Clone(before)
}

// growth prefers classic buckets: they are at Envoy's own bounds.
func growth(w Window, before, now []sample) (n float64, known bool) {
	classicBefore, nativeBefore := split(before)
	classic, native := split(now)
	if n, known = w.growth(classicBefore, classic); known {
		return n, true
	}
	return w.growth(nativeBefore, native)
}

func split(all []sample) (classic, native []sample) {
	n := 0
	for n < len(all) && !all[n].Native {
		n++
	}
	return all[:n], all[n:]
}

// marks say of every interval, as bits by window, whether the buckets of one or more histograms were known
// and whether they grew, and by how much.
type marks struct {
	spans []mark
	pos   int
	grown [][]int64 // by window, sums from the first interval up to before one; nil: nothing grew
}

type mark struct {
	last        int // interval
	known, grew uint64
}

// at tells the mark of an interval. It must be asked in order.
func (m *marks) at(i, end int) mark {
	for m.pos < len(m.spans) && m.spans[m.pos].last < i {
		m.pos++
	}
	if m.pos == len(m.spans) {
		return mark{last: end}
	}
	return m.spans[m.pos]
}

// between is the growth in the intervals from first to last.
func (m *marks) between(window, first, last int) int64 {
	if m.grown == nil || m.grown[window] == nil {
		return 0
	}
	return m.grown[window][last+1] - m.grown[window][first]
}

// mark finds out about one histogram from a time on. The state moves on.
func (t *target) mark(key histogramKey, all []*bucket, windows []Window, times []int64, sinceMillis int64) marks {
	m := marks{grown: make([][]int64, len(windows))}
	name := key.String()
	state := samplesOf(all, t.Histograms[name], times, sinceMillis, func(first, last int, before, now []sample) {
		x := mark{last: last}
		for i, w := range windows {
			n, known := growth(w, before, now)
			if !known {
				continue
			}
			x.known |= 1 << i
			if n > 0 { // first is last: elsewhere nothing grows
				x.grew |= 1 << i
				m.add(i, first, len(times), n)
			}
		}
		if n := len(m.spans); n > 0 && m.spans[n-1].known == x.known && m.spans[n-1].grew == x.grew {
			m.spans[n-1].last = last
			return
		}
		m.spans = append(m.spans, x)
	})
	m.sum()
	if t.Histograms[name] = state; len(state) == 0 {
		delete(t.Histograms, name)
	}
	return m
}

func (m *marks) add(window, interval, intervals int, n float64) {
	if m.grown[window] == nil {
		m.grown[window] = make([]int64, intervals+1)
	}
	m.grown[window][interval+1] += int64(min(n, 1<<40))
}

func (m *marks) sum() {
	for _, grown := range m.grown {
		for i := 1; i < len(grown); i++ {
			grown[i] += grown[i-1]
		}
	}
}

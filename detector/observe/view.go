package observe

import (
	"math"
	"slices"
)

// viewState is what is known of one view of a target between pieces.
type viewState struct {
	name    string
	slot    uint8 // its bit in elsewhere.present
	carries bool  // a series of the source has been seen in it
	sampled bool  // its latest scrape had a series of the source
	doubt   doubt // about all series of the source
	first   int64 // scrape
	last    int64 // scrape; never: none yet
	covered int64 // start of the unbroken regular stretch that ends at last
	interval
}

func newViewState(name string) *viewState {
	return &viewState{name: name, first: never, last: never, covered: never, doubt: noDoubt()}
}

// change is a new scrape interval of a view, in force after the scrape at that time.
type change struct{ at, delta int64 }

// viewWalk is the way of a view through one piece.
type viewWalk struct {
	before     viewState // as it was before the piece
	former     int64     // see stagedView
	state      *viewState
	times      []span    // its scrapes in the piece
	carries    bool      // a series has been seen in it by the end of the piece
	carriedAt  int64     // since when; never: since before the piece
	lost       []stretch // when it was without, not including their ends
	found      []change  // of the scrape interval found from the samples
	configured int64
}

// deltaAt returns the scrape interval in force after the scrapes at or before t.
func (w *viewWalk) deltaAt(t int64) int64 {
	if w.configured > 0 {
		return w.configured
	}
	return w.foundAt(t)
}

func (w *viewWalk) foundAt(t int64) int64 {
	delta := w.before.delta
	for _, c := range w.found {
		if c.at > t {
			break
		}
		delta = c.delta
	}
	return delta
}

// rankAt orders views: the finer goes first, those of unknown interval last. The interval found is
// used even where one is configured, so that a coarse job is not taken for a fine one.
func (w *viewWalk) rankAt(t int64) int64 {
	if delta := w.foundAt(t); delta > 0 {
		return delta
	}
	return math.MaxInt64
}

// freshMillis is how long a scrape at t keeps the view in use: three intervals.
func (w *viewWalk) freshMillis(t int64) int64 {
	delta := w.foundAt(t)
	if delta == 0 {
		delta = w.configured
	}
	if delta == 0 {
		delta = usualMillis[len(usualMillis)-1]
	}
	return 3 * delta
}

// lastScrape returns the latest scrape at or before t, or never.
func (w *viewWalk) lastScrape(t int64) int64 {
	if last := latest(w.times, t); last != never {
		return last
	}
	return w.before.last
}

// advance takes the scrapes into the state and notes changes of the interval.
func (w *viewWalk) advance(v *viewState, times []span) {
	for _, s := range times {
		if v.last == never {
			v.first, v.last, v.covered = s.first, s.first, s.first
		} else {
			w.spacings(v, s.first-v.last, 1)
		}
		w.spacings(v, int64(s.step), int64(s.count-1))
	}
}

func (w *viewWalk) spacings(v *viewState, spacing, count int64) {
	for count > 0 {
		delta := v.delta
		if w.configured > 0 {
			delta = w.configured
		}
		taken, changed := v.observe(spacing, count)
		count -= taken
		v.last += taken * spacing
		if changed {
			w.found = append(w.found, change{at: v.last, delta: v.delta})
		}
		if !regular(spacing, delta) || changed && w.configured == 0 {
			v.covered = v.last
		}
	}
}

// segment is a stretch of a target's timeline that comes from one view.
type segment struct {
	view  *viewWalk
	times []span
}

// compete lays the timeline of a target over (lo, hi]: a scrape of a view is on it unless a better
// view delivered within its last three intervals.
func compete(views []*viewWalk, lo, hi int64) []segment {
	cuts := []int64{hi}
	for _, v := range views {
		if v.carriedAt != never {
			cuts = append(cuts, v.carriedAt-1)
		}
		for _, c := range v.found {
			cuts = append(cuts, c.at-1)
		}
		for _, l := range v.lost {
			cuts = append(cuts, l.from-1, l.last-1)
		}
	}
	slices.Sort(cuts)
	var out []segment
	for _, cut := range slices.Compact(cuts) {
		if cut <= lo || cut > hi {
			continue
		}
		out = fill(out, ranked(views, lo+1), lo, cut)
		lo = cut
	}
	return out
}

// ranked returns the views that compete at t, best first.
func ranked(views []*viewWalk, t int64) []*viewWalk {
	var out []*viewWalk
	for _, v := range views {
		if v.carries && v.carriedAt <= t && !v.isLost(t) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *viewWalk) int {
		if a.outranks(b, t) {
			return -1
		}
		return 1
	})
	return out
}

// outranks says whether a view goes before another at t.
func (w *viewWalk) outranks(other *viewWalk, t int64) bool {
	if a, b := w.rankAt(t), other.rankAt(t); a != b {
		return a < b
	}
	return w.before.name < other.before.name
}

// isLost says whether the view is without what is looked for at t.
func (w *viewWalk) isLost(t int64) bool {
	for _, l := range w.lost {
		if l.from <= t && t < l.last {
			return true
		}
	}
	return false
}

// fill appends the scrapes of the best view in (lo, hi] and, where it was silent for more than three
// of its intervals, those of the next ones.
func fill(out []segment, views []*viewWalk, lo, hi int64) []segment {
	if len(views) == 0 || lo >= hi {
		return out
	}
	best, rest := views[0], views[1:]
	fresh := best.freshMillis(lo + 1)
	free := lo // others may be used after this time
	if last := best.lastScrape(lo); last != never {
		free = max(free, last+fresh)
	}
	for _, s := range between(best.times, lo+1, hi) {
		n := s.count
		if int64(s.step) > fresh {
			n = 1
		}
		for i := uint32(0); i < s.count; i += n {
			out = fill(out, rest, free, s.at(i)-1)
			out = appendSegment(out, best, s.part(i, i+n))
			free = max(lo, s.at(i+n-1)+fresh)
		}
	}
	return fill(out, rest, free, hi)
}

func appendSegment(out []segment, v *viewWalk, s span) []segment {
	if len(out) == 0 || out[len(out)-1].view != v {
		return append(out, segment{view: v, times: []span{s}})
	}
	last := &out[len(out)-1]
	last.times = appendSpan(last.times, s)
	return out
}

package observe

import (
	"cmp"
	"slices"
)

// maxBirth is the largest first value that is taken for errors; above, it is a counter whose start
// was not seen.
const maxBirth = 100

// birth makes the birth of a counter at a mark, since a scrape that did not have it.
func (e *evaluation) birth(left int64, m mark, epoch int) birth {
	b := birth{left: left, at: m.at, value: m.value, kind: Growth}
	if regular(m.at-left, e.line.epochs[epoch].delta) {
		b.kind = Cell
	}
	return b
}

// base returns what a counter had counted when it was first seen, where that was before at in a view that
// was not in use because another one seemed to be as good. Elsewhere a counter that was not there at a
// scrape of the target was not there.
func (e *evaluation) base(x *counter, at int64) float64 {
	if !e.own || at < e.since {
		return 0
	}
	if x.other != nil && x.other.base > 0 {
		return x.other.base
	}
	if e.compare == nil {
		return 0
	}
	if first := e.compare.firsts[x]; first.at < at {
		return first.base
	}
	return 0
}

// bornOnEntry returns the scrape of a view before the one with which it is taken into use, if the counter,
// which no view had, was not there then either: it was born after that scrape. Else it returns never.
func (e *evaluation) bornOnEntry(x *counter, m mark, epoch int) int64 {
	view := e.line.epochs[epoch].view
	if view == nil || e.line.epochs[epoch].from != m.at {
		return never
	}
	entered := view.lastScrape(m.at - 1)
	if entered == never || m.before != never && entered <= m.before {
		return never
	}
	if entered <= e.stage.from {
		if x.in(view.state) {
			return never
		}
		return entered
	}
	for s := x.staged; s != nil; s = s.next {
		if s.view.name == view.before.name && s.sampledAt(&e.stage.log, entered) {
			return never
		}
	}
	return entered
}

// settleBirths decides whether counters that appeared are new, renamed, or were only not seen before.
// A counter that vanished at the same scrape with a value not above that of the new one is its former
// self; where there are several, the one with the largest value.
func (e *evaluation) settleBirths() {
	slices.SortStableFunc(e.births, func(a, b birth) int { return cmp.Compare(a.at, b.at) })
	slices.SortStableFunc(e.vanished, func(a, b vanished) int { return cmp.Compare(a.at, b.at) })
	for _, b := range e.births {
		g := growth{left: b.left, at: b.at, epoch: e.line.epochOf(b.at), kind: b.kind, increment: b.value}
		if former := e.former(b); former != nil {
			former.used = true
			e.piece.Quality.Renames++
			g.increment -= former.value
		} else if b.value > maxBirth {
			e.piece.Quality.Baselines++
			continue
		} else {
			e.piece.Quality.Births++
		}
		if g.increment > 0 {
			e.growths = append(e.growths, g)
		}
	}
}

// former returns what a counter was called before, or nil.
func (e *evaluation) former(b birth) *vanished {
	var best *vanished
	i, _ := slices.BinarySearchFunc(e.vanished, b.at, func(v vanished, at int64) int { return cmp.Compare(v.at, at) })
	for ; i < len(e.vanished) && e.vanished[i].at == b.at; i++ {
		v := &e.vanished[i]
		if !v.used && v.value <= b.value && (best == nil || v.value > best.value) {
			best = v
		}
	}
	return best
}

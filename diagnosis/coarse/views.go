package coarse

import (
	"cmp"
	"math/bits"
	"slices"
)

// segment is a stretch of scrapes through one view.
type segment struct {
	view    string
	times   []int64
	thinned []bool // whether scrapes were left out before this one
	fresh   bool   // nothing of the target is known before
}

// Of scrapes that follow each other in less than fineMillis only the first in each cell of absolute time is used: at
// the others the histograms, which Envoy merges every 5 s, are behind, and connects that wait for 5 s are pending at several.
const (
	fineMillis = 3750 // of which no regular interval of 5 s can fall short
	cellMillis = 15000
)

// viewState is what is remembered of a view, in use or not.
type viewState struct {
	Last  int64  // scrape
	Roles uint32 // that it has shown, as bits
}

// A scrape is one of any view of a target.
type scrape struct {
	at   int64
	view int // of the piece's names
}

// scrapes are those of all views, in order.
func (p *piece) scrapes() []scrape {
	var all []scrape
	for i, view := range p.names {
		for _, at := range p.times[view] {
			all = append(all, scrape{at, i})
		}
	}
	slices.SortFunc(all, func(a, b scrape) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.view, b.view)) })
	return all
}

// segments picks the view of each scrape: the one in use, until it has been silent for a while, or
// until another one shows more. Beside the whole page of a proxy, which tells why, there may be a
// finer scrape of a few counters, which does not.
func (t *target) segments(p *piece) []segment {
	var out []segment
	births := make([][roles]int64, len(p.names))
	for i, name := range p.names {
		births[i] = p.views[name].births()
	}
	view, last, pace := t.View, t.Last, t.Pace
	for _, s := range p.scrapes() {
		name := p.names[s.view]
		shown := t.shown(name, s.at, &births[s.view])
		fresh := last == 0 || name != view
		if last != 0 && name != view && s.at-last <= pace.patience() && shown <= t.richness(view) {
			continue
		}
		if !fresh && s.at-t.Newest < fineMillis && s.at/cellMillis == last/cellMillis {
			t.Newest, t.Thinned = s.at, true
			continue
		}
		if fresh || len(out) == 0 {
			out = append(out, segment{view: name, fresh: fresh})
		}
		if fresh {
			pace.reset()
		} else {
			pace.next(s.at - last)
		}
		view, last = name, s.at
		tail := &out[len(out)-1]
		tail.times = append(tail.times, s.at)
		tail.thinned = append(tail.thinned, t.Thinned && !fresh)
		t.Newest, t.Thinned = s.at, false
	}
	return out
}

// births are when each role is first seen in a piece of a view; 0: never. Errors do not count: all
// views have them.
func (v *stagedView) births() (first [roles]int64) {
	for key, runs := range v.series {
		for _, run := range runs {
			if at := first[key.role]; key.role != roleErrors && (at == 0 || run.FirstMillis < at) {
				first[key.role] = run.FirstMillis
			}
		}
	}
	return first
}

// shown tells how many roles a view has shown up to a scrape of it.
func (t *target) shown(view string, at int64, births *[roles]int64) int {
	v := t.Views[view]
	if v == nil || at-v.Last > dayMillis {
		v = &viewState{}
		if t.Views == nil {
			t.Views = make(map[string]*viewState)
		}
		t.Views[view] = v
	}
	v.Last = at
	for r, since := range births {
		if since > 0 && since <= at {
			v.Roles |= 1 << r
		}
	}
	return bits.OnesCount32(v.Roles)
}

// richness is how many roles a view has shown.
func (t *target) richness(view string) int {
	if v := t.Views[view]; v != nil {
		return bits.OnesCount32(v.Roles)
	}
	return 0
}

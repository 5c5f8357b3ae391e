package sources

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// joinKey is what the `up` of a target and its counters surely share: metric relabelling adds labels
// to the counters only.
type joinKey struct{ job, instance string }

func joinKeyOf(stored labels.Labels) joinKey {
	return joinKey{stored.Get(jobLabel), stored.Get(instanceLabel)}
}

func (k joinKey) usable() bool { return k.job != "" && k.instance != "" }

// target is one series of `up`.
type target struct {
	stored, shown labels.Labels // before and after relabelling
	view          *upView
	seen          uint32 // last read that it was in
	gone          bool   // forgotten: who joined it must join again
}

// upView is a view of a target as its `up` names it, with the runs of the current read. More than one
// series may be behind it, one after the other, when a label of the target changed.
type upView struct {
	as    observe.TargetView
	also  []observe.TargetView // other names of it, learned from its counters
	read  uint32               // the read that runs belong to
	parts int
	runs  []observe.Run
}

// targets are the known `up` series of a source.
type targets struct {
	byKey  map[labelKey]*target
	byJoin map[joinKey][]*target
	views  map[observe.TargetView]*upView
}

func newTargets() *targets {
	return &targets{
		byKey:  make(map[labelKey]*target),
		byJoin: make(map[joinKey][]*target),
		views:  make(map[observe.TargetView]*upView),
	}
}

// add remembers an `up` series.
func (t *targets) add(key labelKey, m *mapping, stored labels.Labels) *target {
	shown, _ := rewrite(stored, m.relabelUp)
	name, byInstance := m.targetOf(shown.Get)
	as := observe.TargetView{Target: name, View: m.viewOf(shown.Get, byInstance)}
	view := t.views[as]
	if view == nil {
		view = &upView{as: as}
		t.views[as] = view
	}
	added := &target{stored: stored, shown: shown, view: view}
	t.byKey[key] = added
	join := joinKeyOf(stored)
	t.byJoin[join] = append(t.byJoin[join], added)
	return added
}

// find joins a counter with its `up`: equal job and instance, and no target or view label that both
// have with different values (two clusters or two replicas of one store). The one that has the most
// in common wins, then the smallest name, so that the answer does not depend on the order of things.
func (t *targets) find(stored labels.Labels, names []string) *target {
	var best *target
	bestCommon := -1
	for _, candidate := range t.byJoin[joinKeyOf(stored)] {
		common := inCommon(candidate.stored, stored, names)
		if common > bestCommon || common >= 0 && common == bestCommon && candidate.view.before(best.view) {
			best, bestCommon = candidate, common
		}
	}
	return best
}

// inCommon counts the names that both sets have with equal values; -1 when some differ.
func inCommon(a, b labels.Labels, names []string) int {
	common := 0
	for _, name := range names {
		x, y := a.Get(name), b.Get(name)
		switch {
		case x == "" || y == "":
		case x != y:
			return -1
		default:
			common++
		}
	}
	return common
}

func (v *upView) before(other *upView) bool {
	if v.as.Target != other.as.Target {
		return v.as.Target < other.as.Target
	}
	return v.as.View < other.as.View
}

// learn adds a name, unless it is known. It tells whether it was new.
func (v *upView) learn(as observe.TargetView) bool {
	if v.as == as || slices.Contains(v.also, as) {
		return false
	}
	v.also = append(v.also, as)
	return true
}

// take adds the runs of one series in the given read.
func (v *upView) take(read uint32, runs []observe.Run) (first bool) {
	first = v.read != read
	if first {
		v.read, v.parts, v.runs = read, 0, v.runs[:0]
	}
	v.parts++
	v.runs = append(v.runs, runs...)
	return first
}

// settle brings runs that came in several parts into the form of a single one.
func (v *upView) settle(c *compressor, lo, hi int64) {
	if v.parts < 2 {
		return
	}
	c.reset(lo, hi)
	c.addRuns(v.runs)
	v.runs = append(v.runs[:0], c.finish()...)
	v.parts = 1
}

// forget drops targets that were in none of the last reads.
func (t *targets) forget(before uint32) {
	used := make(map[observe.TargetView]*upView)
	for key, known := range t.byKey {
		if known.seen < before {
			known.gone = true
			delete(t.byKey, key)
			continue
		}
		used[known.view.as] = known.view
	}
	t.views = used
	for join, list := range t.byJoin {
		list = slices.DeleteFunc(list, func(known *target) bool { return known.gone })
		if t.byJoin[join] = list; len(list) == 0 {
			delete(t.byJoin, join)
		}
	}
}

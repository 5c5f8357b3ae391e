package sources

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// known is what is remembered of a counter series between reads, so that a read costs no decoding of
// labels.
type known struct {
	id       *observe.SeriesID // nil when it is excluded or has no route
	excluded bool
	join     joinKey
	target   *target // nil: no `up` found
	rivals   int     // how many `up` series of this job and instance there were then
	seen     uint32  // last read that it was in
}

// identities remembers the series of a source.
type identities struct {
	seeds   seeds
	series  map[labelKey]*known
	strings map[string]string
	labels  labelReader
}

func newIdentities() *identities {
	return &identities{seeds: newSeeds(), series: make(map[labelKey]*known), strings: make(map[string]string)}
}

// intern returns the one copy of a string that all series share.
func (i *identities) intern(s string) string {
	if one, ok := i.strings[s]; ok {
		return one
	}
	i.strings[s] = s
	return s
}

// identify finds out what a counter series is. target is its `up`, or nil.
func (i *identities) identify(m *mapping, stored labels.Labels, found func(labels.Labels) *target) *known {
	k := &known{}
	shown, keep := rewrite(stored, m.relabel)
	if k.excluded = !keep || m.excluded(shown); k.excluded {
		return k
	}
	route := m.routeOf(shown)
	if route == "" {
		return k
	}
	join := joinKeyOf(stored)
	k.join = joinKey{i.intern(join.job), i.intern(join.instance)}
	k.target = found(stored)

	// The labels of the `up` come first: they are those of the target. What only the counters have
	// was added by metric relabelling and completes the name of the target. How a target is seen is
	// its `up`'s to say, where there is one; a label that is merely named like a view label, but that
	// the target does not carry, tells counters apart.
	get, seenBy := shown.Get, shown.Get
	if k.target != nil {
		seenBy = k.target.shown.Get
		get = func(name string) string {
			if value := k.target.shown.Get(name); value != "" {
				return value
			}
			return shown.Get(name)
		}
	}
	name, byInstance := m.targetOf(get)
	ofTarget := func(name string) bool {
		switch {
		case slices.Contains(m.target, name), byInstance && name == instanceLabel:
			return true
		case !slices.Contains(m.view, name):
			return false
		}
		return k.target == nil || k.target.stored.Get(name) != ""
	}
	k.id = &observe.SeriesID{
		Route:   i.intern(route),
		Target:  i.intern(name),
		View:    i.intern(m.viewOf(seenBy, byInstance)),
		Counter: counterOf(stored, ofTarget),
	}
	return k
}

// forget drops series that were in none of the last reads.
func (i *identities) forget(before uint32) {
	clear(i.strings)
	for key, k := range i.series {
		if k.seen < before || k.target != nil && k.target.gone {
			delete(i.series, key)
			continue
		}
		if k.id != nil {
			for _, s := range []string{k.id.Route, k.id.Target, k.id.View, k.join.job, k.join.instance} {
				i.strings[s] = s
			}
		}
	}
}

package coarse

import (
	"cmp"
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// levels shares the level of a UTC day among the accounts, so that by the union bound no more is
// suspected wrongly than was promised, though routes come and go. Half goes in equal parts to the accounts
// that had something to test when the day began. The other half goes to those that have it for the
// first time, in the order in which that happens: 1/2, 1/6, 1/12, … of it, which adds up to all.
type levels struct {
	perMonth float64
	born     []int64 // of all accounts with something to test, in order
	ranks    map[*account]int
}

func (c *Collector) levels() *levels {
	l := &levels{perMonth: c.options.FalseSuspicionsPerMonth, ranks: make(map[*account]int)}
	var all []*account
	for _, name := range slices.Sorted(maps.Keys(c.routes)) {
		for _, list := range c.routes[name].Accounts {
			for i := range list {
				if list[i].Born > 0 {
					all = append(all, &list[i])
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *account) int { return cmp.Compare(a.Born, b.Born) })
	for i, a := range all {
		l.ranks[a] = i
		l.born = append(l.born, a.Born)
	}
	return l
}

// of returns the level of an account in the UTC day that starts at a time.
func (l *levels) of(a *account) func(dayMillis int64) float64 {
	return func(dayMillis int64) float64 {
		half := diagnosis.Alpha(l.perMonth, 1) / 2
		older, _ := slices.BinarySearch(l.born, dayMillis+1) // those born at midnight belong to the day before
		if a.Born <= dayMillis {
			return half / float64(max(older, 1))
		}
		place := float64(l.ranks[a] - older + 1)
		return half / (place * (place + 1))
	}
}

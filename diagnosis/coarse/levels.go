package coarse

import (
	"cmp"
	"math"
	"slices"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// levels shares the level of a UTC day among the accounts, so that by the union bound no more is
// suspected wrongly than was promised, though routes come and go. Half goes in equal parts to the accounts
// that had something to test when the day began. The other half goes to those that have it for the
// first time, in the order in which that happens: 1/2, 1/6, 1/12, … of it, which adds up to all. What goes in
// the course of a day takes its part along: the level of a day depends on nothing that happens later.
type levels struct {
	perMonth float64
	born     []int64 // of all accounts with something to test, in order, those that are gone included
	left     []int64 // when those that are gone went, in order
	ranks    map[*account]int
}

// plot names an account, and orders those that are born at one time.
type plot struct {
	Born        int64
	Route       string
	Fingerprint int
	DeltaMillis int64
}

func (p plot) compare(o plot) int {
	return cmp.Or(cmp.Compare(p.Born, o.Born), cmp.Compare(p.Route, o.Route), cmp.Compare(p.Fingerprint, o.Fingerprint), cmp.Compare(p.DeltaMillis, o.DeltaMillis))
}

// gone is what is left of an account with something to test.
type gone struct {
	plot
	LeftMillis int64
}

// bury remembers an account that is given up.
func (c *Collector) bury(route string, fingerprint int, a *account, leftMillis int64) {
	if a.Born == 0 {
		return
	}
	g := gone{plot{a.Born, route, fingerprint, a.DeltaMillis}, leftMillis}
	at, _ := slices.BinarySearchFunc(c.gone, g, func(x, y gone) int { return x.compare(y.plot) })
	c.gone = slices.Insert(c.gone, at, g)
}

func (c *Collector) levels() *levels {
	l := &levels{perMonth: c.options.FalseSuspicionsPerMonth, ranks: make(map[*account]int)}
	type entry struct {
		plot
		account *account
	}
	all := make([]entry, 0, len(c.gone)+len(c.routes))
	for _, g := range c.gone {
		all = append(all, entry{plot: g.plot})
		l.left = append(l.left, g.LeftMillis)
	}
	for name, r := range c.routes {
		for f, list := range r.Accounts {
			for i := range list {
				if a := &list[i]; a.Born > 0 {
					all = append(all, entry{plot{a.Born, name, f, a.DeltaMillis}, a})
				}
			}
		}
	}
	slices.SortFunc(all, func(x, y entry) int { return x.compare(y.plot) })
	slices.Sort(l.left)
	for i, e := range all {
		if e.account != nil {
			l.ranks[e.account] = i
		}
		l.born = append(l.born, e.Born)
	}
	return l
}

// of returns the level of an account in the UTC day that starts at a time.
func (l *levels) of(a *account) func(dayMillis int64) float64 {
	return func(dayMillis int64) float64 {
		half := diagnosis.Alpha(l.perMonth, 1) / 2
		older := upTo(l.born, dayMillis) // those born at midnight belong to the day before
		if a.Born <= dayMillis {
			return half / math.Max(float64(older-upTo(l.left, dayMillis)), 1)
		}
		place := float64(l.ranks[a] - older + 1)
		return half / (place * (place + 1))
	}
}

// upTo counts the times up to one.
func upTo(times []int64, atMillis int64) int {
	n, _ := slices.BinarySearch(times, atMillis+1)
	return n
}

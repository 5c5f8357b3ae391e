package coarse

import (
	"cmp"
	"slices"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// FalseSuspicionsPerMonth is what is allowed over all routes of the collector.
func (c *Collector) FalseSuspicionsPerMonth() float64 { return c.options.FalseSuspicionsPerMonth }

// Suspected tells whether a route was suspected for a fingerprint at a time, from what was settled
// then, and since when.
func (c *Collector) Suspected(route string, fingerprint int, atMillis int64) (sinceMillis int64, suspected bool) {
	history := c.History(route, fingerprint)
	n, _ := slices.BinarySearchFunc(history, atMillis+1, func(t diagnosis.Transition, at int64) int { return cmp.Compare(t.AtMillis, at) })
	if n == 0 || !history[n-1].Suspected {
		return 0, false
	}
	return history[n-1].AtMillis, true
}

// History lists when a route became suspected for a fingerprint and when it was no longer, at any
// scrape interval. The times are in order, and the changes alternate.
func (c *Collector) History(route string, fingerprint int) []diagnosis.Transition {
	r := c.routes[route]
	if r == nil || fingerprint >= len(r.Accounts) {
		return nil
	}
	if len(r.Accounts[fingerprint]) == 1 {
		return r.Accounts[fingerprint][0].History
	}
	var all, merged []diagnosis.Transition
	for _, a := range r.Accounts[fingerprint] {
		all = append(all, a.History...)
	}
	slices.SortStableFunc(all, func(a, b diagnosis.Transition) int { return cmp.Compare(a.AtMillis, b.AtMillis) })
	suspected := 0
	for _, t := range all {
		before := suspected
		if t.Suspected {
			suspected++
		} else {
			suspected = max(0, suspected-1) // its begin may be forgotten
		}
		if (before > 0) != (suspected > 0) {
			merged = append(merged, t)
		}
	}
	return merged
}

// telling returns the account that is suspected, or has the newest data.
func (r *route) telling(fingerprint int) *account {
	var best *account
	for _, list := range [][]account{r.Accounts[fingerprint], r.Shown[fingerprint]} {
		for i := range list {
			if a := &list[i]; best == nil || a.rank() > best.rank() || a.rank() == best.rank() && a.Last > best.Last {
				best = a
			}
		}
	}
	return best
}

func (a *account) rank() int {
	if _, suspected := a.Account.Suspected(); suspected {
		return 1
	}
	return 0
}

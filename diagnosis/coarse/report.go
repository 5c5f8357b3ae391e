package coarse

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/ghostpair/ghostpair/diagnosis"
)

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

// Observe sets what is known of a route over the UTC day before and the present one, as far as
// it is settled. It tells whether there is anything.
func (c *Collector) Observe(route string, fingerprint int, o *diagnosis.Observations) bool {
	r := c.routes[route]
	if r == nil || fingerprint >= len(r.Accounts) || len(r.Days) == 0 {
		return false
	}
	if a := r.telling(fingerprint); a != nil {
		o.Coarse = a.Evidence()
	}
	var grown growths
	var seen uint16
	hours, errorHours := 0, 0
	for _, d := range r.Days {
		seen |= d.Seen
		hours += bits.OnesCount32(d.Hours)
		errorHours += bits.OnesCount32(d.Error)
		for i, n := range d.Grown {
			grown[i] += n
		}
	}
	known := func(r role) *int64 {
		if seen>>r&1 == 0 {
			return nil
		}
		return &grown[r]
	}
	o.Errors, o.Hours, o.ErrorHours = &grown[roleErrors], &hours, &errorHours
	o.Connects.Failures, o.Connects.Timeouts = known(roleFailures), known(roleTimeouts)
	o.TLSErrors = known(roleTLSErrors)
	o.Responses.Timeouts, o.Responses.Resets, o.Responses.Overflows = known(roleResponseTimeouts), known(roleResets), known(roleOverflows)
	return true
}

// telling returns the account that is suspected, or has the newest data.
func (r *route) telling(fingerprint int) *account {
	var best *account
	for i := range r.Accounts[fingerprint] {
		a := &r.Accounts[fingerprint][i]
		if best == nil || a.rank() > best.rank() || a.rank() == best.rank() && a.Last > best.Last {
			best = a
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

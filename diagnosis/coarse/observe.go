package coarse

import (
	"math/bits"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// Observe sets what is known of a route over the UTC day before and the present one, as far as
// it is settled. It tells whether there is anything.
func (c *Collector) Observe(route string, fingerprint int, o *diagnosis.Observations) bool {
	r := c.routes[route]
	if r == nil || fingerprint >= len(r.Accounts) || len(r.Days) == 0 {
		return false
	}
	if a := r.telling(fingerprint); a != nil {
		o.Coarse = a.Evidence()
		o.UpstreamSlow = o.Coarse.Upstream
	}
	y := r.total(fingerprint)
	o.ConnectTimeouts = c.options.ConnectTimeouts
	o.Errors, o.Hours, o.ErrorHours = &y.grown[roleErrors], &y.hours, &y.errorHours
	o.Connects.Attempts, o.Connects.Late = y.known(roleAttempts), y.known(roleLate)
	o.Connects.Failures, o.Connects.Timeouts = y.known(roleFailures), y.known(roleTimeouts)
	o.Responses.Timeouts, o.Responses.Resets, o.Responses.Overflows = y.known(roleResponseTimeouts), y.known(roleResets), y.known(roleOverflows)
	o.Responses.NoEndpoint = y.known(roleNoEndpoint)
	if y.slowKnown && y.seen.has(roleManagerErrors) {
		o.Responses.Slow, o.Responses.SlowScopeErrors = &y.slow, &y.grown[roleManagerErrors]
	}
	y.lookups(&o.DNS)
	o.TLS, o.TLSErrors = y.tls(), y.known(roleTLSErrors)
	return true
}

// total is what happened over the days that are kept.
type total struct {
	grown                 growths
	seen, present, absent roleSet
	hours, errorHours     int
	coveredMillis         int64
	slow                  int64
	slowKnown             bool
}

func (r *route) total(fingerprint int) *total {
	y := &total{}
	for _, d := range r.Days {
		y.seen |= d.Seen
		y.present |= d.Present
		y.absent |= d.Absent
		y.hours += bits.OnesCount32(d.Hours)
		y.errorHours += bits.OnesCount32(d.Error)
		y.coveredMillis += d.CoveredMillis
		y.slowKnown = y.slowKnown || d.SlowKnown>>fingerprint&1 == 1
		if d.Slow != nil {
			y.slow += d.Slow[fingerprint]
		}
		for i, n := range d.Grown {
			y.grown[i] += n
		}
	}
	return y
}

func (y *total) known(r role) *int64 {
	if !y.seen.has(r) {
		return nil
	}
	return &y.grown[r]
}

// rareMillis is the longest time between the refreshes of a cluster that looks up names. Clusters whose endpoints
// are sent by a control plane count under the same metric how often they asked for them, now and then.
const rareMillis = 10 * 60 * 1000

// lookups tells about the lookups of a cluster.
func (y *total) lookups(d *diagnosis.DNSCounts) {
	const enough = 20
	d.ProcessTimeouts = y.known(roleLookupTimeouts)
	refreshes := y.grown[roleRefreshes]
	looksUp := refreshes > 0 && y.coveredMillis/refreshes <= rareMillis
	if failures := y.known(roleRefreshFailures); failures != nil && (*failures == 0 || looksUp) {
		d.Failures = failures
	}
	if looksUp || refreshes == 0 {
		d.Refreshes = y.known(roleRefreshes)
	}
	if looksUp && refreshes >= enough {
		seconds := float64(y.coveredMillis) / 1000 / float64(refreshes)
		d.RefreshSeconds = &seconds
	}
}

// tls tells whether the upstream speaks TLS: Envoy has these counters for clusters that do. That a cluster has
// none says so only where others have them, and counters that are 0 are not left out.
func (y *total) tls() *bool {
	const any = 1<<roleHandshakes | 1<<roleTLSErrors
	speaks := y.present&any != 0
	if !speaks && !y.absent.has(roleHandshakes) {
		return nil
	}
	return &speaks
}

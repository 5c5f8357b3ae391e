package coarse_test

import (
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// more are series that hold what is said, the same at every pod.
type more map[string]func(pod int, atMillis int64) (float64, bool)

func (m more) constant(name string, value float64) {
	m[name] = func(int, int64) (float64, bool) { return value, true }
}

// every counts one event in each period, of one pod.
func (m more) every(name string, periodMillis int64) {
	m[name] = func(pod int, at int64) (float64, bool) {
		return float64(max(0, (at-start)/periodMillis+1)), pod == 0
	}
}

func observed(t *testing.T, c *coarse.Collector, route string) diagnosis.Observations {
	t.Helper()
	var o diagnosis.Observations
	if !c.Observe(route, 0, &o) {
		t.Fatalf("nothing is known of %s", route)
	}
	return o
}

func equal(t *testing.T, what string, got *int64, want int64) {
	t.Helper()
	if got == nil || *got != want {
		t.Errorf("%s = %v, want %d", what, deref(got), want)
	}
}

func unknown(t *testing.T, what string, got *int64) {
	t.Helper()
	if got != nil {
		t.Errorf("%s = %d, want it not to be known", what, *got)
	}
}

// Every counter ends up where it belongs. Six hours from the start, two events an hour are eleven: the first
// was there when counting started.
func TestSignals(t *testing.T) {
	t.Parallel()
	const half = hourMillis / 2
	w := coarsetest.NewWorld(1, 1)
	m := more{}
	w.More = m
	for _, name := range []string{
		"upstream_cx_total", "upstream_rq_timeout", "upstream_rq_per_try_timeout", "upstream_cx_destroy_remote_with_active_rq",
		"upstream_rq_pending_overflow", "upstream_cx_pool_overflow", "upstream_rq_active_overflow", "upstream_cx_none_healthy", "ssl_connection_error", "ssl_fail_verify_san",
	} {
		m.every("envoy_cluster_"+name+" / fast", half)
	}
	m.constant("envoy_cluster_ssl_handshake / fast", 7)
	m.constant("envoy_cluster_update_attempt / ghost", 0)
	m.constant("envoy_cluster_update_failure / ghost", 0)
	m.every("envoy_cluster_update_attempt / fast", 5000)
	m.every("envoy_cluster_update_failure / fast", half)
	m.every("envoy_cluster_update_attempt / busy", hourMillis) // told by a control plane
	m.every("envoy_cluster_update_failure / busy", hourMillis)
	m.every("envoy_dns_cares_timeouts", half)
	m.every("envoy_http_downstream_rq_xx / ingress", half)
	o := observed(t, collect(t, w, start+6*hourMillis), "fast")
	const events = 12
	equal(t, "attempts", o.Connects.Attempts, events)
	equal(t, "response timeouts", o.Responses.Timeouts, 2*events)
	equal(t, "requests without an endpoint", o.Responses.NoEndpoint, events)
	equal(t, "resets", o.Responses.Resets, events)
	equal(t, "overflows", o.Responses.Overflows, 3*events)
	equal(t, "TLS errors", o.TLSErrors, 2*events)
	equal(t, "failed refreshes", o.DNS.Failures, events)
	equal(t, "lookups that timed out", o.DNS.ProcessTimeouts, events)
	equal(t, "errors of the proxies", o.Responses.SlowScopeErrors, events)
	if o.DNS.RefreshSeconds == nil || *o.DNS.RefreshSeconds < 14 || *o.DNS.RefreshSeconds > 16 { // of three pods one has them
		t.Errorf("refreshed every %v s, want 15", o.DNS.RefreshSeconds)
	}
	if o.TLS == nil || !*o.TLS {
		t.Error("a cluster with handshakes is not taken for one that speaks TLS")
	}
	unknown(t, "late connects", o.Connects.Late)

	ghost := observed(t, collect(t, w, start+6*hourMillis), "ghost")
	equal(t, "refreshes of a cluster without names", ghost.DNS.Refreshes, 0)
	equal(t, "its failures", ghost.DNS.Failures, 0)
	if ghost.TLS == nil || *ghost.TLS {
		t.Error("a cluster without the counters of TLS is taken for one that speaks it")
	}
	equal(t, "resets of a cluster that has none, where another has", ghost.Responses.Resets, 0)
	busy := observed(t, collect(t, w, start+6*hourMillis), "busy")
	unknown(t, "failed lookups of a cluster whose endpoints are sent", busy.DNS.Failures)
}

// Late connects are those between the bucket below 1 s and the one that ends at 5 s, as Envoy files 1.00 s
// under the bucket that ends at 1000.
func TestLateConnects(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(1, 1)
	m := more{}
	w.More = m
	const histogram = "envoy_cluster_upstream_cx_connect_ms_bucket / fast / "
	m.every(histogram+"500", hourMillis/20)
	m[histogram+"5000"] = func(pod int, at int64) (float64, bool) { // and two an hour that are late
		quick, ok := m[histogram+"500"](pod, at)
		return quick + float64(max(0, (at-start)/(hourMillis/2))), ok
	}
	m[histogram+"10000"] = m[histogram+"5000"]
	c := collect(t, w, start+6*hourMillis)
	equal(t, "late connects", observed(t, c, "fast").Connects.Late, 12)
	unknown(t, "late connects of another route", observed(t, c, "ghost").Connects.Late)
}

// Errors that the upstream itself gives after 5 s are seen in its histogram; lost connects are not, nor
// are fast errors.
func TestUpstreamSlow(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(1, 1)
	m := more{}
	w.More = m
	for _, route := range []string{"slow", "ghost", "fast"} {
		count := func(pod int, at int64) (n float64) {
			for _, f := range w.Failures[route] {
				if f.Pod == pod && f.AtMillis <= at && !f.Connect && f.WaitMillis > 5000 {
					n++
				}
			}
			return n
		}
		const histogram = "envoy_cluster_upstream_rq_time_bucket / "
		m.constant(histogram+route+" / 2500", 1000)
		m[histogram+route+" / 10000.0"] = func(pod int, at int64) (float64, bool) { return 1000 + count(pod, at), true }
	}
	for _, f := range w.Failures["ghost"] {
		f.Connect, f.TimedOut = false, false
		w.Failures["slow"] = append(w.Failures["slow"], f)
	}
	c := collect(t, w, start+20*hourMillis)
	slow := observed(t, c, "slow").UpstreamSlow
	if slow == nil || slow.PValue > 1e-9 || slow.Share.Estimate < 0.9 {
		t.Errorf("slow responses of the upstream: %+v, want them to coincide with errors", slow)
	}
	for _, route := range []string{"ghost", "fast"} {
		if a := observed(t, c, route).UpstreamSlow; a == nil || a.Coincidences != 0 {
			t.Errorf("%s: %+v, want no coincidence", route, a)
		}
	}
}

// A page that leaves out what never happened shows a counter from its first event on. That is 0 elsewhere, once
// it was seen anywhere; before, nobody knows whether it is there at all.
func TestUsedOnly(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(1, 1)
	w.UsedOnly = true
	m := more{}
	w.More = m
	total := "envoy_cluster_upstream_cx_total / "
	for route := range w.Failures {
		m.constant(total+route, 100)
	}
	m[resetsOf("fast")] = func(pod int, at int64) (float64, bool) { return 3, pod == 2 && at >= start+hourMillis }
	c := collect(t, w, start+6*hourMillis)
	fast, refused := observed(t, c, "fast"), observed(t, c, "refused")
	equal(t, "resets", fast.Responses.Resets, 3)
	equal(t, "resets where there were none", refused.Responses.Resets, 0)
	equal(t, "connect timeouts of refused connects", refused.Connects.Timeouts, 0)
	unknown(t, "overflows, which are nowhere", fast.Responses.Overflows)
	if refused.TLS != nil {
		t.Error("it is known whether a cluster speaks TLS though counters are left out")
	}
	if _, suspected := c.Suspected("ghost", 0, start+6*hourMillis); !suspected {
		t.Error("the ghost is not suspected")
	}
}

func resetsOf(route string) string {
	return "envoy_cluster_upstream_cx_destroy_remote_with_active_rq / " + route
}

// Where the errors are connect timeouts themselves, they are what waits, and refused connects of the same cluster
// are no objection.
func TestConnectTimeoutSource(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(2, 1)
	for _, f := range w.Failures["refused"] {
		f.AtMillis += 1 // three times as many connects of the same cluster are refused
		w.Failures["ghost"] = append(w.Failures["ghost"], f, f, f)
	}
	end := start + dayMillis
	gather := func(timeouts bool) *coarse.Collector {
		c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1, ConnectTimeouts: timeouts})
		c.Begin(start, end)
		w.Feed(start, end, c)
		if timeouts {
			w.FeedCounter("envoy_cluster_upstream_cx_connect_timeout", start, end, c.Errors())
		} else {
			w.FeedErrors(start, end, c.Errors())
		}
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := gather(true)
	if _, suspected := c.Suspected("ghost", 0, end); !suspected {
		t.Error("connect timeouts that waited 5 s are not suspected")
	}
	for _, route := range []string{"refused", "fast", "busy"} {
		if _, suspected := c.Suspected(route, 0, end); suspected {
			t.Errorf("%s is suspected", route)
		}
	}
	o := observed(t, c, "ghost")
	if d := o.Coarse.Dwell; d == nil || !d.Meets(5, 5.1) || d.LowerSeconds < 3 || d.UpperSeconds > 7 || d.Attempts != *o.Errors {
		t.Errorf("dwell %+v of %d errors, want 5 s of as many attempts", d, *o.Errors)
	}
	for _, k := range diagnosis.Checks(o) {
		if byDefinition := k.Name == diagnosis.CheckConnectTimeouts || k.Name == diagnosis.CheckTimeoutShare; byDefinition && (k.Outcome != diagnosis.Supports || k.Figure != nil) {
			t.Errorf("%s: %v with figure %v, want support by definition, which has none", k.Name, k.Outcome, k.Figure)
		}
	}
	if _, suspected := gather(false).Suspected("ghost", 0, end); suspected {
		t.Error("5xx of a cluster whose connects are mostly refused are suspected")
	}
}

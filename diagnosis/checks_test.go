package diagnosis

import (
	"strings"
	"testing"
)

// What the counters say that cannot be true decides nothing, and is told. So is what a figure cannot decide.
func TestChecksThatCannotTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check, says string
		figure      float64
		change      func(*Observations)
	}{
		{CheckTimeoutShare, "contradict each other: 70 connects timed out, but only 60 failed", 70, func(o *Observations) {
			o.Connects.Timeouts = p(int64(70))
		}},
		{CheckRecoveredLoss, "contradict each other", 9001, func(o *Observations) { o.Connects.Late = p(int64(9001)) }},
		{CheckRecoveredLoss, "slow anyway", 3000, func(o *Observations) { o.Connects.Late = p(int64(3000)) }}, // handshakes over a continent
		{CheckAlwaysFails, "contradict each other", 5, func(o *Observations) {
			o.Connects.EndpointAttempts, o.Connects.EndpointFailures = p(int64(4)), p(int64(5))
		}},
		{CheckDNS, "of which clusters is not known", 12, func(o *Observations) { o.DNS = DNSCounts{ProcessTimeouts: p(int64(12))} }},
	} {
		o := dropped(5)
		c.change(&o)
		for _, k := range Checks(o) {
			if k.Name != c.check {
				continue
			}
			if k.Outcome != CannotTell || k.Figure == nil || *k.Figure != c.figure || !strings.Contains(k.Text, c.says) {
				t.Errorf("%s: %v, figure %v, %q; want it not to tell, with %v and %q", c.check, k.Outcome, k.Figure, k.Text, c.figure, c.says)
			}
		}
	}
}

// Lookups that never time out in the whole process are no lookups that fail; the cluster's own count goes first.
func TestLookupsOfTheProcess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dns  DNSCounts
		want Outcome
	}{
		{DNSCounts{ProcessTimeouts: p(int64(0))}, Contradicts},
		{DNSCounts{ProcessTimeouts: p(int64(0)), Failures: p(int64(6)), Refreshes: p(int64(6))}, CannotTell}, // requests may fail for another reason
		{DNSCounts{Failures: p(int64(6))}, CannotTell},
		{DNSCounts{ProcessTimeouts: p(int64(60)), Failures: p(int64(0))}, Contradicts},
		{DNSCounts{}, CannotTell},
	} {
		if got := dnsCheck(Observations{Errors: p(int64(60)), DNS: c.dns}).Outcome; got != c.want {
			t.Errorf("%+v: %v, want %v", c.dns, got, c.want)
		}
	}
}

// Names are looked up on a clock: of 6000 requests that fail for want of an endpoint, 30 lookups are enough to
// say why. A cluster that has its endpoints fails for another reason.
func TestLookupsAreNotCountedAgainstRequests(t *testing.T) {
	t.Parallel()
	for unsent, want := range map[int64]Outcome{6000: Supports, 5990: Supports, 0: Contradicts, 2500: CannotTell} {
		// One lookup was under way when the window began.
		o := Observations{Errors: p(int64(6000)), DNS: DNSCounts{Failures: p(int64(30)), Refreshes: p(int64(29))}, Responses: ResponseCounts{NoEndpoint: &unsent}}
		if got := dnsCheck(o); got.Outcome != want {
			t.Errorf("%d requests without an endpoint: %v, %q; want %v", unsent, got.Outcome, got.Text, want)
		}
	}
}

// The timeouts of a source of timeouts explain themselves, whatever else the cluster's connects do.
func TestConnectTimeoutsByDefinition(t *testing.T) {
	t.Parallel()
	o := dropped(5)
	o.ConnectTimeouts, o.Connects.Failures = true, p(int64(600))
	ranked := Rank(Checks(o))
	if ranked[0].Cause != CauseHairpinBehind || !ranked[0].Named {
		t.Errorf("first cause %+v, want the hairpin, though most connects of the cluster are refused", ranked[0])
	}
	for _, r := range ranked {
		if (r.Cause == CauseRefused || r.Cause == CauseHairpinBefore) && r.Named {
			t.Errorf("%s is named for connects that timed out", r.Cause)
		}
	}
}

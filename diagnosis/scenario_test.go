package diagnosis

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/internal/goldens"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A scenario is what a route looks like when one thing is wrong with it.
type scenario struct {
	name string
	o    Observations
	want []string // the leading causes; none: no claim
}

func p[T any](x T) *T { return &x }

func dwellOf(attempts, hits int64, interval float64) *Dwell {
	d, _ := NewDwell(attempts, hits, interval, 0)
	return &d
}

func associationOf(errors, coincidences, background int) *Association {
	var s strata
	s.add(Stratum{Intervals: 8, Errors: 1, Slow: 1}, int64(errors))
	s.add(Stratum{Intervals: 8, Errors: 1}, int64(background))
	a, _ := s.associate(int64(coincidences))
	return &a
}

// base is a healthy surrounding: everything known, nothing wrong but 60 errors of a route.
func base() Observations {
	return Observations{
		Fingerprint: fiveSeconds(), ScrapeIntervalSeconds: p(15.0), IrregularShare: p(0.0),
		Errors: p(int64(60)), ErrorHours: p(12), Hours: p(24),
		Connects:       ConnectCounts{Attempts: p(int64(9000)), Failures: p(int64(0)), Timeouts: p(int64(0)), Late: p(int64(0))},
		Responses:      ResponseCounts{Timeouts: p(int64(0)), Resets: p(int64(0)), Overflows: p(int64(0)), NoEndpoint: p(int64(0)), Slow: p(int64(0)), SlowScopeErrors: p(int64(60))},
		DNS:            DNSCounts{Failures: p(int64(0)), Refreshes: p(int64(0))},
		TLS:            p(false),
		TLSErrors:      p(int64(0)),
		RoutesAffected: p(1), RoutesTested: p(30),
		Coarse:  Evidence{Association: associationOf(0, 0, 60)},
		Stepped: p(false), Train: p(false),
		NLB: NLBCounts{PortAllocationErrors: p(0.0), BlockedFlows: p(0.0), UnhealthyHosts: p(0.0), Resets: &Concentration{Inside: 50, Outside: 1200, InsidePeriods: 60, OutsidePeriods: 1380}},
	}
}

// dropped is base with connects that get no answer and are given up after wait seconds.
func dropped(wait float64) Observations {
	o := base()
	o.Connects.Failures, o.Connects.Timeouts = p(int64(60)), p(int64(60))
	o.Coarse = Evidence{Dwell: dwellOf(60, int64(60*wait/15), 15), Association: associationOf(60, 56, 0)}
	o.Responses.Slow = p(int64(62))
	o.RoutesAffected = p(6)
	return o
}

func with(o Observations, change func(*Observations)) Observations {
	change(&o)
	return o
}

func scenarios() []scenario {
	meets := &Meeting{Clients: 6, Targets: 12, Meeting: 3, Lower: 0.1, Upper: 0.25, Worst: 0.5}
	apart := &Meeting{Clients: 6, Targets: 12}
	onlyEnvoy := with(dropped(5.2), func(o *Observations) {
		*o = Observations{Fingerprint: o.Fingerprint, ScrapeIntervalSeconds: o.ScrapeIntervalSeconds, Errors: o.Errors, Coarse: o.Coarse, Connects: o.Connects}
	})
	return []scenario{
		{"hairpin behind the load balancer, all known", with(dropped(5.2), func(o *Observations) {
			o.ThroughNLB, o.Upstream = p(true), meets
			o.SameNode = &SameNode{Failures: 60, Shared: 60, Expected: 0.2}
		}), []string{CauseHairpinBehind}},
		{"hairpin behind it, no kube-state-metrics and no exporter", with(onlyEnvoy, func(o *Observations) {
			o.ThroughNLB, o.RoutesAffected, o.RoutesTested = p(true), p(6), p(30)
		}), []string{CauseHairpinBehind}},
		{"the same through Envoy Gateway's 10 s, pods known", with(dropped(10.3), func(o *Observations) {
			o.Fingerprint.Lo, o.Fingerprint.Hi = 10*time.Second, 11500*time.Millisecond
			o.ThroughNLB, o.Upstream = p(true), meets
			o.SameNode = &SameNode{Failures: 60, Shared: 60, Expected: 0.2}
		}), []string{CauseHairpinBehind}},
		{"connects lost for 10 s, pods not known", with(dropped(10.3), func(o *Observations) {
			o.Fingerprint.Lo, o.Fingerprint.Hi = 10*time.Second, 11500*time.Millisecond
			o.Lag = &finding.Interval{Estimate: 10.2, Lower: 9.9, Upper: 10.5}
		}), []string{CauseConnectTimeout10s}},
		{"hairpin in front of Envoy", with(base(), func(o *Observations) {
			o.Coarse.Association, o.UpstreamSlow = associationOf(60, 56, 0), associationOf(60, 55, 0)
			o.Responses.Slow, o.RoutesAffected = p(int64(61)), p(5)
			o.BehindNLB, o.Callers = p(true), meets
		}), []string{CauseHairpinBefore}},
		{"no caller shares a node with a proxy", with(base(), func(o *Observations) {
			o.Coarse.Association, o.UpstreamSlow = associationOf(60, 56, 0), associationOf(60, 55, 0)
			o.BehindNLB, o.Callers = p(true), apart
		}), nil},
		{"security group", with(dropped(5), func(o *Observations) {
			o.Connects.EndpointAttempts, o.Connects.EndpointFailures = p(int64(60)), p(int64(60))
			o.SameNode = &SameNode{Failures: 60, Shared: 0, Expected: 0.2}
			o.NLB.BlockedFlows = p(120.0)
		}), []string{CauseBlocked}},
		{"NetworkPolicy: only the same node works", with(dropped(5), func(o *Observations) {
			o.Connects.EndpointAttempts, o.Connects.EndpointFailures = p(int64(60)), p(int64(60))
			o.SameNode = &SameNode{Failures: 60, Shared: 0, Expected: 0.2}
		}), []string{CauseBlocked}},
		{"node died", with(dropped(5), func(o *Observations) {
			o.ErrorHours, o.FailuresByNode = p(1), []int64{60, 0, 0, 0}
			o.NLB.UnhealthyHosts = p(1.0)
			o.Connects.EndpointAttempts, o.Connects.EndpointFailures = p(int64(62)), p(int64(60))
		}), []string{CauseDeadNode}},
		{"slow upstream", with(base(), func(o *Observations) {
			o.Responses.Timeouts, o.Responses.Slow = p(int64(60)), p(int64(60))
			o.Coarse.Association, o.UpstreamSlow = associationOf(60, 2, 0), associationOf(60, 2, 0)
			o.Lag = &finding.Interval{Estimate: 15.3, Lower: 15, Upper: 15.6}
		}), []string{CauseRouteTimeout}},
		{"name lookups time out", with(base(), func(o *Observations) {
			o.DNS, o.Responses.NoEndpoint = DNSCounts{Failures: p(int64(590)), Refreshes: p(int64(600))}, p(int64(60))
		}), []string{CauseDNS}},
		{"lookups fail, but the endpoints found before are used", with(base(), func(o *Observations) {
			o.DNS = DNSCounts{Failures: p(int64(600)), Refreshes: p(int64(600))}
		}), nil},
		{"stale keep-alive", with(base(), func(o *Observations) { o.Responses.Resets = p(int64(59)) }), []string{CauseStaleKeepAlive}},
		{"circuit breaker open", with(base(), func(o *Observations) { o.Responses.Overflows = p(int64(60)) }), []string{CauseCapacity}},
		{"TLS handshakes stall", with(dropped(5), func(o *Observations) {
			o.TLS, o.RoutesAffected = p(true), p(1)
			o.SameNode = &SameNode{Failures: 60, Shared: 12, Expected: 0.2}
			o.Connects.EndpointAttempts, o.Connects.EndpointFailures = p(int64(900)), p(int64(60))
		}), []string{CauseTLSStall}},
		{"probe every 5 s", with(base(), func(o *Observations) {
			o.Train, o.ProbeIntervalsSeconds = p(true), []float64{5}
			o.Lag = &finding.Interval{Estimate: 5, Lower: 4.9, Upper: 5.1}
		}), []string{CauseProbes}},
		{"no ports left", with(base(), func(o *Observations) {
			o.NLB.PortAllocationErrors, o.NLB.Resets = p(900.0), &Concentration{Inside: 900, Outside: 1200, InsidePeriods: 60, OutsidePeriods: 1380}
		}), []string{CausePortAllocation}},
		{"random packet loss", with(base(), func(o *Observations) { o.Connects.Late = p(int64(70)) }), []string{CausePacketLoss}},
		{"refused", with(base(), func(o *Observations) {
			o.Connects.Failures = p(int64(60))
			o.Coarse.Dwell = dwellOf(60, 0, 15)
		}), []string{CauseRefused}},
		{"counters copied on a clock", with(base(), func(o *Observations) {
			o.Stepped = p(true)
			o.Lag = &finding.Interval{Estimate: 5, Lower: 4.9, Upper: 5.1}
		}), []string{CauseMeasurement}},
		{"fast errors of the application", base(), nil},
		{"nothing but Envoy's counters of lost connects", onlyEnvoy, []string{CauseHairpinBehind, CauseBlocked, CauseDeadNode, CauseTLSStall}},
		{"nothing known", Observations{Fingerprint: fiveSeconds()}, nil},
	}
}

func leading(o Observations) []string {
	var names []string
	for _, r := range Leading(Rank(Checks(o))) {
		names = append(names, r.Cause)
	}
	return names
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		if got := leading(s.o); !slices.Equal(got, s.want) {
			t.Errorf("%s: %v, want %v", s.name, got, s.want)
			for _, r := range Rank(Checks(s.o))[:4] {
				t.Logf("  %s %d +%v -%v ruled out %v named %v", r.Cause, r.Score, r.Supporting, r.Contradicting, r.RuledOut, r.Named)
			}
		}
	}
}

// table writes what the scenarios give as Markdown.
func table() string {
	var b strings.Builder
	b.WriteString("| what is wrong | first cause | supported | contradicted |\n|---|---|---|---|\n")
	for _, s := range scenarios() {
		ranked := Rank(Checks(s.o))
		names, for1, against := "no claim", "", ""
		if lead := Leading(ranked); len(lead) > 0 {
			var all []string
			for _, r := range lead {
				all = append(all, "`"+r.Cause+"`")
			}
			names = strings.Join(all, " or ")
			for1, against = strings.Join(lead[0].Supporting, ", "), strings.Join(lead[0].Contradicting, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.name, names, for1, against)
	}
	return b.String()
}

func TestScenarioTable(t *testing.T) {
	t.Parallel()
	goldens.Check(t, "testdata/scenarios.md", table(), *update)
}

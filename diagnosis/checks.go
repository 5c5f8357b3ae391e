package diagnosis

import "fmt"

// Proportions that decide: a mechanism accounts for the errors when it surely touches more than
// half of them, and does not when it surely touches less than a quarter.
const (
	mostly = 0.5
	hardly = 0.25
)

// Checks returns every check of the observations, in the order of CheckNames.
func Checks(o Observations) []Check {
	return explainUnknown([]Check{
		dwellCheck(o), associationCheck(CheckSlowBucket, o.Coarse.Association, "the latency histogram"),
		associationCheck(CheckUpstreamSlow, o.UpstreamSlow, "the histogram of upstream responses"),
		timeoutShareCheck(o), connectTimeoutsCheck(o), pairingCheck(o),
		lagCheck(CheckLag5s, o, 5, 6.5), lagCheck(CheckLag10s, o, 10, 11.5), lagCheck(CheckLag15s, o, 15, 16.5),
		recoveredCheck(o), alwaysCheck(o), briefCheck(o), spreadCheck(o),
		meetingCheck(CheckPlacement, o.Upstream), meetingCheck(CheckPlacementCallers, o.Callers),
		ghostPlacementCheck(o), sameNodeCheck(o), oneNodeCheck(o),
		factCheck(CheckThroughNLB, o.ThroughNLB, "how the upstream is reached"), factCheck(CheckBehindNLB, o.BehindNLB, "how Envoy is reached"),
		accounts(CheckResponseTimeouts, o.Responses.Timeouts, o.Errors, "response timeouts"),
		accounts(CheckResets, o.Responses.Resets, o.Errors, "closed connections"),
		accounts(CheckCapacity, o.Responses.Overflows, o.Errors, "overflows"),
		dnsCheck(o),
		slowSuccessCheck(o), factCheck(CheckTLS, o.TLS, "whether the upstream speaks TLS"),
		accounts(CheckTLSErrors, o.TLSErrors, o.Errors, "failed handshakes"),
		occurs(CheckNLBPortAllocation, o.NLB.PortAllocationErrors, "port allocation errors"),
		occurs(CheckNLBBlocked, o.NLB.BlockedFlows, "blocked flows"),
		occurs(CheckNLBUnhealthy, o.NLB.UnhealthyHosts, "unhealthy hosts"),
		resetsCheck(o),
		factCheck(CheckStatsFlush, o.Stepped, "how the counter steps"),
		dnsRefreshCheck(o), scrapeCombCheck(o), probeCheck(o),
	}, o.Unknown)
}

// accounts tells whether a counter grew about as much as the errors.
func accounts(name string, part, errors *int64, what string) Check {
	if part == nil {
		return missing(name, "the number of "+what)
	}
	if errors == nil {
		return missing(name, "the number of errors")
	}
	s, ok := shareOf(*part, *errors)
	if !ok {
		return check(name, CannotTell, "there are no errors")
	}
	detail := fmt.Sprintf("%d %s, %d errors", *part, what, *errors)
	return check(name, decide(s), detail).share(s)
}

// contradiction is a check whose counts cannot both be right: counters of different scrapes, or of
// different things. Its figure is the count that is too great.
func contradiction(name string, part, whole int64, parts, wholes string) Check {
	detail := fmt.Sprintf("the counters contradict each other: %d %s, but only %d %s", part, parts, whole, wholes)
	return check(name, CannotTell, detail).figure(UnitCount, float64(part))
}

// decide answers whether a proportion is most of the whole.
func decide(s Share) Outcome {
	switch {
	case s.Lower > mostly:
		return Supports
	case s.Upper < hardly:
		return Contradicts
	}
	return CannotTell
}

// factCheck is a check that needs no statistics.
func factCheck(name string, fact *bool, what string) Check {
	switch {
	case fact == nil:
		return missing(name, what)
	case *fact:
		return check(name, Supports, "as configured or measured")
	}
	return check(name, Contradicts, "as configured or measured")
}

// occurs tells whether something that must not happen did.
func occurs(name string, value *float64, what string) Check {
	if value == nil || *value != *value { // NaN is how exporters say that they do not know
		return missing(name, "the number of "+what)
	}
	outcome := Contradicts
	if *value > 0 {
		outcome = Supports
	}
	return check(name, outcome, fmt.Sprintf("%g %s", *value, what)).figure(UnitCount, *value)
}

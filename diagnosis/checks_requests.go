package diagnosis

import "fmt"

// dnsCheck goes by the lookups of the cluster. Timeouts of the whole process are no evidence that it was this
// cluster whose lookups failed, but their absence is evidence that none did.
func dnsCheck(o Observations) Check {
	d := o.DNS
	switch {
	case d.Failures == nil && d.ProcessTimeouts == nil:
		return missing(CheckDNS, "the number of failed lookups")
	case d.Failures == nil && *d.ProcessTimeouts > 0:
		detail := fmt.Sprintf("%d lookups of the proxies timed out; of which clusters is not known", *d.ProcessTimeouts)
		return check(CheckDNS, CannotTell, detail).figure(UnitCount, float64(*d.ProcessTimeouts))
	case d.Failures == nil:
		return check(CheckDNS, Contradicts, "no lookup of the proxies timed out")
	case *d.Failures == 0:
		return check(CheckDNS, Contradicts, "no lookup of the cluster failed").figure(UnitCount, 0)
	}
	return failedLookupsCheck(o)
}

// failedLookupsCheck: names are looked up on a clock and not for requests, so that the share of the lookups counts
// and not their number. A cluster whose name was found once keeps what was found: requests fail only
// where it had no endpoint to send them to.
func failedLookupsCheck(o Observations) Check {
	failures, refreshes, unsent := *o.DNS.Failures, o.DNS.Refreshes, o.Responses.NoEndpoint
	if refreshes == nil {
		return missing(CheckDNS, "the number of lookups")
	}
	tried := max(failures, *refreshes) // one that began before the window may fail in it
	s, _ := shareOf(failures, tried)
	outcome, detail := decide(s), fmt.Sprintf("%d of %d lookups of the cluster failed", failures, tried)
	switch {
	case outcome != Supports:
		return check(CheckDNS, outcome, detail).share(s)
	case unsent == nil || o.Errors == nil:
		return check(CheckDNS, CannotTell, detail+"; how many requests had no endpoint to go to is not known").share(s)
	}
	if s, ok := shareOf(*unsent, *o.Errors); ok {
		detail += fmt.Sprintf("; %d requests had no endpoint to go to, %d errors", *unsent, *o.Errors)
		return check(CheckDNS, decide(s), detail).share(s)
	}
	return check(CheckDNS, CannotTell, detail+", but there are no errors")
}

func dnsRefreshCheck(o Observations) Check {
	estimate, lower, upper, ok := measuredLag(o)
	d := o.DNS
	switch {
	case d.Refreshes != nil && *d.Refreshes == 0:
		return check(CheckDNSRefresh, Contradicts, "the cluster does not look up names")
	case d.Failures != nil && *d.Failures == 0:
		return check(CheckDNSRefresh, Contradicts, "no lookup failed")
	case !ok || d.RefreshSeconds == nil:
		return missing(CheckDNSRefresh, "the lag or the refresh period")
	}
	outcome := CannotTell
	switch inside := lower <= *d.RefreshSeconds && *d.RefreshSeconds <= upper; {
	case !inside:
		outcome = Contradicts
	case d.Failures != nil:
		outcome = Supports
	}
	detail := fmt.Sprintf("refreshed every %g s, the lag is %.1f s (%.1f–%.1f)", *d.RefreshSeconds, estimate, lower, upper)
	return check(CheckDNSRefresh, outcome, detail).figure(UnitSeconds, *d.RefreshSeconds)
}

func slowSuccessCheck(o Observations) Check {
	r := o.Responses
	if r.Slow == nil || r.SlowScopeErrors == nil {
		return missing(CheckSlowSuccess, "how many requests took about the timeout")
	}
	s, ok := shareOf(max(0, *r.Slow-*r.SlowScopeErrors), *r.Slow)
	if !ok {
		return check(CheckSlowSuccess, CannotTell, "no request took about the timeout")
	}
	outcome := decide(s)
	if outcome == Contradicts && *r.SlowScopeErrors > 2**r.Slow {
		outcome = CannotTell // most errors are fast ones: they say nothing about the slow requests
	}
	return check(CheckSlowSuccess, outcome, fmt.Sprintf("%d slow requests, %d errors", *r.Slow, *r.SlowScopeErrors)).share(s)
}

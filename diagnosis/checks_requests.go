package diagnosis

import "fmt"

// dnsCheck goes by the failed refreshes of the cluster. Timeouts of the whole process are no evidence that it was this
// cluster whose lookups failed, but their absence is evidence that none did.
func dnsCheck(o Observations) Check {
	d := o.DNS
	if d.Failures != nil || d.ProcessTimeouts == nil {
		return accounts(CheckDNS, d.Failures, o.Errors, "failed lookups")
	}
	if *d.ProcessTimeouts > 0 {
		detail := fmt.Sprintf("%d lookups of the proxies timed out; of which clusters is not known", *d.ProcessTimeouts)
		return check(CheckDNS, CannotTell, detail).figure(UnitCount, float64(*d.ProcessTimeouts))
	}
	return check(CheckDNS, Contradicts, "no lookup of the proxies timed out")
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

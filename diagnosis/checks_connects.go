package diagnosis

import "fmt"

// byDefinition is what checks say that hold because of what the source counts. They carry no figure: nothing
// was measured.
const byDefinition = "by definition: connect timeouts are what is counted here"

func connectTimeoutsCheck(o Observations) Check {
	if o.ConnectTimeouts {
		return check(CheckConnectTimeouts, Supports, byDefinition)
	}
	return accounts(CheckConnectTimeouts, o.Connects.Timeouts, o.Errors, "connect timeouts")
}

// timeoutShareCheck tells drops from refusals. Where the errors are connect timeouts, other connects of
// the cluster may well be refused: that is another failure, and no objection.
func timeoutShareCheck(o Observations) Check {
	s, failures, timeouts := o.Coarse.TimeoutShare, o.Connects.Failures, o.Connects.Timeouts
	switch {
	case o.ConnectTimeouts:
		detail := byDefinition
		if failures != nil && timeouts != nil {
			detail += fmt.Sprintf("; of all failed connects of the cluster %d of %d timed out", *timeouts, *failures)
		}
		return check(CheckTimeoutShare, Supports, detail)
	case failures != nil && timeouts != nil && *timeouts > *failures:
		return contradiction(CheckTimeoutShare, *timeouts, *failures, "connects timed out", "failed")
	case failures != nil && timeouts != nil:
		if all, ok := TimeoutShare(*failures, *timeouts); ok {
			s = &all
		}
	}
	if s == nil {
		return missing(CheckTimeoutShare, "how many failed connects timed out")
	}
	outcome := CannotTell
	switch {
	case s.Lower > silentDrop:
		outcome = Supports
	case s.Upper < silentDrop:
		outcome = Contradicts
	}
	return check(CheckTimeoutShare, outcome, fmt.Sprintf("%.0f %% (%.0f–%.0f) of them timed out", 100*s.Estimate, 100*s.Lower, 100*s.Upper)).share(*s)
}

// recoveredCheck: a connect whose first packet is lost recovers after 1 s, and after 3 s or so when the next is
// lost as well. Where so many connects are slow that loss cannot be the reason, that says nothing.
func recoveredCheck(o Observations) Check {
	const lossy = 0.2
	c := o.Connects
	if c.Late == nil || c.Timeouts == nil {
		return missing(CheckRecoveredLoss, "the number of connects that took 1–5 s, or that timed out")
	}
	if c.Attempts != nil {
		switch succeeded := *c.Attempts - *c.Timeouts; {
		case *c.Late > *c.Attempts:
			return contradiction(CheckRecoveredLoss, *c.Late, *c.Attempts, "connects took 1–5 s", "were tried")
		case float64(*c.Late) > lossy*float64(succeeded):
			detail := fmt.Sprintf("%d of %d connects took 1–5 s: they are slow anyway", *c.Late, *c.Attempts)
			return check(CheckRecoveredLoss, CannotTell, detail).figure(UnitCount, float64(*c.Late))
		}
	}
	s, ok := shareOf(*c.Late, *c.Late+*c.Timeouts)
	if !ok {
		return check(CheckRecoveredLoss, CannotTell, "no connect lost a packet")
	}
	return check(CheckRecoveredLoss, decide(s), fmt.Sprintf("%d recovered, %d timed out", *c.Late, *c.Timeouts)).share(s)
}

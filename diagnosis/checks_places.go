package diagnosis

import (
	"fmt"
	"slices"
)

func alwaysCheck(o Observations) Check {
	const always = 0.9
	c := o.Connects
	if c.EndpointAttempts == nil || c.EndpointFailures == nil {
		return missing(CheckAlwaysFails, "which endpoints fail (per-endpoint stats)")
	}
	if *c.EndpointFailures > *c.EndpointAttempts {
		return contradiction(CheckAlwaysFails, *c.EndpointFailures, *c.EndpointAttempts, "connects failed", "were tried")
	}
	s, ok := shareOf(*c.EndpointFailures, *c.EndpointAttempts)
	if !ok {
		return check(CheckAlwaysFails, CannotTell, "no endpoint fails")
	}
	outcome := CannotTell
	switch {
	case s.Lower > always:
		outcome = Supports
	case s.Upper < mostly:
		outcome = Contradicts
	}
	return check(CheckAlwaysFails, outcome, fmt.Sprintf("%d of %d connects", *c.EndpointFailures, *c.EndpointAttempts)).share(s)
}

func spreadCheck(o Observations) Check {
	const several, many = 3, 10
	if o.RoutesAffected == nil || o.RoutesTested == nil {
		return missing(CheckSpread, "how many routes are affected")
	}
	affected, tested := *o.RoutesAffected, *o.RoutesTested
	outcome := CannotTell
	switch {
	case affected >= several:
		outcome = Supports
	case affected == 1 && tested >= many:
		outcome = Contradicts
	}
	return check(CheckSpread, outcome, fmt.Sprintf("%d of %d routes with errors", affected, tested)).figure(UnitCount, float64(affected))
}

func meetingCheck(name string, m *Meeting) Check {
	switch {
	case m == nil || m.Clients == 0 || m.Targets == 0:
		return missing(name, "where the pods run")
	case m.CanMeet():
		detail := fmt.Sprintf("%d of %d clients share a node with one of %d targets", m.Meeting, m.Clients, m.Targets)
		return check(name, Supports, detail).interval(UnitRatio, (m.Lower+m.Upper)/2, m.Lower, m.Upper)
	case m.Unplaced > 0:
		return check(name, CannotTell, fmt.Sprintf("the node of %d pods is not known", m.Unplaced))
	}
	return check(name, Contradicts, fmt.Sprintf("%d clients, %d targets", m.Clients, m.Targets)).interval(UnitRatio, 0, 0, 0)
}

func ghostPlacementCheck(o Observations) Check {
	const sure, several = 0.01, 3
	g := o.GhostPlacement
	if g == nil || !g.valid() {
		return missing(CheckGhostPlacement, "which routes have pods that can meet")
	}
	p := 0.0
	for k, q := range hypergeometric(g.Routes, g.CanMeet, g.Affected) {
		if k >= g.Both {
			p += q
		}
	}
	outcome := CannotTell
	switch {
	case p <= sure:
		outcome = Supports
	case g.Both == 0 && g.Affected >= several:
		outcome = Contradicts
	}
	c := check(CheckGhostPlacement, outcome, fmt.Sprintf("%d of %d affected routes, %d of all %d, p = %.2g", g.Both, g.Affected, g.CanMeet, g.Routes, p))
	if s, ok := shareOf(int64(g.Both), int64(g.Affected)); ok {
		c = c.share(s)
	}
	return c
}

func (g GhostPlacement) valid() bool {
	return min(g.Both, g.Affected-g.Both, g.CanMeet-g.Both, g.Routes-g.Affected-g.CanMeet+g.Both) >= 0 && g.Affected > 0
}

func sameNodeCheck(o Observations) Check {
	n := o.SameNode
	if n == nil {
		return missing(CheckSameNode, "on which nodes the ends of failed connects are")
	}
	s, ok := shareOf(n.Shared, n.Failures)
	if !ok {
		return check(CheckSameNode, CannotTell, "no connect with known ends failed")
	}
	outcome := CannotTell
	switch {
	case s.Lower > mostly && s.Lower > n.Expected:
		outcome = Supports
	case s.Upper < mostly || n.Failures > n.Shared && s.Upper < n.Expected:
		outcome = Contradicts
	}
	detail := fmt.Sprintf("%d of %d, %.0f %% by chance", n.Shared, n.Failures, 100*n.Expected)
	if n.ByClient {
		detail = fmt.Sprintf("%d of %d failed connects are of proxies that share a node with a target of the load balancer, as %.0f %% of all connects are", n.Shared, n.Failures, 100*n.Expected)
	}
	return check(CheckSameNode, outcome, detail).share(s)
}

func oneNodeCheck(o Observations) Check {
	const nearlyAll, several = 0.8, 3
	if len(o.FailuresByNode) < several {
		return missing(CheckOneNode, "how failures are spread over three or more nodes")
	}
	total := int64(0)
	for _, n := range o.FailuresByNode {
		total += n
	}
	s, ok := shareOf(slices.Max(o.FailuresByNode), total)
	if !ok {
		return check(CheckOneNode, CannotTell, "no connect with known ends failed")
	}
	outcome := CannotTell
	switch {
	case s.Lower > nearlyAll:
		outcome = Supports
	case s.Upper < nearlyAll:
		outcome = Contradicts
	}
	return check(CheckOneNode, outcome, fmt.Sprintf("%d of %d failures are those of the worst of %d nodes", slices.Max(o.FailuresByNode), total, len(o.FailuresByNode))).share(s)
}

// resetsCheck compares the rate of resets in periods with errors with that in others: given their
// sum, Poisson counts of equal rates are split like the periods are.
func resetsCheck(o Observations) Check {
	const twice = 2
	r := o.NLB.Resets
	if r == nil || r.InsidePeriods <= 0 || r.OutsidePeriods <= 0 {
		return missing(CheckNLBResets, "the number of resets in periods with errors and without")
	}
	detail := fmt.Sprintf("%d in %d periods with errors, %d in %d without", r.Inside, r.InsidePeriods, r.Outside, r.OutsidePeriods)
	s, ok := shareOf(r.Inside, r.Inside+r.Outside)
	if !ok {
		return check(CheckNLBResets, Contradicts, detail)
	}
	doubled := twice * float64(r.InsidePeriods) / (twice*float64(r.InsidePeriods) + float64(r.OutsidePeriods))
	outcome := CannotTell
	switch {
	case s.Lower > doubled:
		outcome = Supports
	case s.Upper < doubled:
		outcome = Contradicts
	}
	return check(CheckNLBResets, outcome, detail).share(s)
}

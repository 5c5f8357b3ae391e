package main

import (
	"fmt"

	"github.com/ghostpair/ghostpair/survey"
)

// ends prints which routes have proxies and upstream pods on one node, and whether failed connects stay there.
func (p *doctorPrinter) ends() {
	if len(p.Ends) == 0 {
		return
	}
	rows := []string{"ROUTE\tPROXIES\tUPSTREAM PODS\tPROXIES THAT SHARE A NODE\tFAILED CONNECTS\tON ONE NODE\tBY CHANCE"}
	for i, e := range p.Ends {
		if i == doctorRoutes && !p.verbose {
			rows = append(rows, fmt.Sprintf("and %d more (--verbose)", len(p.Ends)-i))
			break
		}
		failed, shared, expected := onOneNode(e)
		sharing := fmt.Sprint(e.Meeting.Meeting)
		if !e.Meeting.CanMeet() && e.Meeting.Unplaced > 0 {
			sharing = "?" // some end is not known
		}
		rows = append(rows, fmt.Sprintf("%s\t%d\t%d\t%s\t%s\t%s\t%s", routeName(e.Route), e.Meeting.Clients, e.Meeting.Targets, sharing, failed, shared, expected))
	}
	p.table("WHERE BOTH ENDS OF ROUTES RUN", rows)
	p.line(2, "A shared node matters where the proxy reaches its upstream through a load balancer that preserves client addresses: see preflight.")
}

func onOneNode(e survey.Ends) (failed, shared, expected string) {
	if e.SameNode == nil {
		return "?", "?", "?"
	}
	n := e.SameNode
	if n.Failures == 0 {
		return "0", "-", percent(n.Expected)
	}
	return fmt.Sprint(n.Failures), percent(float64(n.Shared) / float64(n.Failures)), percent(n.Expected)
}

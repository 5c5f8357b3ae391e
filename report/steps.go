package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/finding"
)

// labelMeans says what a look-alike probably is, and what to check.
var labelMeans = map[string][2]string{
	finding.LabelTrain:      {"a periodic probe or poller", "find who calls every few seconds (health checks, monitors, browsers that poll), and exclude or fix it"},
	finding.LabelStepped:    {"a counter that is copied on a clock", "scrape the proxy itself in place of the exporter or bridge between"},
	finding.LabelHalfStep:   {"a client that tries again at half the lag", "look for a retry every few seconds in the callers of this route"},
	finding.LabelFast:       {"errors that took no time", "it is no timeout: look for a refused connection or an instant error that is retried after a fixed wait"},
	finding.LabelLagOutside: {"a lag beside the one that was looked for", "find out what waits for that long, and give it a fingerprint of its own"},
}

// labelsText lists what labels mean.
func labelsText(labels []string) string {
	var all []string
	for _, l := range labels {
		if m, ok := labelMeans[l]; ok {
			all = append(all, m[0])
		}
	}
	return strings.Join(all, ", ")
}

// steps says what to do next, what gives the most back first.
func steps(r *Report) []Step {
	all := []Step{}
	for _, s := range [][]Step{causeSteps(r), otherSteps(r), lookAlikeSteps(r), budgetSteps(r), dataSteps(r)} {
		all = append(all, s...)
	}
	return all
}

// silentDrops is what to do about pairs of which no cause is claimed.
func silentDrops(r *Report, routes []*Route) Step {
	connects := "It is not in their connect timeouts, so the connection that is lost is a caller's: look at the path from the callers to where they connect."
	if slices.ContainsFunc(r.Others, func(o Other) bool { return o.Signal == "connect_timeout" }) {
		connects = "Connect timeouts come in pairs, too: the proxy's own connections to an upstream are lost, at least on some routes."
	}
	return Step{
		Title: "Find where connections are dropped in silence",
		Text: connects + " The classic cause is a network load balancer that keeps client addresses and sends a connection back to the node it came from. " +
			"Let callers inside the cluster use the cluster-internal service name, or turn preserve_client_ip off; do not turn PROXY protocol on before the health checks understand it. " + routes[0].reading().settles(),
		Routes: namesOf(routes), Anchor: "ghostpairpairederrors",
	}
}

func namesOf(routes []*Route) []string {
	var names []string
	for _, r := range routes {
		names = append(names, r.Route)
	}
	return names
}

// otherSteps are about pairs that burn no budget yet: the proxy hides them.
func otherSteps(r *Report) []Step {
	var names []string
	widespread := false
	for _, o := range r.Others {
		if o.Signal != "connect_timeout" {
			continue
		}
		if o.Route != finding.PooledRoute {
			names = append(names, o.Route)
			continue
		}
		widespread = widespread || slices.Contains(o.Labels, finding.LabelWidespread)
		for _, m := range o.Members {
			names = append(names, m.Route)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	text := "The proxy tries again and mostly hides them from clients, who wait for the timeout all the same. They are a latency problem now, and errors as soon as the second try fails, too."
	if widespread {
		text += " They are spread over many routes, which points to something that all of them share: the load balancer or the nodes."
	}
	return []Step{{Title: "Look at connect timeouts that come in pairs", Text: text, Routes: slices.Compact(names), Anchor: "ghostpairpairederrorseverywhere"}}
}

func lookAlikeSteps(r *Report) []Step {
	var all []Step
	byLabel := make(map[string][]string)
	for i := range r.Routes {
		p := r.Routes[i].lookAlike()
		if p == nil {
			continue
		}
		// One label is enough to look for: what recurs every 5 s is seen at 10 s, too.
		l := p.Labels[slices.IndexFunc(p.Labels, finding.LookAlike)]
		byLabel[l] = append(byLabel[l], r.Routes[i].Route)
	}
	for _, l := range []string{finding.LabelTrain, finding.LabelStepped, finding.LabelHalfStep, finding.LabelFast, finding.LabelLagOutside} {
		if routes := byLabel[l]; len(routes) > 0 {
			all = append(all, Step{
				Title: "Rule out " + labelMeans[l][0], Text: "Errors recur at the lag, but their pattern is that of " + labelMeans[l][0] + ": " + labelMeans[l][1] + ".",
				Routes: routes, Anchor: "ghostpairlookalike",
			})
		}
	}
	return all
}

// budgetSteps are about routes whose burn pairs do not explain.
func budgetSteps(r *Report) []Step {
	var routes []*Route
	for i := range r.Routes {
		route := &r.Routes[i]
		if route.Budget == nil || route.Budget.Met || route.Budget.BurnRate == nil {
			continue
		}
		explained := 0.0
		if p := route.ghosts(); p != nil && p.Ratio != nil {
			explained = p.Ratio.Estimate
		}
		if *route.Budget.BurnRate*(1-explained) > 1 {
			routes = append(routes, route)
		}
	}
	if len(routes) == 0 {
		return nil
	}
	return []Step{{
		Title:  "Find the rest of the burn",
		Text:   "These routes would miss their objective without any pairs, too. The timelines show whether it was an outage, a roll-out or a steady trickle.",
		Routes: namesOf(routes),
	}}
}

// dataSteps are about what could not be seen.
func dataSteps(r *Report) []Step {
	var all []Step
	for _, u := range r.Quality.Unseen {
		if u.Reason == finding.ReasonLagNotResolvable {
			all = append(all, Step{
				Title:  "Scrape faster",
				Text:   "The scrapes of these routes are too far apart to tell pairs from bursts. A second scrape job of the error counters alone, every second, is enough.",
				Routes: u.Routes, Anchor: "ghostpairblind",
			})
		}
	}
	if n := shortWindows(r); n > 0 {
		all = append(all, Step{
			Title: "Keep data as long as the objectives look back",
			Text:  fmt.Sprintf("%s cannot be computed over the whole window of the objective. Raise the retention of Prometheus, or let ghostpair read from a long-term store.", plural(n, "budget")),
		})
	}
	return all
}

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// lookAlikes are the labels of findings that look like pairs and are something else.
const lookAlikes = "lag-outside|train|stepped|half-step|fast"

// fleet is what is known about all routes.
func fleet() *dashboard.DashboardBuilder {
	d := page("ghostpair-fleet", "ghostpair / fleet", "Which routes have errors that come in pairs, and what that costs.").
		Annotation(firing(""))
	d = with(d, fleetFigures())
	d = with(d.WithRow(row("Findings")).WithPanel(foundTable()), fleetHistory())
	d = with(d.WithRow(row("Error budgets, as in the latest weekly report")), budgets())
	return with(d.WithRow(row("Load balancers")), loadBalancers())
}

// fleetFigures count routes, each once however many fingerprints and ghostpairs say so.
func fleetFigures() []panel {
	count := func(expr string) []query {
		return []query{now("count(\n  count by ("+ofRoute+") (\n    "+expr+"\n  )\n) or vector(0)", "")}
	}
	genuine := `ghostpair_route_verdict{` + own + `,verdict="paired",route!="*"} == 1
    unless ignoring (verdict, label)
      ghostpair_route_label_info{` + own + `,label=~"` + lookAlikes + `"}`
	return []panel{
		{
			title: "Routes with pairs", about: "Routes whose errors are proven to come in pairs, without those that look like something else.",
			unit: units.Short, width: 4, height: 4, kind: counted("red"), queries: count(genuine),
		},
		{
			title: "Suspected", about: "Routes whose scrapes are too coarse to see pairs, but whose errors last as long as a timeout.",
			unit: units.Short, width: 4, height: 4, kind: counted("orange"),
			queries: count(`ghostpair_route_verdict{` + own + `,verdict="suspected",route!="*"} == 1`),
		},
		{
			title: "Look-alikes", about: "Routes with pairs that look like a periodic check, a copied counter or a client's own retry.",
			unit: units.Short, width: 4, height: 4, kind: counted("yellow"),
			queries: count(`ghostpair_route_verdict{` + own + `,verdict="paired",route!="*"} == 1
    and ignoring (verdict, label)
      ghostpair_route_label_info{` + own + `,label=~"` + lookAlikes + `"}`),
		},
		{
			title: "Widespread", about: "Signals and fingerprints for which pairs are spread thinly over many routes.",
			unit: units.Short, width: 4, height: 4, kind: counted("red"),
			queries: []query{now("count(\n  count by (source, signal, fingerprint) (\n    ghostpair_route_label_info{"+own+`,route="*",label="widespread"}`+"\n  )\n) or vector(0)", "")},
		},
		{
			title: "Too coarsely scraped", about: "Routes whose scrape interval cannot show the lag of a fingerprint. `ghostpair doctor` prints the scrape job that can.",
			unit: units.Short, width: 4, height: 4, kind: counted("yellow"),
			queries: count(`ghostpair_route_undecided_info{` + own + `,reason="lag-not-resolvable",route!="*"}`),
		},
		{
			title: "Routes", about: "Routes that are watched.", unit: units.Short, width: 4, height: 4, kind: figure(),
			queries: []query{now("max(ghostpair_routes{"+own+"})", "")},
		},
	}
}

// foundTable lists what is paired or suspected, with the figures of each.
func foundTable() panel {
	found := "max by (" + ofStream + `, verdict) (ghostpair_route_verdict{` + own + `,verdict=~"paired|suspected"}) == 1`
	figureOf := func(expr string) query {
		return rows(expr + "\nand on (" + ofStream + ")\n  " + found)
	}
	return panel{
		title: "Pairs, proven and suspected",
		about: "Click on a route for its evidence. The route * is all routes of a signal together.",
		unit:  units.NoUnit, width: 24, height: 9,
		queries: []query{
			rows(found),
			figureOf(`max by (` + ofStream + `) (ghostpair_route_pair_lag_seconds{` + own + `,bound="estimate"})`),
			figureOf(`max by (` + ofStream + `) (ghostpair_route_pair_ratio{` + own + `,bound="estimate"})`),
			rows("max by (" + ofStream + ") (\n  " + found + "\n)\n* on (" + ofRoute + ") group_left ()\n  max by (" + ofRoute + ") (increase(ghostpair_route_errors_total{" + own + "}[1d]))"),
		},
		kind: columns(map[string]string{"Value #A": "found", "Value #B": "lag", "Value #C": "in pairs", "Value #D": "errors of the last day"}).
			OverrideByName("found", []dashboard.DynamicConfigValue{{Id: "custom.hidden", Value: true}}).
			OverrideByName("lag", column(units.Seconds, 2)).
			OverrideByName("in pairs", column(units.PercentUnit, 0)).
			OverrideByName("errors of the last day", column(units.Short, 0)).
			OverrideByName("route", toRoute()),
	}
}

// toRoute links a route to its own dashboard.
func toRoute() []dashboard.DynamicConfigValue {
	const field = "=${__data.fields."
	url := "/d/ghostpair-route?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
	for _, label := range []string{"source", "signal", "route", "fingerprint"} {
		url += "&var-" + label + field + label + ":percentencode}"
	}
	return []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]any{{"title": "evidence", "url": url}}}}
}

// fleetHistory is how verdicts changed.
func fleetHistory() []panel {
	verdictsByColour := stacked()
	for _, v := range verdicts {
		verdictsByColour = verdictsByColour.OverrideByName(v.name, colour(v.colour))
	}
	everFound := "and on (" + ofStream + ")\n  max by (" + ofStream + `) (max_over_time(ghostpair_route_verdict{` + own + `,verdict=~"paired|suspected"}[$__range] @ end())) == 1`
	causes := "max by (" + ofStream + ", cause) (ghostpair_route_cause_info{" + own + "})"
	return []panel{
		{
			title: "Routes that were paired or suspected", about: "The verdicts of every route that had pairs at some time shown here.",
			unit: units.NoUnit, width: 12, height: 9, kind: states(),
			queries: []query{over(verdictNumber(ofStream, own)+"\n"+everFound, "{{route}} ({{signal}}, {{fingerprint}})")},
		},
		{
			title: "Verdicts", about: "Routes times fingerprints, by what is known about them.",
			unit: units.Short, width: 12, height: 9, kind: verdictsByColour,
			queries: []query{over("sum by (verdict) (\n  max by ("+ofStream+`, verdict) (ghostpair_route_verdict{`+own+`,route!="*"})`+"\n)", "{{verdict}}")},
		},
		{
			title: "Errors in pairs", about: "Errors of the last hour times the share that is in a pair, of routes with pairs.",
			unit: units.Short, width: 12, height: 8, kind: lines(),
			queries: []query{over("max by ("+ofRoute+", fingerprint) (\n  ghostpair_route_pair_ratio{"+own+`,bound="estimate",route!="*"}`+
				"\n  and on (job, instance, "+ofStream+")\n    ghostpair_route_verdict{"+own+`,verdict="paired"} == 1`+
				"\n)\n* on ("+ofRoute+") group_left ()\n  max by ("+ofRoute+") (increase(ghostpair_route_errors_total{"+own+"}[1h]))", "{{route}} ({{signal}}, {{fingerprint}})")},
		},
		{
			title: "Why undecided", about: "Routes times fingerprints of which nothing can be said, by reason.",
			unit: units.Short, width: 6, height: 8, kind: stacked(),
			queries: []query{over("count by (reason) (\n  max by ("+ofStream+`, reason) (ghostpair_route_undecided_info{`+own+`,route!="*"})`+"\n)", "{{reason}}")},
		},
		{
			title: "Likely causes", about: "Findings by the cause that fits their checks best; several may fit one equally well.",
			unit: units.Short, width: 6, height: 8, kind: bars().Min(0),
			queries: []query{now("sort_desc(\n  count by (cause) (\n    "+causes+"\n  )\n)", "{{cause}}")},
		},
	}
}

// budgets is what errors cost, and which part of it pairs did.
func budgets() []panel {
	const of = "source, route"
	metric := func(name string) string { return "max by (" + of + ") (" + name + "{" + own + "})" }
	return []panel{
		{
			title: "Error budgets", about: "Only routes with an objective and requests, and with pairs in the last column.",
			unit: units.PercentUnit, width: 10, height: 9,
			queries: []query{rows(metric("ghostpair_objective_ratio")), rows(metric("ghostpair_error_budget_remaining_ratio")), rows(metric("ghostpair_error_budget_paired_ratio"))},
			kind: columns(map[string]string{"Value #A": "objective", "Value #B": "budget left", "Value #C": "burned by pairs"}).
				OverrideByName("objective", column(units.PercentUnit, 3)).
				OverrideByName("budget left", column(units.PercentUnit, 1)).
				OverrideByName("burned by pairs", column(units.PercentUnit, 1)),
		},
		{
			title: "Least budget left", about: "Negative when it was overspent.",
			unit: units.PercentUnit, width: 7, height: 9,
			kind:    bars().Min(0).Max(1).Thresholds(steps("red", step{0.1, "orange"}, step{0.5, "green"})),
			queries: []query{now("bottomk(10, "+metric("ghostpair_error_budget_remaining_ratio")+")", "{{route}}")},
		},
		{
			title: "Burned by pairs", about: "Share of its whole budget that a route lost to errors in pairs in that week.",
			unit: units.PercentUnit, width: 5, height: 9,
			kind:    bars().Min(0).Thresholds(steps("yellow", step{0.1, "orange"}, step{0.5, "red"})),
			queries: []query{now("topk(10, "+metric("ghostpair_error_budget_paired_ratio")+")", "{{route}}")},
		},
		{
			title: "Report of the week until", about: "`ghostpair serve` writes one every week, with --storage.path.",
			unit: units.DateTimeFromNow, width: 2, height: 9, kind: figure(),
			queries: []query{now("max(ghostpair_report_end_timestamp_seconds{"+own+"}) * 1000", "")},
		},
	}
}

// loadBalancers is what CloudWatch says: evidence for and against causes.
func loadBalancers() []panel {
	const by = "load_balancer, target_group, availability_zone, metric"
	signal := func(matcher string) []query {
		return []query{over("max by ("+by+") (ghostpair_nlb_signal{"+own+",metric"+matcher+"})", "{{load_balancer}} {{target_group}} {{availability_zone}} {{metric}}")}
	}
	drawn := func() common.VisibilityMode { return common.VisibilityModeAlways } // values come minutes apart
	return []panel{
		{
			title: "Resets", about: "Connections reset by the load balancer, a client or a target. A SYN that is dropped in silence is none of them.",
			unit: units.Short, width: 6, height: 8, kind: lines().ShowPoints(drawn()), queries: signal(`=~".*reset.*"`),
		},
		{
			title: "Hosts out of order", about: "Targets that fail their health checks explain errors without any hairpin.",
			unit: units.Short, width: 6, height: 8, kind: lines().ShowPoints(drawn()), queries: signal(`=~".*un_?healthy.*"`),
		},
		{
			title: "Other signals", about: "Port allocation errors and security groups are causes of their own.",
			unit: units.Short, width: 6, height: 8, kind: lines().ShowPoints(drawn()), queries: signal(`!~".*(reset|un_?healthy).*"`),
		},
		{
			title: "Age of the values", about: "CloudWatch is late by minutes, and ten and more are not rare.",
			unit: units.Seconds, width: 6, height: 8, kind: lines(),
			queries: []query{over("max by (load_balancer, metric) (ghostpair_nlb_sample_age_seconds{"+own+"})", "{{load_balancer}} {{metric}}")},
		},
	}
}

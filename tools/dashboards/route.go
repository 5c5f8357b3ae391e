package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// The route and the finding that the reader has chosen.
const (
	chosenRoute  = own + `,source="$source",signal="$signal",route="$route"`
	chosenStream = chosenRoute + `,fingerprint="$fingerprint"`
)

// route is what is known about one route and fingerprint, and why.
func route() *dashboard.DashboardBuilder {
	const verdict = `ghostpair_route_verdict{job=~"$job",instance=~"$instance"`
	d := page("ghostpair-route", "ghostpair / route", "What is known about the errors of one route, and why.").
		WithVariable(one("source", "label_values("+verdict+"}, source)")).
		WithVariable(one("signal", "label_values("+verdict+`,source="$source"}, signal)`)).
		WithVariable(one("fingerprint", "label_values("+verdict+`,source="$source"}, fingerprint)`)).
		WithVariable(one("route", "label_values("+verdict+`,source="$source",signal="$signal"}, route)`)).
		Annotation(firing(`,route="$route",fingerprint="$fingerprint"`))
	d = with(d, routeFigures())
	d = with(d.WithRow(row("Evidence")), evidence())
	d = with(d.WithRow(row("Lags between any two errors, up to 17 s")), lags())
	return with(d.WithRow(row("Why")), why())
}

func routeFigures() []panel {
	estimate := func(metric string) []query {
		return []query{now("max("+metric+"{"+chosenStream+`,bound="estimate"})`, "")}
	}
	return []panel{
		{
			title: "Verdict", about: "paired: proven. suspected: other counters say so. clear: pairs are a small share at most. undecided: see below.",
			unit: units.NoUnit, width: 4, height: 4, kind: figure().Mappings(verdictNames()),
			queries: []query{now("max(\n"+verdictNumber("route", chosenStream)+"\n)", "")},
		},
		{
			title: "Lag of the pairs", about: "Seconds between the two errors of a pair.",
			unit: units.Seconds, width: 4, height: 4, kind: figure().Decimals(2), queries: estimate("ghostpair_route_pair_lag_seconds"),
		},
		{
			title: "Errors in pairs", about: "Share of all errors of the route that are in a pair.",
			unit: units.PercentUnit, width: 4, height: 4, kind: figure().Decimals(0), queries: estimate("ghostpair_route_pair_ratio"),
		},
		{
			title: "Errors", about: "In the time shown, as far as ghostpair was running.",
			unit: units.Short, width: 4, height: 4, kind: figure().Decimals(0),
			queries: []query{now("max(increase(ghostpair_route_errors_total{"+chosenRoute+"}[$__range]))", "")},
		},
		{
			title: "Scrape interval", about: "The coarsest of the route's targets. Pairs 5 s apart can be seen up to 3 s.",
			unit: units.Seconds, width: 4, height: 4, kind: figure(),
			queries: []query{now("max(ghostpair_route_scrape_interval_seconds{"+chosenRoute+"})", "")},
		},
		{
			title: "Newest sample", about: "How old it is. ghostpair stays behind now by evaluate.delay.",
			unit: units.Seconds, width: 4, height: 4, kind: figure().Decimals(0),
			queries: []query{now("time() - max(ghostpair_route_last_sample_timestamp_seconds{"+chosenRoute+"})", "")},
		},
	}
}

func evidence() []panel {
	bounds := func(metric string) []query {
		return []query{over("max by (bound) ("+metric+"{"+chosenStream+"})", "{{bound}}")}
	}
	return []panel{
		{
			title: "Evidence against its threshold", about: "Decimal logarithms. Evidence that reaches the threshold makes the route paired, and starts again from nothing.",
			unit: units.NoUnit, width: 12, height: 9,
			kind: lines().OverrideByName("threshold", colour("red")),
			queries: []query{
				over("max(ghostpair_route_evidence_log10{"+chosenStream+"})", "evidence"),
				over(`max(ghostpair_evidence_threshold_log10{`+own+`,source="$source"})`, "threshold"),
			},
		},
		{
			title: "Verdict over time", about: "Of every fingerprint of the route.", unit: units.NoUnit, width: 12, height: 9, kind: states(),
			queries: []query{over(verdictNumber("fingerprint", chosenRoute), "{{fingerprint}}")},
		},
		{
			title: "Lag of the pairs", about: "With its 95 % interval.", unit: units.Seconds, width: 12, height: 8,
			kind: interval().Decimals(2), queries: bounds("ghostpair_route_pair_lag_seconds"),
		},
		{
			title: "Share of errors in pairs", about: "With its 95 % interval.", unit: units.PercentUnit, width: 12, height: 8,
			kind: interval(), queries: bounds("ghostpair_route_pair_ratio"),
		},
	}
}

func lags() []panel {
	buckets := func(window string) string {
		return "sum by (le) (\n  max by (le, " + ofRoute + ") (increase(ghostpair_route_interarrival_seconds_bucket{" + chosenRoute + "}[" + window + "]))\n)"
	}
	return []panel{
		{
			title: "In the time shown", about: "Pairs stand out as a bump at their lag; a bar is the second that ends at its name.",
			unit: units.Short, width: 8, height: 12, kind: bars().Min(0).Decimals(0),
			queries: []query{{expr: buckets("$__range"), legend: "{{le}}", format: "heatmap", instant: true}},
		},
		{
			title: "Over time", about: "Pairs are a band at their lag.",
			unit: units.Seconds, width: 8, height: 12, kind: heat(),
			queries: []query{{expr: buckets("$__rate_interval"), legend: "{{le}}", format: "heatmap"}},
		},
		{
			title: "Errors an hour", about: "Births of series included.",
			unit: units.Short, width: 8, height: 12, kind: lines(),
			queries: []query{over("max by (signal) (increase(ghostpair_route_errors_total{"+chosenRoute+"}[1h]))", "{{signal}}")},
		},
	}
}

func why() []panel {
	return []panel{
		{
			title: "Checks", about: "What other counters say about findings that are paired or suspected.",
			unit: units.NoUnit, width: 8, height: 9, kind: labelsOnly(),
			queries: []query{rows("max by (check, outcome) (ghostpair_route_check{" + chosenStream + "})")},
		},
		{
			title: "Likely causes", about: "Those that fit the checks best. The runbook says what to do about each.",
			unit: units.NoUnit, width: 5, height: 9, kind: labelsOnly(),
			queries: []query{rows("max by (cause) (ghostpair_route_cause_info{" + chosenStream + "})")},
		},
		{
			title: "Labels", about: "What else is known about the pairs; lag-outside, train, stepped, half-step and fast are look-alikes.",
			unit: units.NoUnit, width: 3, height: 9, kind: labelsOnly(),
			queries: []query{rows("max by (label) (ghostpair_route_label_info{" + chosenStream + "})")},
		},
		{
			title: "Undecided because", about: "For each fingerprint of the route.",
			unit: units.NoUnit, width: 8, height: 9, kind: labelsOnly(),
			queries: []query{rows("max by (signal, fingerprint, reason) (ghostpair_route_undecided_info{" + own + `,source="$source",route="$route"})`)},
		},
	}
}

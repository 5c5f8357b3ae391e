package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// service is whether ghostpair itself works, and how good what it reads is.
func service() *dashboard.DashboardBuilder {
	d := page("ghostpair-service", "ghostpair / service", "Whether ghostpair itself works: a detector that is silently out of order is taken for good news.").
		Annotation(firing(`,alertname!~"GhostpairPaired.*|GhostpairSuspected|GhostpairLookAlike"`))
	for _, p := range serviceFigures() {
		d = d.WithPanel(p)
	}
	for _, group := range []struct {
		title  string
		panels []panel
	}{
		{"Evaluation", evaluation()}, {"Reading from Prometheus", reading()}, {"Quality of the data", quality()}, {"Size", size()},
	} {
		d = d.WithRow(row(group.title))
		for _, p := range group.panels {
			d = d.WithPanel(p)
		}
	}
	return d
}

func serviceFigures() []panel {
	return []panel{
		{
			title: "Up", about: "Scrapes of ghostpair that succeed, of those that should.", unit: units.PercentUnit, width: 4, height: 4,
			kind:    figure().Thresholds(steps("red", step{1, "green"})),
			queries: []query{now("avg(up{"+own+"})", "")},
		},
		{
			title: "Behind now", about: "How far evaluation is behind. evaluate.delay is part of it.", unit: units.Seconds, width: 4, height: 4,
			kind:    figure().Decimals(0).Thresholds(steps("green", step{600, "red"})),
			queries: []query{now("max(time() - ghostpair_evaluation_watermark_timestamp_seconds{"+own+"})", "")},
		},
		{
			title: "Sources out of order", about: "Sources that were not read for ten minutes, or whose selector matches nothing.", unit: units.Short, width: 4, height: 4,
			kind:    counted("red"),
			queries: []query{now("count(\n  time() - ghostpair_source_last_success_timestamp_seconds{"+own+"} > 600\n  or\n  ghostpair_source_unmatched{"+own+"} == 1\n) or vector(0)", "")},
		},
		{
			title: "Configuration, state", about: "Whether the configuration was loaded and the state saved the last time that this was tried; otherwise the old one is in force, or a restart goes on from an older state.", unit: units.BoolYesNo, width: 4, height: 4,
			kind: figure().Thresholds(steps("red", step{1, "green"})),
			queries: []query{
				now("min(ghostpair_config_last_reload_successful{"+own+"})", "loaded"),
				now("min(ghostpair_state_last_save_successful{"+own+"})", "saved"),
			},
		},
		{
			title: "Running since", about: "The youngest process.", unit: units.DateTimeFromNow, width: 4, height: 4, kind: figure(),
			queries: []query{now("max(process_start_time_seconds{"+own+"}) * 1000", "")},
		},
		{
			title: "Version", about: "Of all that are selected.", unit: units.NoUnit, width: 4, height: 4, kind: figure().TextMode("name"),
			queries: []query{now("count by (version) (ghostpair_build_info{"+own+"})", "{{version}}")},
		},
	}
}

func evaluation() []panel {
	quantile := func(q string) string {
		return "histogram_quantile(" + q + ", sum by (le, instance) (rate(ghostpair_evaluation_duration_seconds_bucket{" + own + "}[$__rate_interval])))"
	}
	return []panel{
		{
			title: "Evaluations", about: "Begun, and those in which a source failed.", unit: units.OpsPerSecond, width: 8, height: 8, kind: lines(),
			queries: []query{
				over("sum by (instance) (rate(ghostpair_evaluations_total{"+own+"}[$__rate_interval]))", "{{instance}}"),
				over("sum by (instance) (rate(ghostpair_evaluation_failures_total{"+own+"}[$__rate_interval]))", "{{instance}} failed"),
			},
		},
		{
			title: "Duration", about: "Reading included. It must stay below evaluate.every.", unit: units.Seconds, width: 8, height: 8, kind: lines(),
			queries: []query{over(quantile("0.5"), "{{instance}} median"), over(quantile("0.99"), "{{instance}} 99 %")},
		},
		{
			title: "Behind now", about: "It grows while a source cannot be read, and while a hole is caught up.", unit: units.Seconds, width: 8, height: 8, kind: lines(),
			queries: []query{over("time() - ghostpair_evaluation_watermark_timestamp_seconds{"+own+"}", "{{instance}}")},
		},
	}
}

func reading() []panel {
	quantile := func(q string) string {
		return "histogram_quantile(" + q + ", sum by (le, source, protocol) (rate(ghostpair_source_query_duration_seconds_bucket{" + own + "}[$__rate_interval])))"
	}
	return []panel{
		{
			title: "Queries", about: "Sent to Prometheus, failed ones included.", unit: units.RequestsPerSecond, width: 8, height: 8, kind: lines(),
			queries: []query{over("sum by (source) (rate(ghostpair_source_queries_total{"+own+"}[$__rate_interval]))", "{{source}}")},
		},
		{
			title: "Query duration", about: "Until the answer was read.", unit: units.Seconds, width: 8, height: 8, kind: lines(),
			queries: []query{over(quantile("0.5"), "{{source}} {{protocol}} median"), over(quantile("0.99"), "{{source}} {{protocol}} 99 %")},
		},
		{
			title: "Failed queries", about: "By reason, of which the runbook has a list.", unit: units.Short, width: 8, height: 8, kind: stacked(),
			queries: []query{over("sum by (reason) (increase(ghostpair_source_query_failures_total{"+own+"}[$__rate_interval]))", "{{reason}}")},
		},
		{
			title: "Time since the last success", about: "A source that cannot be read keeps its place, and is read from there when it is back.", unit: units.Seconds, width: 6, height: 8, kind: lines(),
			queries: []query{over("max by (source) (time() - ghostpair_source_last_success_timestamp_seconds{"+own+"})", "{{source}}")},
		},
		{
			title: "Samples read", about: "At a start there are many: the history.", unit: units.CountsPerSecond, width: 6, height: 8, kind: lines(),
			queries: []query{over("sum by (source) (rate(ghostpair_source_samples_total{"+own+"}[$__rate_interval]))", "{{source}}")},
		},
		{
			title: "Series and readers", about: "Series of the last read, and the protocol in use.", unit: units.Short, width: 6, height: 8,
			kind: columns(map[string]string{"Value #A": "series", "Value #B": "in use"}).
				OverrideByName("in use", []dashboard.DynamicConfigValue{{Id: "custom.hidden", Value: true}}),
			queries: []query{
				rows("max by (source) (ghostpair_source_series{" + own + "})"),
				rows("max by (source, protocol) (ghostpair_source_protocol_info{" + own + "})"),
			},
		},
		{
			title: "Servers", about: "1 while the latest read went well; and whether several Prometheis answer at one address in turn, which hides pairs.", unit: units.Short, width: 6, height: 8, kind: lines(),
			queries: []query{
				over("min by (server) (ghostpair_prometheus_up{"+own+"})", "{{server}}"),
				over("max by (server) (ghostpair_prometheus_mixed{"+own+"})", "{{server}} mixed"),
			},
		},
	}
}

func quality() []panel {
	hourly := func(title, about, metric string) panel {
		return panel{
			title: title, about: about, unit: units.Short, width: 6, height: 8, kind: lines(),
			queries: []query{over("max by (source) (increase("+metric+"{"+own+"}[1h]))", "{{source}}")},
		}
	}
	return []panel{
		hourly("Late samples an hour", "They came after their time was settled and are not used. Raise evaluate.delay if they go on.", "ghostpair_samples_late_total"),
		hourly("Scrape gaps an hour", "Scrapes that were missed or irregular.", "ghostpair_scrape_gaps_total"),
		hourly("Counter resets an hour", "Restarts.", "ghostpair_series_resets_total"),
		hourly("Births an hour", "Series that appeared on a target that was scraped already: their first value is an error count.", "ghostpair_series_births_total"),
	}
}

func size() []panel {
	each := func(metric string) string { return metric + "{" + own + "}" }
	return []panel{
		{
			title: "Routes and streams", about: "A stream is a route and a fingerprint. Routes beyond limits.routes are dropped.", unit: units.Short, width: 6, height: 8, kind: lines(),
			queries: []query{
				over(each("ghostpair_routes"), "{{instance}} routes"), over(each("ghostpair_streams"), "{{instance}} streams"),
				over(each("ghostpair_routes_dropped_total"), "{{instance}} dropped"),
			},
		},
		{
			title: "Memory", about: "Resident.", unit: units.BytesIEC, width: 6, height: 8, kind: lines(),
			queries: []query{over(each("process_resident_memory_bytes"), "{{instance}}")},
		},
		{
			title: "CPU", about: "Of one core.", unit: units.PercentUnit, width: 6, height: 8, kind: lines(),
			queries: []query{over("rate(process_cpu_seconds_total{"+own+"}[$__rate_interval])", "{{instance}}")},
		},
		{
			title: "Backfill jobs", about: "Those that were asked for over HTTP.", unit: units.Short, width: 6, height: 8, kind: lines(),
			queries: []query{over("sum by (state) (ghostpair_backfill_jobs{"+own+"})", "{{state}}")},
		},
	}
}

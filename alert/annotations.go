package alert

// The texts of the alerts are templates that Prometheus fills in. A figure that depends on other
// series than that of the alert is queried, with all labels of the stream; where it has no value
// the text says so instead of printing a 0.

// streamMatchers sets $stream to the matchers that select the stream of the alert.
const streamMatchers = `{{- $stream := printf "job=%q,instance=%q,source=%q,signal=%q,route=%q,fingerprint=%q" ` +
	`$labels.job $labels.instance $labels.source $labels.signal $labels.route $labels.fingerprint -}}
`

// figures are the lag, the share of errors and the evidence of the stream, in three sentences.
const figures = `Lag between the errors of a pair: ` +
	`{{ with query (printf "ghostpair_route_pair_lag_seconds{bound=\"estimate\",%s}" $stream) }}{{ . | first | value | printf "%.2f" }} s{{ else }}not known yet{{ end }}` +
	`{{ with query (printf "ghostpair_route_pair_lag_seconds{bound=\"lower\",%s}" $stream) }} (95 % interval {{ . | first | value | printf "%.2f" }}{{ end }}` +
	`{{ with query (printf "ghostpair_route_pair_lag_seconds{bound=\"upper\",%s}" $stream) }}–{{ . | first | value | printf "%.2f" }} s){{ end }}.
Errors that are in a pair: ` +
	`{{ with query (printf "100 * ghostpair_route_pair_ratio{bound=\"estimate\",%s}" $stream) }}{{ . | first | value | printf "%.0f" }} %{{ else }}not known yet{{ end }}` +
	`{{ with query (printf "100 * ghostpair_route_pair_ratio{bound=\"lower\",%s}" $stream) }} ({{ . | first | value | printf "%.0f" }}{{ end }}` +
	`{{ with query (printf "100 * ghostpair_route_pair_ratio{bound=\"upper\",%s}" $stream) }} to {{ . | first | value | printf "%.0f" }} %){{ end }}.
Evidence since the alarm: ` +
	`{{ with query (printf "ghostpair_route_evidence_log10{%s}" $stream) }}10^{{ . | first | value | printf "%.1f" }}{{ else }}none yet{{ end }}` +
	`{{ with query (printf "ghostpair_evidence_threshold_log10{job=%q,instance=%q,source=%q}" $labels.job $labels.instance $labels.source) }}; ` +
	`the alarm took 10^{{ . | first | value | printf "%.1f" }}, and starts the evidence from 0 again{{ end }}.`

const (
	pairedSummary     = "Errors of {{ $labels.route }} come in pairs"
	pairedDescription = streamMatchers + `The {{ $labels.signal }} errors of {{ $labels.route }} come in pairs at the lag {{ $labels.fingerprint }}: an attempt and its retry seem to die of the same timeout.
` + figures + "\n"
	pairedFirst = "No cause is claimed: what would name one is not there, or does not decide; ghostpair doctor says what is missing. Check first whether connections come back to the node that they left (an NLB that preserves client IPs)."

	everywhereSummary     = "Errors come in pairs, thinly over many routes"
	everywhereDescription = streamMatchers + `The {{ $labels.signal }} errors of source {{ $labels.source }}, all routes together, come in pairs at the lag {{ $labels.fingerprint }}, though no route has enough of them to be named. The routes that carry it are the members of the finding of route * in /api/v1/findings.
` + figures + `
Pairs that are spread over services that have nothing in common point to what they share: the load balancer, the nodes, the network.`

	lookAlikeSummary     = "Errors of {{ $labels.route }} recur at {{ $labels.fingerprint }}, but look like something else ({{ $labels.label }})"
	lookAlikeDescription = streamMatchers + `{{ if eq $labels.label "train" -}}
Errors recur every ~{{ with query (printf "ghostpair_route_pair_lag_seconds{bound=\"estimate\",%s}" $stream) }}{{ . | first | value | printf "%.0f" }} s{{ else }}few seconds{{ end }}, many times in a row: a periodic check? Find the probe, poller or scheduled job that fails.
{{- else if eq $labels.label "stepped" -}}
The counter moves only on a clock: something copies it every few seconds (a statsd bridge, a push gateway, a collector, federation). Scrape the proxy itself.
{{- else if eq $labels.label "half-step" -}}
There are errors at half the lag too: a client that retries every few seconds, rather than a timeout of this length.
{{- else if eq $labels.label "fast" -}}
The errors took no time, so that they are no timeouts: refused connections or instant answers that a client repeats after a pause.
{{- else if eq $labels.label "lag-outside" -}}
The lag is surely not that of the fingerprint: look for a timeout or a pause of the length below.
{{- end }}
Route {{ $labels.route }}, signal {{ $labels.signal }}, fingerprint {{ $labels.fingerprint }}.
` + figures
)

const (
	downSummary     = "ghostpair is down"
	downDescription = `Prometheus cannot scrape {{ with $labels.instance }}ghostpair at {{ . }}{{ else }}any ghostpair{{ end }}. Errors that come in pairs are not being looked for.`

	staleSummary     = "ghostpair has no new results"
	staleDescription = `For {{ humanizeDuration $value }} ghostpair at {{ $labels.instance }} has evaluated nothing newer. Its verdicts are as old. It may be catching up, or cannot read Prometheus.`

	blindSummary     = "Scrapes are too coarse to see pairs"
	blindDescription = `{{ printf "%.0f" $value }} ` +
		`{{- with query (printf "count(ghostpair_route_verdict{job=%q,instance=%q,source=%q,signal=%q,fingerprint=%q,verdict=\"undecided\",route!=\"*\"})" $labels.job $labels.instance $labels.source $labels.signal $labels.fingerprint) }} of {{ . | first | value | printf "%.0f" }}{{ end }} ` +
		`routes of source {{ $labels.source }} cannot be tested for {{ $labels.fingerprint }}: scraped every ` +
		`{{ with query (printf "max(ghostpair_route_scrape_interval_seconds{job=%q,instance=%q,source=%q,signal=%q})" $labels.job $labels.instance $labels.source $labels.signal) }}{{ . | first | value | humanizeDuration }} at the coarsest{{ else }}too rarely{{ end }}, they hide how far apart two errors are. ` +
		`Add a scrape job of 1 s for the few counters that matter.`

	emptySummary     = "The selector of source {{ $labels.source }} matches nothing"
	emptyDescription = `Source {{ $labels.source }} of the configuration matches no series, and neither the scrapes of its jobs nor any sibling series are there: a healthy proxy without errors would show those. Check the selector and where it is scraped.`

	failingSummary     = "Source {{ $labels.source }} cannot be read"
	failingDescription = `ghostpair at {{ $labels.instance }} has read nothing of source {{ $labels.source }} ` +
		`{{ with query (printf "time() - ghostpair_source_last_success_timestamp_seconds{job=%q,instance=%q,source=%q}" $labels.job $labels.instance $labels.source) }}for {{ . | first | value | humanizeDuration }}{{ else }}since it started{{ end }}` +
		`{{ with query (printf "topk(1, increase(ghostpair_source_query_failures_total{job=%q,instance=%q,source=%q}[15m]) > 0)" $labels.job $labels.instance $labels.source) }}; most often because of: {{ . | first | label "reason" }}{{ end }}. ` +
		`Nothing is lost while Prometheus keeps the samples: ghostpair catches up by itself.`

	awaySummary     = "One of the Prometheis that ghostpair reads is away"
	awayDescription = `ghostpair at {{ $labels.instance }} cannot read {{ $labels.server }}. Others stand in for it: what they scrape as well is still seen, what only it scrapes is not.`

	mixedSummary     = "Several Prometheis answer at one address"
	mixedDescription = `At {{ $labels.server }} ghostpair at {{ $labels.instance }} gets the answers of several Prometheis in turn. Their scrape times mix, so that pairs are missed. List each of them in prometheus.urls.`

	reloadSummary     = "The configuration of ghostpair could not be reloaded"
	reloadDescription = `ghostpair at {{ $labels.instance }} goes on with the configuration that it had. Its log, and ghostpair check, list everything that is wrong with the new one.`
)

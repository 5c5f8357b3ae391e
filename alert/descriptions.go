package alert

import "github.com/prometheus/client_golang/prometheus"

const namespace = "ghostpair"

// descriptions are the metrics of the collector.
type descriptions struct {
	verdict, evidence, lag, pairRatio, labelInfo, undecidedInfo *prometheus.Desc
	check, causeInfo                                            *prometheus.Desc
	errors, interarrival, scrapeInterval, lastSample            *prometheus.Desc

	sourceSeries, sourceSamples, sourceLastSuccess, sourceProtocol, sourceUnmatched *prometheus.Desc
	threshold, late, resets, births, gaps                                           *prometheus.Desc

	streams, routes, routesDropped, watermark *prometheus.Desc
	nlbSignal, nlbAge                         *prometheus.Desc
}

func newDescriptions() descriptions {
	desc := func(labels []string) func(name, help string, more ...string) *prometheus.Desc {
		return func(name, help string, more ...string) *prometheus.Desc {
			all := append(labels[:len(labels):len(labels)], more...)
			return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, all, nil)
		}
	}
	stream := desc([]string{"source", "signal", "route", "fingerprint"})
	route := desc([]string{"source", "signal", "route"})
	source := desc([]string{"source"})
	whole := desc(nil)
	nlb := desc([]string{"load_balancer", "target_group", "availability_zone", "metric"})
	return descriptions{
		verdict:       stream("route_verdict", "What is known about pairs of errors of a route: exactly one verdict is 1.", "verdict"),
		evidence:      stream("route_evidence_log10", "Evidence for pairs as the decimal logarithm of an e-value; compare with the threshold."),
		lag:           stream("route_pair_lag_seconds", "Lag between the two errors of a pair, with the bounds of its 95 % interval.", "bound"),
		pairRatio:     stream("route_pair_ratio", "Share of errors that are in a pair, with the bounds of its 95 % interval.", "bound"),
		labelInfo:     stream("route_label_info", "What else is known about the pairs, such as a look-alike.", "label"),
		undecidedInfo: stream("route_undecided_info", "Why a route is undecided.", "reason"),
		check:         stream("route_check", "What other counters than those of the errors say about a route.", "check", "outcome"),
		causeInfo:     stream("route_cause_info", "What fits the checks of a route best; several causes may fit equally well.", "cause"),

		errors:         route("route_errors_total", "Errors counted since the end of the warm-up, those of newborn series included."),
		interarrival:   route("route_interarrival_seconds", "Lags of at most 17 s between any two errors of a route, since the end of the warm-up."),
		scrapeInterval: route("route_scrape_interval_seconds", "Coarsest scrape interval of the targets of a route."),
		lastSample:     route("route_last_sample_timestamp_seconds", "Time of the newest sample of a route."),

		sourceSeries:      source("source_series", "Series that the selector of a source matched in the last read."),
		sourceSamples:     source("source_samples_total", "Samples read, since the origin of the evaluation."),
		sourceLastSuccess: source("source_last_success_timestamp_seconds", "When a source was last read."),
		sourceProtocol:    source("source_protocol_info", "Which reader is in use.", "protocol"),
		sourceUnmatched:   source("source_unmatched", "Whether the selector of a source from the configuration file matches nothing, and nothing explains it."),
		threshold:         source("evidence_threshold_log10", "Evidence that makes a route paired; it follows from the budget of false alarms."),
		late:              source("samples_late_total", "Samples that came after their time was settled, since the origin of the evaluation."),
		resets:            source("series_resets_total", "Counters that fell, since the origin of the evaluation."),
		births:            source("series_births_total", "Series that appeared on a target already scraped, since the origin of the evaluation."),
		gaps:              source("scrape_gaps_total", "Scrape intervals that were missed or irregular, since the origin of the evaluation."),

		streams:       whole("streams", "Streams that are tested: routes times fingerprints, and the pooled ones."),
		routes:        whole("routes", "Routes that are watched."),
		routesDropped: whole("routes_dropped_total", "Routes left out because of limits.routes."),
		watermark:     whole("evaluation_watermark_timestamp_seconds", "Up to when samples have been evaluated, by the source that is furthest."),

		nlbSignal: nlb("nlb_signal", "Newest value of a load balancer metric, as its exporter gives it for one period."),
		nlbAge:    nlb("nlb_sample_age_seconds", "Age of the newest value of a load balancer metric."),
	}
}

func (d *descriptions) all() []*prometheus.Desc {
	return []*prometheus.Desc{
		d.verdict, d.evidence, d.lag, d.pairRatio, d.labelInfo, d.undecidedInfo, d.check, d.causeInfo,
		d.errors, d.interarrival, d.scrapeInterval, d.lastSample,
		d.sourceSeries, d.sourceSamples, d.sourceLastSuccess, d.sourceProtocol, d.sourceUnmatched,
		d.threshold, d.late, d.resets, d.births, d.gaps,
		d.streams, d.routes, d.routesDropped, d.watermark, d.nlbSignal, d.nlbAge,
	}
}

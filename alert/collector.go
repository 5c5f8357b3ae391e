package alert

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ghostpair/ghostpair/finding"
)

// Collector exposes the latest evaluation. Every scrape reads one immutable evaluation, so that
// what belongs together is consistent; a route that is no longer in it is no longer exposed, and
// its series go stale.
type Collector struct {
	latest func() *finding.Evaluation
	now    func() time.Time
	descs  descriptions
}

// NewCollector returns a collector of what latest returns at the time of a scrape; latest may
// return nil while there is no evaluation. The clock now dates the age of samples only.
func NewCollector(latest func() *finding.Evaluation, now func() time.Time) *Collector {
	return &Collector{latest: latest, now: now, descs: newDescriptions()}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range c.descs.all() {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	e := emitter{ch}
	evaluation := c.latest()
	if evaluation == nil {
		evaluation = &finding.Evaluation{}
	}
	for i := range evaluation.Findings {
		c.finding(e, &evaluation.Findings[i])
	}
	for i := range evaluation.Routes {
		c.route(e, &evaluation.Routes[i])
	}
	c.sources(e, evaluation.Sources, evaluation.Origin)
	for _, sample := range evaluation.NLB {
		labels := []string{sample.LoadBalancer, sample.TargetGroup, sample.AvailabilityZone, sample.Metric}
		e.gauge(c.descs.nlbSignal, sample.Value, labels...)
		e.gauge(c.descs.nlbAge, c.now().Sub(sample.At).Seconds(), labels...)
	}
}

// finding exposes one tested combination of source, signal, route and fingerprint.
func (c *Collector) finding(e emitter, f *finding.Finding) {
	d := &c.descs
	labels := []string{f.Source, f.Signal, f.Route, f.Fingerprint}
	with := func(value string) []string { return append(labels[:len(labels):len(labels)], value) }
	for _, verdict := range finding.Verdicts() {
		e.gauge(d.verdict, truth(verdict == f.Verdict), with(verdict.String())...)
	}
	if f.EvidenceLog10 != nil {
		e.gauge(d.evidence, *f.EvidenceLog10, labels...)
	}
	c.interval(e, d.lag, f.LagSeconds, with)
	c.interval(e, d.pairRatio, f.PairRatio, with)
	for _, label := range f.Labels {
		e.gauge(d.labelInfo, 1, with(label)...)
	}
	if f.Verdict == finding.Paired || f.Verdict == finding.Suspected {
		c.diagnosis(e, f, with)
	}
	if f.Verdict == finding.Undecided {
		for _, reason := range f.Reasons {
			e.gauge(d.undecidedInfo, 1, with(reason)...)
		}
	}
}

// diagnosis exposes why a finding may be. There are too many undecided ones to do so for all.
func (c *Collector) diagnosis(e emitter, f *finding.Finding, with func(string) []string) {
	for _, check := range f.Checks {
		e.gauge(c.descs.check, 1, append(with(check.Name), check.Outcome)...)
	}
	for _, cause := range f.Causes {
		if cause.Score == f.Causes[0].Score {
			e.gauge(c.descs.causeInfo, 1, with(cause.Name)...)
		}
	}
}

// interval exposes an estimate and its bounds, and nothing where there is none.
func (c *Collector) interval(e emitter, desc *prometheus.Desc, interval *finding.Interval, with func(string) []string) {
	if interval == nil {
		return
	}
	e.gauge(desc, interval.Estimate, with("estimate")...)
	e.gauge(desc, interval.Lower, with("lower")...)
	e.gauge(desc, interval.Upper, with("upper")...)
}

// route exposes what does not depend on a fingerprint.
func (c *Collector) route(e emitter, r *finding.Route) {
	d := &c.descs
	labels := []string{r.Source, r.Signal, r.Route}
	e.counter(d.errors, float64(r.Errors), r.Created, labels...)
	e.histogram(d.interarrival, r.Interarrival, r.Created, labels...)
	if r.ScrapeInterval > 0 {
		e.gauge(d.scrapeInterval, r.ScrapeInterval.Seconds(), labels...)
	}
	e.instant(d.lastSample, r.LastSample, labels...)
}

// sources exposes the state of each source and what they add up to. What they count, they count
// from the origin on.
func (c *Collector) sources(e emitter, sources []finding.Source, origin time.Time) {
	d := &c.descs
	var streams, routes, dropped int
	var watermark time.Time
	for i := range sources {
		s := &sources[i]
		streams += s.Streams
		routes += s.Routes
		dropped += s.Quality.RoutesDropped
		if s.Timing && s.Watermark.After(watermark) {
			watermark = s.Watermark
		}
		c.source(e, s, origin)
	}
	e.gauge(d.streams, float64(streams))
	e.gauge(d.routes, float64(routes))
	e.counter(d.routesDropped, float64(dropped), origin)
	e.instant(d.watermark, watermark)
}

func (c *Collector) source(e emitter, s *finding.Source, origin time.Time) {
	d := &c.descs
	e.gauge(d.sourceSeries, float64(s.Series), s.Name)
	e.counter(d.sourceSamples, float64(s.Quality.Samples), origin, s.Name)
	e.instant(d.sourceLastSuccess, s.LastSuccess, s.Name)
	e.gauge(d.sourceUnmatched, truth(s.Unmatched()), s.Name)
	if s.Protocol != "" {
		e.gauge(d.sourceProtocol, 1, s.Name, s.Protocol)
	}
	if !s.Timing {
		return // there is no point process whose input could be of poor quality
	}
	if s.ThresholdLog10 != nil {
		e.gauge(d.threshold, *s.ThresholdLog10, s.Name)
	}
	e.counter(d.late, float64(s.Quality.Late), origin, s.Name)
	e.counter(d.resets, float64(s.Quality.Resets), origin, s.Name)
	e.counter(d.births, float64(s.Quality.Births), origin, s.Name)
	e.counter(d.gaps, float64(s.Quality.Gaps), origin, s.Name)
}

// emitter sends metrics. Label values come from the labels of other people's series: what is not
// UTF-8 is replaced, since one bad value would fail the whole scrape.
type emitter struct{ ch chan<- prometheus.Metric }

func (e emitter) gauge(desc *prometheus.Desc, value float64, labels ...string) {
	e.ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, valid(labels)...)
}

// instant exposes a time in Unix seconds, and nothing for the zero time.
func (e emitter) instant(desc *prometheus.Desc, at time.Time, labels ...string) {
	if !at.IsZero() {
		e.gauge(desc, float64(at.UnixMilli())/1000, labels...)
	}
}

// counter exposes a counter, with its created timestamp unless that is zero.
func (e emitter) counter(desc *prometheus.Desc, value float64, created time.Time, labels ...string) {
	if created.IsZero() {
		e.ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value, valid(labels)...)
		return
	}
	e.ch <- prometheus.MustNewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, value, created, valid(labels)...)
}

// histogram exposes lag counts with an upper edge at each whole second.
func (e emitter) histogram(desc *prometheus.Desc, lags finding.LagCounts, created time.Time, labels ...string) {
	buckets := make(map[float64]uint64, len(lags.Bins))
	var count uint64
	for i, n := range lags.Bins {
		count += n
		buckets[float64(i+1)] = count
	}
	if created.IsZero() {
		e.ch <- prometheus.MustNewConstHistogram(desc, count, lags.SumSeconds, buckets, valid(labels)...)
		return
	}
	e.ch <- prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, lags.SumSeconds, buckets, created, valid(labels)...)
}

func valid(labels []string) []string {
	for i, label := range labels {
		labels[i] = strings.ToValidUTF8(label, "\uFFFD")
	}
	return labels
}

func truth(condition bool) float64 {
	if condition {
		return 1
	}
	return 0
}

package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/sources"
)

const (
	probes      = 5               // instants of the window at which is asked
	probeWindow = 2 * time.Minute // of the samples that are counted there

	// What reading cost where it was measured, with a margin: samples a second, and the server's time a
	// sample.
	streamedRate    = 20e6
	jsonRate        = 0.5e6
	streamedSeconds = 10e-9
	jsonSeconds     = 500e-9
)

// estimate is what a source would be asked for.
type estimate struct {
	name            string
	series, targets float64 // at most, at one instant
	samples, ups    float64 // in the whole window
}

// dry says what would be read. Its queries count a few minutes' worth of samples.
func (b *backfill) dry(ctx context.Context, s std, c *config.Config, window finding.Window) error {
	logger := b.logging.logger(s.err)
	server, err := answering(ctx, c, logger)
	if err != nil {
		return usageError(err)
	}
	from := window.Start.Add(-time.Duration(b.leadIn))
	var all []estimate
	for _, source := range c.Sources {
		if !source.Timing() {
			continue
		}
		e, err := probe(ctx, server, source, from, window.End)
		if err != nil {
			return fmt.Errorf("source %q: %w", source.Name, err)
		}
		all = append(all, e)
	}
	oldest, ok, err := oldestData(ctx, server, from, window.End)
	if err != nil {
		return err
	}
	p := newPrinter(width(s.out), false, nil)
	p.line(0, fmt.Sprintf("Nothing was read. From %s, %s to %s (UTC):", c.Prometheus.RedactedURL(), minute(from), minute(window.End)))
	b.estimates(p, all, window.End.Sub(from))
	switch {
	case !ok:
		p.line(0, "There are no data in this time: no `up`.")
	case oldest.Sub(from) > oldestWithin:
		p.line(0, "The data begin at about "+minute(oldest)+".")
	}
	_, err = io.WriteString(s.out, p.out.String())
	return err
}

// probe asks at some instants what a source has.
func probe(ctx context.Context, server *sources.Server, source config.Source, from, to time.Time) (estimate, error) {
	e := estimate{name: source.Name}
	selector, _ := routeSelector(source, finding.PooledRoute)
	length := to.Sub(from)
	for i := range probes {
		at := from.Add(length * time.Duration(2*i+1) / (2 * probes))
		jobs, _, err := server.Instant(ctx, fmt.Sprintf("count by (job) (%s)", selector), at.UnixMilli())
		if err != nil {
			return e, err
		}
		series := 0.0
		var names []string
		for _, job := range jobs {
			series += job.Value
			names = append(names, regexp.QuoteMeta(job.Labels["job"]))
		}
		slices.Sort(names)
		e.series = max(e.series, series)
		up := fmt.Sprintf("up{job=~%q}", strings.Join(names, "|"))
		for _, ask := range []struct {
			expr string
			add  func(float64)
		}{
			{fmt.Sprintf("count(%s)", up), func(v float64) { e.targets = max(e.targets, v) }},
			{countSamples(selector), func(v float64) { e.samples += v }},
			{countSamples(up), func(v float64) { e.ups += v }},
		} {
			if series == 0 {
				break
			}
			answer, _, err := server.Instant(ctx, ask.expr, at.UnixMilli())
			if err != nil {
				return e, err
			}
			for _, v := range answer {
				ask.add(v.Value)
			}
		}
	}
	share := length.Seconds() / probeWindow.Seconds() / probes
	e.samples, e.ups = e.samples*share, e.ups*share
	return e, nil
}

func countSamples(selector string) string {
	return fmt.Sprintf("sum(count_over_time(%s[%ds]))", selector, int(probeWindow.Seconds()))
}

// estimates prints them, and what they amount to.
func (b *backfill) estimates(p *printer, all []estimate, length time.Duration) {
	total := 0.0
	for _, e := range all {
		if e.series == 0 {
			p.line(2, fmt.Sprintf("source %s: no series at any of %d instants: errors may be rare, or the selector wrong", e.name, probes))
			continue
		}
		total += e.samples + e.ups
		text := fmt.Sprintf("source %s: about %s samples of %.0f series at a time, and %s of `up` of %.0f targets",
			e.name, metric(e.samples), e.series, metric(e.ups), e.targets)
		if e.ups > 0 {
			text += fmt.Sprintf(", scraped every %.1f s on average", length.Seconds()*e.targets/e.ups)
		}
		p.line(2, text)
	}
	rate := func(rate float64) string {
		if b.samplesPerSec > 0 {
			rate = min(rate, float64(b.samplesPerSec))
		}
		return takes(total / rate)
	}
	p.line(0, fmt.Sprintf("In all %s samples: %s by remote read, and %s of the server's CPU; where it has no remote read, %s through the query API, and %s of its CPU.",
		metric(total), rate(streamedRate), takes(total*streamedSeconds), rate(jsonRate), takes(total*jsonSeconds)))
}

// takes writes seconds as people say them.
func takes(seconds float64) string {
	switch {
	case seconds < 1:
		return "less than a second"
	case seconds < 120:
		return plural(int(seconds+0.5), "second")
	case seconds < 7200:
		return plural(int(seconds/60+0.5), "minute")
	default:
		return plural(int(seconds/3600+0.5), "hour")
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"

	"github.com/prometheus/common/version"

	"github.com/ghostpair/ghostpair/alert"
	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/slo"
	"github.com/ghostpair/ghostpair/sources"
)

// shownWeeks is how much time a report reads at least, so that weeks can be set side by side.
const shownWeeks = 4 * 7 * 24 * time.Hour

// reporter reads what a report needs: once through the detector, with a second count of the errors
// beside it, and once through the requests.
type reporter struct {
	config   *config.Config
	period   slo.Period
	now      time.Time
	until    time.Time // the end of the period, or what has settled of it
	origin   time.Time
	logger   *slog.Logger
	progress io.Writer

	axis     report.Axis
	coverage *report.Coverage
	options  engine.Options
	servers  []*sources.Server // what they lack is found out, and logged, once
	tallies  []*tally
	notes    []string
}

// tally is a source of errors that burn budgets.
type tally struct {
	source   config.Source
	options  sources.Options
	errors   *tee
	requests *report.Requests // nil: the source names none
	increase map[string]float64
	note     string
}

// newReporter prepares a report and sends nothing.
func newReporter(c *config.Config, period slo.Period, now time.Time, progress io.Writer, logger *slog.Logger) (*reporter, error) {
	servers, err := newServers(c, logger)
	if err != nil {
		return nil, err
	}
	return newReporterOf(c, servers, period, now, progress, logger)
}

// newReporterOf is newReporter for servers that were made before.
func newReporterOf(c *config.Config, servers []*sources.Server, period slo.Period, now time.Time, progress io.Writer, logger *slog.Logger) (*reporter, error) {
	r := &reporter{config: c, servers: servers, period: period, now: now, logger: logger, progress: progress}
	r.until = period.End
	if settled := now.Add(-c.Evaluate.Delay - timingDelay(c)); settled.Before(r.until) {
		r.until = settled.Truncate(report.SlotLength)
	}
	if !period.Start.Before(r.until) {
		return nil, fmt.Errorf("nothing of %s is over: a report needs a quarter of an hour at least", period.Name)
	}
	longest := shownWeeks
	for _, o := range c.Objectives {
		longest = max(longest, o.Window)
	}
	r.origin = r.until.Add(-longest)
	if period.Start.Before(r.origin) {
		r.origin = period.Start
	}
	for p := period; slo.Week(p.Start) == p && period.End.Sub(p.Start) <= shownWeeks+time.Hour; p = p.Previous() {
		r.origin = earlier(r.origin, p.Start) // weeks with a change of the clock
	}
	r.axis = report.NewAxis(r.origin, r.until)
	r.coverage = report.NewCoverage(r.axis)
	return r, r.sources()
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// sources builds the engine's options, with a second observer on every source that burns budgets.
func (r *reporter) sources() error {
	o, err := engineOptionsOf(r.config, r.servers, score.NewCache(), hooks{logger: r.logger})
	if err != nil {
		return err
	}
	o.Origin, o.PublishWithin = r.origin.UTC(), 0
	o.Sources = timingOnly(o.Sources)
	span := slo.Span{From: r.period.Start, To: r.until}
	for i := range o.Sources {
		s := r.config.Sources[indexOf(r.config.Sources, o.Sources[i].Name)]
		if s.Signal != config.Signal5xx {
			continue
		}
		t := &tally{source: s, options: sources.Options{
			Name: s.Name + " (requests)", Selector: s.Requests,
			RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, ViewLabels: s.ViewLabels,
			Exclude: s.Exclude, RelabelConfigs: s.RelabelConfigs,
		}}
		t.errors = newTee(o.Sources[i], r.coverage, report.NewErrors(r.axis, span, o.Fingerprints))
		o.Sources[i].Reader = t.errors
		if s.Requests != "" {
			t.requests = report.NewRequests(r.axis, r.coverage)
		}
		r.tallies = append(r.tallies, t)
	}
	if len(r.tallies) == 0 {
		return errors.New("no source has the signal 5xx: a report is about errors that clients see")
	}
	r.options = o
	return nil
}

func indexOf(all []config.Source, name string) int {
	for i := range all {
		if all[i].Name == name {
			return i
		}
	}
	return 0
}

// build reads and counts. An error means that there is nothing to show.
func (r *reporter) build(ctx context.Context) (*report.Report, error) {
	meter := newMeter(r.progress, r.logger, r.options.Origin, r.options.Sources)
	r.options.Progress = meter.observe
	e, err := engine.New(r.options)
	if err != nil {
		return nil, err
	}
	err = e.Advance(ctx, r.period.Start) // so that no piece straddles the start: quality is that of the period
	if err == nil {
		err = e.Advance(ctx, r.until)
	}
	meter.stop()
	switch {
	case ctx.Err() != nil:
		return nil, errors.New("interrupted")
	case err != nil && !e.Watermark().After(r.period.Start):
		return nil, err
	case err != nil:
		r.logger.Error("Not everything could be read", "err", err)
	}
	for _, t := range r.tallies {
		if err := r.count(ctx, t); err != nil {
			return nil, err
		}
	}
	in := r.input()
	in.Findings = e.Evaluation().Document
	return report.Build(in), nil
}

// count reads the requests of a source, and Prometheus's own count of its errors.
func (r *reporter) count(ctx context.Context, t *tally) error {
	t.options.Server = answeringOf(ctx, r.servers, r.logger)
	if t.requests != nil {
		if err := r.readRequests(ctx, t); err != nil {
			return err
		}
	}
	errorsOnly := t.options
	errorsOnly.Name, errorsOnly.Selector = t.source.Name, t.source.Selector
	source, err := sources.New(errorsOnly)
	if err != nil {
		return err
	}
	t.increase, t.note = r.increase(ctx, source)
	return nil
}

// increase asks for increase() over the period; a server that finds this too much is asked day by day.
func (r *reporter) increase(ctx context.Context, source *sources.Source) (map[string]float64, string) {
	whole, err := source.Increase(ctx, r.until.UnixMilli(), r.until.Sub(r.period.Start))
	if err == nil {
		return whole, ""
	}
	sum := make(map[string]float64)
	for from := r.period.Start; from.Before(r.until); from = from.Add(24 * time.Hour) {
		to := earlier(from.Add(24*time.Hour), r.until)
		day, err := source.Increase(ctx, to.UnixMilli(), to.Sub(from))
		if err != nil {
			r.logger.Warn("Prometheus does not give its own count", "err", err)
			return nil, fmt.Sprintf("Prometheus's own increase() could not be had: %s.", reasonOf(err))
		}
		for route, v := range day {
			sum[route] += v
		}
	}
	return sum, "It was asked day by day and added up: the whole period was too much for it."
}

// input is what the report is made of, but for the findings.
func (r *reporter) input() report.Input {
	in := report.Input{
		Period: r.period, Now: r.now, Prometheus: r.config.Prometheus.RedactedURL(), Version: version.Version, RunbookURL: alert.DefaultRunbook,
		Axis: r.axis, Coverage: r.coverage, Fingerprints: r.options.Fingerprints, Notes: r.notes,
	}
	if r.until.Before(r.period.End) {
		in.Now = r.until
	}
	for _, t := range r.tallies {
		in.Sources = append(in.Sources, report.Source{
			Name: t.source.Name, Signal: t.source.Signal, Errors: t.errors.count, Requests: t.requests, Increase: t.increase, IncreaseNote: t.note,
		})
	}
	for _, o := range r.config.Objectives {
		in.Objectives = append(in.Objectives, report.Objective{
			Pattern: o.Route, Match: regexp.MustCompile("^(?s:" + o.Route + ")$").MatchString,
			Objective: slo.Objective{Target: o.Target, Window: o.Window},
		})
	}
	for _, m := range r.config.Maintenance {
		in.Maintenance = append(in.Maintenance, report.Maintenance{Span: slo.Span{From: m.From, To: m.To}, Reason: m.Reason})
	}
	for _, i := range r.config.Ignore {
		known := report.Ignored{Route: i.Route, Fingerprint: i.Fingerprint, Reason: i.Reason}
		if !i.Until.IsZero() {
			known.Until = &i.Until
		}
		in.Ignored = append(in.Ignored, known)
	}
	return in
}

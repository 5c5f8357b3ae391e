package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
)

const (
	surroundingsTimeout = 2 * time.Minute // nobody waits for a tick
	attempts            = 5               // at a stretch that may be read later
	skipLength          = time.Hour       // of the stretches that --continue-on-error gives up
)

// result is what a backfill found: of the findings those that are to be shown.
type result struct {
	finding.Document
	sources   []finding.Source
	routes    []string // all of them
	recorders map[string]*recorder
	journal   *journal
	done      bool // there is nothing left that a resumed run could read
}

// evaluate reads the window. An error means that there is nothing to show.
func (b *backfill) evaluate(ctx context.Context, s std, c *config.Config, window finding.Window) (*result, error) {
	screen := &screen{Writer: s.err}
	logger := b.logging.logger(screen)
	j, window, err := b.openJournal(c, window, logger)
	if err != nil {
		return nil, err
	}
	o, err := b.options(c, logger, window)
	if err != nil {
		return nil, usageError(err)
	}
	recorders := b.record(&o, c)
	o.Journal = j.Journal
	var meter *meter
	o.Progress = func(p engine.Progress) { meter.observe(p) }
	e, err := engine.New(o)
	if err != nil {
		return nil, usageError(err)
	}
	if j.resumed {
		if err := e.Resume(j.Journal); err != nil {
			return nil, fmt.Errorf("%w; delete it to start anew", err)
		}
	} else {
		b.warnOfRetention(ctx, c, o.Origin, window.End, logger)
	}
	meter = newMeter(screen, logger, o.Origin, o.Sources)
	err = e.Advance(ctx, window.End)
	meter.stop()
	evaluation := e.Evaluation()
	if problem := b.nothing(ctx, c, e, j, err); problem != nil {
		return nil, problem
	}
	if err != nil {
		logger.Error("Not everything could be read", "err", err)
	}
	r := &result{Document: evaluation.Document, sources: evaluation.Sources, recorders: recorders, journal: j, done: err == nil}
	for _, f := range r.Findings {
		if !slices.Contains(r.routes, f.Route) {
			r.routes = append(r.routes, f.Route)
		}
	}
	r.Findings = b.filter(r.Findings)
	return r, nil
}

// nothing returns the error of a run that has nothing to show.
func (b *backfill) nothing(ctx context.Context, c *config.Config, e *engine.Engine, j *journal, err error) error {
	switch evaluation := e.Evaluation(); {
	case ctx.Err() != nil && j.Journal != nil:
		return fmt.Errorf("interrupted; the same command goes on from %s", b.journal)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case !j.resumed && e.LastSuccess().IsZero() && err == nil:
		return fmt.Errorf("nothing at all could be read: %s", evaluation.FailedWindows[0].Error)
	case !j.resumed && e.LastSuccess().IsZero():
		return err
	case err != nil || len(evaluation.FailedWindows) > 0 || j.resumed && e.LastSuccess().IsZero():
		return nil
	default:
		return nothingThere(c, evaluation)
	}
}

// options are those of an engine that reads the window.
func (b *backfill) options(c *config.Config, logger *slog.Logger, window finding.Window) (engine.Options, error) {
	if b.concurrency > 0 {
		c.Prometheus.Concurrency = b.concurrency
	}
	o, err := engineOptions(c, score.NewCache(), hooks{logger: logger})
	o.Origin, o.Start, o.PublishWithin = window.Start.Add(-time.Duration(b.leadIn)), window.Start, 0
	o.LiveWithin = time.Millisecond // nothing is late in history
	o.SurroundingsTimeout = surroundingsTimeout
	o.Sources = timingOnly(o.Sources)
	o.Persistence.Attempts = attempts
	if b.continueOnError {
		o.Persistence.Skip = skipLength
	}
	o.Pace = engine.Pace{SamplesPerSecond: b.samplesPerSec, Considerate: true}
	if b.output == "openmetrics" {
		o.SampleEvery = time.Duration(b.step)
	}
	return o, err
}

// record gives every source a recorder, where there is something to record.
func (b *backfill) record(o *engine.Options, c *config.Config) map[string]*recorder {
	recorders := make(map[string]*recorder)
	if b.explain == "" && o.SampleEvery == 0 {
		return recorders
	}
	for i := range o.Sources {
		r := newRecorder(b.explain, c.Fingerprints)
		recorders[o.Sources[i].Name], o.Sources[i].Recorder = r, r
	}
	return recorders
}

// timingOnly leaves out what is only shown by the service. History is complete: no source has a
// delay.
func timingOnly(all []engine.Source) []engine.Source {
	var timing []engine.Source
	for _, s := range all {
		if s.Reader != nil {
			s.Delay = 0
			timing = append(timing, s)
		}
	}
	return timing
}

// nothingThere is an error when no source had a series nor anything beside it: then the findings
// are empty because nothing was looked at, not because all is well.
func nothingThere(c *config.Config, e *finding.Evaluation) error {
	for _, s := range e.Sources {
		if s.Series > 0 || s.SiblingsPresent {
			return nil
		}
	}
	if e.Quality.Samples > 0 {
		return nil
	}
	return fmt.Errorf("%s has no series that a selector matches, and no `up` beside them, between %s and %s: check the selectors with `ghostpair check`",
		c.Prometheus.RedactedURL(), e.Window.Start.Format(time.RFC3339), e.Window.End.Format(time.RFC3339))
}

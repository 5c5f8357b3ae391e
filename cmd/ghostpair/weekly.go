package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/ghostpair/ghostpair/alert"
	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/slo"
)

const (
	reportSettles = 10 * time.Minute // after the end of a week, so that its last samples are there
	reportLooks   = time.Minute      // how often it is looked whether a week has ended
	reportRetries = 10 * time.Minute // after a failure
	reportTries   = 6                // after which a report in part is better than none
)

// weekly writes a report when a week has ended, or when the service is back after one has. Without
// a shelf it does nothing.
type weekly struct {
	shelf  *report.Shelf
	config func() *config.Config // in use
	logger *slog.Logger
	latest atomic.Pointer[report.Report]
	failed int // tries of the week that is to be written
}

// newWeekly opens the shelf in a directory; without one there is nothing to do.
func newWeekly(directory string, c func() *config.Config, logger *slog.Logger) (*weekly, error) {
	w := &weekly{config: c, logger: logger}
	if directory == "" {
		return w, nil
	}
	shelf, err := report.NewShelf(directory)
	if err != nil {
		return nil, err
	}
	w.shelf = shelf
	w.latest.Store(shelf.Latest())
	return w, nil
}

// work writes reports until it is told to stop.
func (w *weekly) work(ctx context.Context) error {
	if w.shelf == nil {
		<-ctx.Done()
		return nil
	}
	for {
		timer := time.NewTimer(w.step(ctx, time.Now()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// step writes the report of the last complete week if it is missing, and returns when to look again.
func (w *weekly) step(ctx context.Context, now time.Time) time.Duration {
	c := w.config()
	if c.Report.Schedule == config.ScheduleNone {
		return reportLooks
	}
	week := slo.Week(now.In(c.Report.TimeZone)).Previous()
	settled := week.End.Add(reportSettles + c.Evaluate.Delay + timingDelay(c))
	if now.Before(settled) || w.shelf.Has(week.Name) {
		return reportLooks
	}
	started := time.Now()
	built, err := w.build(ctx, c, week, now)
	if err == nil {
		err = w.shelf.Put(built)
	}
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		w.failed++
		w.logger.Error("No report yet", "week", week.Name, "err", err, "again_in", reportRetries)
		return reportRetries
	}
	w.failed = 0
	w.latest.Store(built)
	w.logger.Info("Wrote the report", "week", week.Name, "routes", built.Totals.Routes, "duration", time.Since(started).Round(time.Millisecond))
	return reportLooks
}

func (w *weekly) build(ctx context.Context, c *config.Config, week slo.Period, now time.Time) (*report.Report, error) {
	r, err := newReporter(c, week, now, nil, w.logger)
	if err != nil {
		return nil, err
	}
	built, err := r.build(ctx)
	if err == nil && len(built.Quality.Failed) > 0 && w.failed < reportTries {
		err = fmt.Errorf("a part of the week could not be read: %s", built.Quality.Failed[0])
	}
	return built, err
}

// budgets are those of the latest report, for the metrics.
func (w *weekly) budgets() (time.Time, []alert.Budget) {
	r := w.latest.Load()
	if r == nil {
		return time.Time{}, nil
	}
	var all []alert.Budget
	for _, route := range r.Routes {
		if b := route.Budget; b != nil {
			all = append(all, alert.Budget{Source: route.Source, Route: route.Route, Objective: b.Target, Remaining: b.RemainingRatio, Paired: b.PairedBurnedRatio})
		}
	}
	return r.Period.End, all
}

// handler shows the reports; nil when there are none.
func (w *weekly) handler() http.Handler {
	if w.shelf == nil {
		return nil
	}
	return w.shelf
}

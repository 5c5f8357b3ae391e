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
	"github.com/ghostpair/ghostpair/sources"
)

const (
	reportSettles = 10 * time.Minute // after the end of a period, so that its last samples are there
	reportLooks   = time.Minute      // how often it is looked whether one has ended
	reportRetries = 10 * time.Minute // after a failure
	reportTries   = 6                // after which a report in part is better than none
	missedWeeks   = 8                // that are written after an outage
	currentDays   = 7                // of the report that is renewed every day
)

// weekly writes a report when a week has ended, or those of the weeks that it missed when the service is
// back, and every day one on the latest days, which is where the metrics of budgets come from. Without
// a shelf it does nothing.
type weekly struct {
	shelf  *report.Shelf
	config func() *config.Config // in use
	logger *slog.Logger
	latest atomic.Pointer[report.Report]
	failed map[string]int  // tries, by the name of the period
	given  map[string]bool // periods that were given up

	// servers are kept from one report to the next, so that what they lack is logged once.
	servers   []*sources.Server
	serversOf *config.Config
}

// newWeekly opens the shelf in a directory; without one there is nothing to do.
func newWeekly(directory string, c func() *config.Config, logger *slog.Logger) (*weekly, error) {
	w := &weekly{config: c, logger: logger, failed: make(map[string]int), given: make(map[string]bool)}
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

// step writes one report that is due, and returns when to look again: the oldest week that is missing,
// else the one on the latest days.
func (w *weekly) step(ctx context.Context, now time.Time) time.Duration {
	c := w.config()
	if c.Report.Schedule == config.ScheduleNone {
		return reportLooks
	}
	settled := now.Add(-reportSettles - c.Evaluate.Delay - timingDelay(c)).In(c.Report.TimeZone)
	if weeks := w.missing(now.In(c.Report.TimeZone), settled); len(weeks) > 0 {
		return w.write(ctx, c, weeks[0], now, len(weeks) == 1)
	}
	if days := slo.Days(settled, currentDays); w.due(days) {
		return w.write(ctx, c, days, now, false)
	}
	return reportLooks
}

// missing lists the weeks that have ended and settled and have no report, the oldest first: those after the
// latest on the shelf, or the last one only when the shelf is empty.
func (w *weekly) missing(now, settled time.Time) []slo.Period {
	var weeks []slo.Period
	names := w.shelf.Names()
	week := slo.Week(settled).Previous()
	if len(names) == 0 && week.Name != slo.Week(now).Previous().Name {
		return nil // that week was over before, and nobody missed its report; the next one will be there soon
	}
	for range missedWeeks {
		if len(names) > 0 && week.Name <= names[0] {
			break
		}
		if !w.given[week.Name] {
			weeks = append([]slo.Period{week}, weeks...)
		}
		if len(names) == 0 {
			break
		}
		week = week.Previous()
	}
	return weeks
}

// due tells whether there is no report that ends with the latest days, and one may yet be had.
func (w *weekly) due(days slo.Period) bool {
	latest := w.latest.Load()
	return !w.given[days.Name] && (latest == nil || latest.Period.End.Before(days.End))
}

// write makes a report and puts it on the shelf. One that cannot be had is given up after some tries,
// unless it is the last of the weeks, whose report is waited for.
func (w *weekly) write(ctx context.Context, c *config.Config, period slo.Period, now time.Time, last bool) time.Duration {
	started := time.Now()
	isWeek := period.Name == slo.Week(period.Start).Name
	built, err := w.build(ctx, c, period, now, isWeek)
	switch {
	case err != nil:
	case !last && built.Period.CoveredFrom.IsZero(): // long past and no longer there, or not there yet
		w.given[period.Name] = true
		w.logger.Info("No report: Prometheus has no data of that time", "period", period.Name)
		return 0
	default:
		err = w.put(built, isWeek)
	}
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		w.failed[period.Name]++
		w.given[period.Name] = !last && w.failed[period.Name] > reportTries
		w.logger.Error("No report yet", "period", period.Name, "err", err, "again_in", reportRetries, "given_up", w.given[period.Name])
		return reportRetries
	}
	delete(w.failed, period.Name)
	w.logger.Info("Wrote the report", "period", period.Name, "routes", built.Totals.Routes, "duration", time.Since(started).Round(time.Millisecond))
	return reportLooks
}

// put puts a report on the shelf, and shows its budgets if it is the latest.
func (w *weekly) put(built *report.Report, isWeek bool) error {
	if isWeek {
		if err := w.shelf.Put(built); err != nil {
			return err
		}
	}
	if latest := w.latest.Load(); latest != nil && !built.Period.End.After(latest.Period.End) {
		return nil
	}
	w.latest.Store(built)
	return w.shelf.PutCurrent(built)
}

// build makes a report. What could be read in part only is an error, but for a week that was tried
// often enough.
func (w *weekly) build(ctx context.Context, c *config.Config, period slo.Period, now time.Time, isWeek bool) (*report.Report, error) {
	logger := w.logger.With("for", "report")
	if w.serversOf != c {
		servers, err := newServers(c, logger)
		if err != nil {
			return nil, err
		}
		w.servers, w.serversOf = servers, c
	}
	r, err := newReporterOf(c, w.servers, period, now, nil, logger)
	if err != nil {
		return nil, err
	}
	r.options.Concurrency = 1 // nobody waits for it
	built, err := r.build(ctx)
	if err == nil && len(built.Quality.Failed) > 0 && (!isWeek || w.failed[period.Name] < reportTries) {
		err = fmt.Errorf("a part of it could not be read: %s", built.Quality.Failed[0])
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

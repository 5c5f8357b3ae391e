package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/sources"
)

// tee is a reader that counts for the report what it hands to the detector.
type tee struct {
	engine.Reader
	observer *observe.Observer
	coverage *report.Coverage
	count    *report.Errors
}

func newTee(s engine.Source, coverage *report.Coverage, count *report.Errors) *tee {
	observer := observe.New(observe.Options{ScrapeInterval: s.ScrapeInterval, RouteLimit: s.RouteLimit})
	return &tee{s.Reader, observer, coverage, count}
}

// Read implements engine.Reader.
func (t *tee) Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	t.observer.Begin(fromMillis, toMillis)
	stats, err := t.Reader.Read(ctx, fromMillis, toMillis, live, &both{sink, t.observer, t.coverage})
	if err = errors.Join(err, ctx.Err()); err != nil {
		t.observer.Abort()
		return stats, err
	}
	t.count.Add(t.observer.End())
	t.count.Know(t.observer.Units())
	return stats, nil
}

// both hands everything to two sinks.
type both struct {
	first, second observe.Sink
	coverage      *report.Coverage
}

// Scrapes implements observe.Sink.
func (b *both) Scrapes(view observe.TargetView, runs []observe.Run) {
	b.coverage.Mark(runs)
	b.first.Scrapes(view, runs)
	b.second.Scrapes(view, runs)
}

// Alias implements observe.AliasSink.
func (b *both) Alias(known, as observe.TargetView) {
	for _, sink := range []observe.Sink{b.first, b.second} {
		if a, ok := sink.(observe.AliasSink); ok {
			a.Alias(known, as)
		}
	}
}

// Series implements observe.Sink.
func (b *both) Series(id *observe.SeriesID, runs []observe.Run) {
	b.first.Series(id, runs)
	b.second.Series(id, runs)
}

const (
	longestRequests  = 24 * time.Hour
	shortestRequests = time.Hour
)

// readRequests counts the requests of a source, from the coarsest scrape job that has them all.
func (r *reporter) readRequests(ctx context.Context, t *tally) error {
	source, err := r.coarsest(ctx, t)
	if err != nil {
		return usageError(err)
	}
	length := longestRequests
	for from := r.origin; from.Before(r.until); {
		to := earlier(from.Add(length), r.until)
		t.requests.Begin(from.UnixMilli(), to.UnixMilli())
		_, err := source.Read(ctx, from.UnixMilli(), to.UnixMilli(), false, t.requests)
		switch {
		case ctx.Err() != nil:
			return errors.New("interrupted")
		case err == nil:
			t.requests.End()
			from = to
		case length > shortestRequests && tooMuch(err):
			length /= 2
		default:
			r.logger.Error("Not all requests could be read", "source", t.source.Name, "err", err)
			r.notes = append(r.notes, fmt.Sprintf("Requests of source %s could be read up to %s only (%s): budgets and ratios after it are wrong.",
				t.source.Name, from.In(r.period.Start.Location()).Format("2006-01-02 15:04 MST"), reasonOf(err)))
			return nil
		}
	}
	return nil
}

func tooMuch(err error) bool {
	switch sources.Reason(reasonOf(err)) {
	case sources.ReasonTooExpensive, sources.ReasonTooLarge, sources.ReasonTimeout:
		return true
	}
	return false
}

// coarsest is the reader of the requests: of one scrape job where several have them all.
func (r *reporter) coarsest(ctx context.Context, t *tally) (*sources.Source, error) {
	all, err := sources.New(t.options)
	if err != nil {
		return nil, err
	}
	job, err := all.CoarsestJob(ctx, r.until.UnixMilli())
	if err != nil || job == "" {
		return all, nil // then every job is read, and the one that saw the most counts
	}
	matchers, err := sources.ParseSelector(t.options.Selector)
	if err != nil {
		return nil, err
	}
	narrowed := t.options
	narrowed.Selector = sources.SelectorText(matchers, "job", job)
	return sources.New(narrowed)
}

package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// maxWarnings bounds the warnings of a source that are kept.
const maxWarnings = 20

// timing is a source that is tested for pairs, and how far it has come. Only one goroutine at a
// time has to do with it.
type timing struct {
	Source
	observer *observe.Observer
	detector *detector.Detector

	watermarkMillis int64
	quality         finding.Quality // since the origin
	baseline        baseline

	pieces  pieces
	pending *observe.Piece // observed, but not fed yet
	shown
}

// shown is what is told about a source but does not belong to its state: it depends on when and
// how the source was read.
type shown struct {
	stats       observe.ReadStats
	warnings    []string  // of the reads of the latest Advance, sorted
	lastSuccess time.Time // wall clock
	failure     *finding.FailedWindow
}

func newTiming(s Source, o Options) *timing {
	observer := observe.New(observe.Options{ScrapeInterval: s.ScrapeInterval, RouteLimit: s.RouteLimit})
	return &timing{
		Source:   s,
		observer: observer,
		detector: detector.New(detector.Options{
			Source: s.Name, Signal: s.Signal,
			Fingerprints: o.Fingerprints, Tables: o.Tables,
			FalseAlarmsPerMonth: o.FalseAlarmsPerMonth / float64(timingSources(o.Sources)),
			ClearBelow:          o.ClearBelow,
			Ignore:              o.Ignore,
		}, observer),
		watermarkMillis: o.Origin.UnixMilli(),
		pieces:          newPieces(o.MaxPiece),
	}
}

// advance brings the source to toMillis, piece by piece. What was settled before an error stays:
// the watermark is the end of the last good piece, of which report is told.
func (t *timing) advance(ctx context.Context, toMillis int64, o *Options, report func(*timing, int64)) error {
	if toMillis <= t.watermarkMillis {
		return nil // done already, or the clock jumped back
	}
	t.warnings = nil
	for t.watermarkMillis < toMillis {
		end := t.pieces.end(t.watermarkMillis, toMillis)
		if t.pending != nil {
			end = t.pending.ToMillis
		}
		err := t.piece(ctx, end, o)
		if err == nil {
			report(t, toMillis)
			continue
		}
		length := end - t.watermarkMillis
		if ctx.Err() == nil && t.pieces.shrink(err, length) {
			o.Logger.Info("Reading shorter stretches", "source", t.Name,
				"stretch", time.Duration(length)*time.Millisecond, "err", err)
			continue
		}
		if ctx.Err() == nil {
			t.fail(err, toMillis)
		}
		return fmt.Errorf("source %q: advance from %s: %w", t.Name, stamp(t.watermarkMillis), err)
	}
	t.failure = nil
	return nil
}

// piece reads, observes and feeds (watermark, end].
func (t *timing) piece(ctx context.Context, endMillis int64, o *Options) error {
	if t.pending == nil {
		if err := t.read(ctx, endMillis, o); err != nil {
			return err
		}
	}
	if err := t.detector.Feed(*t.pending, t.observer.Units()); err != nil {
		return err
	}
	t.quality.Add(t.pending.Quality)
	t.quality.Series = len(t.observer.Units()) // those of a piece overlap with those of the next
	t.watermarkMillis, t.pending = endMillis, nil
	t.pieces.grow()
	return nil
}

// read observes (watermark, end] and leaves it pending, or changes nothing.
func (t *timing) read(ctx context.Context, endMillis int64, o *Options) error {
	live := endMillis-t.watermarkMillis <= o.LiveWithin.Milliseconds()
	t.observer.Begin(t.watermarkMillis, endMillis)
	stats, err := t.Reader.Read(ctx, t.watermarkMillis, endMillis, live, t.observer)
	if err == nil {
		err = ctx.Err() // a reader may end early without an error when it is told to stop
	}
	if err != nil {
		t.observer.Abort()
		return err
	}
	piece := t.observer.End()
	t.pending = &piece
	t.stats = stats
	t.quality.UnroutedSeries = max(t.quality.UnroutedSeries, stats.UnroutedSeries)
	t.lastSuccess = o.Now()
	t.warnings = mergeWarnings(t.warnings, stats.Warnings)
	return nil
}

// fail records the stretch that is missing.
func (t *timing) fail(err error, toMillis int64) {
	t.failure = &finding.FailedWindow{
		Source: t.Name,
		Window: finding.Window{Start: instant(t.watermarkMillis), End: instant(toMillis)},
		Reason: reasonOf(err),
		Error:  err.Error(),
	}
}

func mergeWarnings(old, more []string) []string {
	for _, w := range more {
		if at, found := slices.BinarySearch(old, w); !found && len(old) < maxWarnings {
			old = slices.Insert(old, at, w)
		}
	}
	return old
}

func instant(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

func stamp(millis int64) string { return instant(millis).Format("2006-01-02T15:04:05.999Z07:00") }

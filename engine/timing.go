package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
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
	coarse   *companions   // nil: none
	around   *surroundings // nil: none
	minutes  errorMinutes  // with companions only
	latency  *latency      // nil: none

	watermarkMillis int64
	quality         finding.Quality // since the origin
	baseline        baseline
	skipped         []finding.FailedWindow // what was given up
	warnings        []string               // of the reads of the latest Advance, sorted
	resumed         bool                   // that Advance began in another process

	settledMillis atomic.Int64 // the watermark, for others
	work          work
	part          part // what was published of it last

	pieces        pieces
	shortened     error // why a stretch was too long that is being read in pieces
	shortenedTold bool
	attempts      int            // at the piece at hand, that failed
	pending       *observe.Piece // observed, but not fed yet
	told          bool           // the recorder has seen it
	shown
}

// shown is what is told about a source but does not belong to its state: it depends on when and
// how the source was read.
type shown struct {
	stats       observe.ReadStats
	samplesRead int64     // since the process began
	lastSuccess time.Time // wall clock
	failure     *finding.FailedWindow
}

func newTiming(s Source, o Options) *timing {
	observer := observe.New(observe.Options{ScrapeInterval: s.ScrapeInterval, RouteLimit: s.RouteLimit})
	t := &timing{
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
		coarse:          newCompanions(s, o),
		around:          newSurroundings(s),
		latency:         newLatency(s, o),
	}
	if o.Pace.SamplesPerSecond > 0 {
		t.pieces.limit(firstPiece.Milliseconds())
	}
	return t
}

// advance brings the source to toMillis, piece by piece. What was settled before an error stays:
// the watermark is the end of the last good piece, of which report is told.
func (t *timing) advance(ctx context.Context, toMillis int64, o *Options, pace *pacer, report func(*timing, int64)) error {
	if toMillis <= t.watermarkMillis {
		return nil // done already, or the clock jumped back
	}
	if !t.resumed {
		t.warnings = nil
	}
	t.resumed = false
	for t.watermarkMillis < toMillis {
		end := t.pieces.end(t.watermarkMillis, toMillis)
		if t.pending != nil {
			end = t.pending.ToMillis
		}
		err := t.piece(ctx, end, o, pace)
		if err != nil {
			err = t.persist(ctx, err, end, o)
		}
		if err != nil {
			if ctx.Err() == nil {
				t.fail(err, toMillis)
			}
			t.shortened = nil // the error says it
			return fmt.Errorf("source %q: advance from %s: %w", t.Name, stamp(t.watermarkMillis), err)
		}
		report(t, toMillis)
	}
	t.failure = nil
	return nil
}

// piece reads, observes and feeds (watermark, end].
func (t *timing) piece(ctx context.Context, endMillis int64, o *Options, pace *pacer) error {
	if t.pending == nil {
		if err := t.read(ctx, endMillis, o, pace); err != nil {
			return err
		}
	}
	t.coarse.follow(ctx, t, t.pending.ToMillis, o, pace)
	if err := t.settle(o); err != nil {
		return err
	}
	if t.shortened != nil && !t.shortenedTold { // once, and not for every length that was tried
		o.Logger.Info("The server answers shorter stretches only", "source_name", t.Name,
			"stretch", time.Duration(t.pieces.sizeMillis)*time.Millisecond, "err", t.shortened)
		t.shortenedTold = true
	}
	t.shortened = nil
	t.pieces.grow()
	return nil
}

// settle judges what is pending and moves the watermark to its end.
func (t *timing) settle(o *Options) error {
	if t.Recorder != nil && !t.told {
		t.Recorder.Piece(t.pending)
	}
	t.told = true
	if t.coarse != nil {
		t.minutes.add(t.pending)
	}
	if err := t.feed(o); err != nil {
		return err
	}
	t.quality.Add(t.pending.Quality)
	t.quality.Series = len(t.observer.Units()) // those of a piece overlap with those of the next
	t.watermarkMillis, t.pending, t.told = t.pending.ToMillis, nil, false
	t.attempts = 0
	o.Journal.update(t, o.Logger)
	return nil
}

// feed gives the pending events to the detector, and on the way its findings to the recorder.
func (t *timing) feed(o *Options) error {
	units := t.observer.Units()
	if every := o.SampleEvery.Milliseconds(); t.Recorder != nil && every > 0 {
		for at := (t.pending.FromMillis/every + 1) * every; at <= t.pending.ToMillis; at += every {
			part := *t.pending
			n, _ := slices.BinarySearchFunc(part.Events, at+1, func(e observe.Event, at int64) int { return cmp.Compare(e.AtMillis, at) })
			part.ToMillis, part.Events = at, part.Events[:n]
			if err := t.detector.Feed(part, units); err != nil {
				return err
			}
			t.pending.FromMillis, t.pending.Events = at, t.pending.Events[n:]
			t.Recorder.Sample(instant(at), t.known(at))
		}
	}
	return t.detector.Feed(*t.pending, units)
}

// known returns the findings at a time that may be earlier than the end of what was observed, and
// so without the routes that come later.
func (t *timing) known(atMillis int64) []finding.Finding {
	later := make(map[string]bool)
	for _, u := range t.observer.Units() {
		if known, ok := later[u.Route]; !ok || known {
			later[u.Route] = u.SinceMillis > atMillis
		}
	}
	return slices.DeleteFunc(t.coarse.overlay(t.detector.Findings(atMillis), atMillis), func(f finding.Finding) bool {
		return f.Errors == 0 && later[f.Route]
	})
}

// pairedCount counts what Progress.Paired promises.
func (t *timing) pairedCount() int {
	n := 0
	for _, f := range t.detector.Findings(t.watermarkMillis) {
		if f.FirstAlarm != nil {
			n++
		}
	}
	return n
}

// read observes (watermark, end] and leaves it pending, or changes nothing.
func (t *timing) read(ctx context.Context, endMillis int64, o *Options, pace *pacer) error {
	if err := pace.wait(ctx); err != nil {
		return err
	}
	live := endMillis-t.watermarkMillis <= o.LiveWithin.Milliseconds()
	begun := o.Now()
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
	t.samplesRead += stats.Samples
	t.quality.UnroutedSeries = max(t.quality.UnroutedSeries, stats.UnroutedSeries)
	if stats.Streamed {
		t.pieces.measure(endMillis-t.watermarkMillis, len(piece.Events))
	}
	t.lastSuccess = o.Now()
	t.warnings = mergeWarnings(t.warnings, stats.Warnings)
	t.pieces.limit(pace.read(stats.Samples, t.lastSuccess.Sub(begun), endMillis-t.watermarkMillis))
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

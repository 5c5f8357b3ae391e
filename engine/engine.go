// Package engine moves through time. It has one verb, Advance: read what happened since the last
// time, hand it to the detector, and publish what is known now. A service advances every few
// seconds, a backfill through last month, a restart over the hole that it left: what comes out is
// the same, as long as it began at the same origin.
//
// Every timing source has its own watermark, the instant up to which it is settled. A source that
// cannot be read keeps its watermark and is read from there the next time, so that nothing is
// counted twice and nothing is lost that the server still has; the other sources go on. Sources
// never look at one another's events.
//
// The engine reads the clock only to say when something was read and to see whether what it
// publishes is old news. The instant to which it advances comes from the caller. One that is not
// after the watermark is no news, so a clock that was set back makes the engine wait, and
// one that was set forward makes it run ahead as far as the caller lets it: what the server has only
// later counts as late then.
package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Engine is the state of all sources. Advance, Stop and the snapshot methods may be called by several
// goroutines, and run one after another. All others but Continue never wait for them. Who gives it
// Options.Patience must call Stop in the end.
type Engine struct {
	options Options

	pacer *pacer

	mu     sync.Mutex // of all below
	timing []*timing
	gauges []*gauges

	// What is shared with those who do not wait for the lock: copies, the newest of all sources.
	originMillis    atomic.Int64
	watermarkMillis atomic.Int64
	successMillis   atomic.Int64 // 0: none
	published       atomic.Pointer[finding.Evaluation]
}

// New returns an engine that has read nothing. It starts at options.Origin.
func New(options Options) (*Engine, error) {
	if err := options.check(); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	e := &Engine{options: options.withDefaults(), pacer: newPacer(options.Pace)}
	for _, s := range e.options.Sources {
		if s.Reader != nil {
			e.timing = append(e.timing, newTiming(s, e.options))
		} else {
			e.gauges = append(e.gauges, &gauges{Source: s})
		}
	}
	e.resetShared()
	return e, nil
}

// Advance settles every timing source up to `to`, less the delay of the source, and publishes an
// evaluation. A source that fails keeps its watermark while the others go on; the errors of all
// are joined. Where `to` is not after the watermark of a source nothing is done for it.
//
// It does not wait longer than options.Patience for a source once there is an evaluation. A slow one goes on
// by itself, is left alone until it is done, and is shown as it was before; what became of it is returned by
// a later Advance. Stop ends it.
func (e *Engine) Advance(ctx context.Context, to time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.progress()
	errs := e.each(ctx, func(ctx context.Context, t *timing) error {
		return t.advance(ctx, to.Add(-t.Delay).UnixMilli(), &e.options, e.pacer, e.report)
	})
	if ctx.Err() == nil && e.worthPublishing(before, e.progress()) {
		errs = append(errs, e.publish(ctx, to)...)
	}
	return errors.Join(errs...)
}

// progress is how far an engine had come at an instant of the wall clock.
type progress struct {
	settledMillis int64         // the sum of all watermarks: it changes whenever one of them does
	age           time.Duration // of the newest watermark
}

func (e *Engine) progress() progress {
	p := progress{age: e.options.Now().Sub(e.Watermark())}
	for _, t := range e.timing {
		p.settledMillis += t.settledMillis.Load()
	}
	return p
}

// worthPublishing tells whether what is known now should be shown. While the engine catches up, it
// is not: the watermark is old and was much older before. If it is old but does not get closer
// either, because the server is away or slow, then nothing newer is to be expected soon.
func (e *Engine) worthPublishing(before, after progress) bool {
	switch {
	case e.options.PublishWithin <= 0 || after.age <= e.options.PublishWithin:
		return true
	case after.settledMillis == before.settledMillis:
		return e.published.Load() != nil
	default:
		return after.age > before.age/2
	}
}

// Evaluation returns what was published last, nil before the first time. It must not be changed.
func (e *Engine) Evaluation() *finding.Evaluation { return e.published.Load() }

// Origin returns the instant from which everything was read.
func (e *Engine) Origin() time.Time { return instant(e.originMillis.Load()) }

// Watermark returns the instant up to which the most advanced timing source is settled. Those of
// all sources are in the evaluation.
func (e *Engine) Watermark() time.Time { return instant(e.watermarkMillis.Load()) }

// LastSuccess returns when, by the wall clock, a timing source was last read with success; zero
// when that was never the case.
func (e *Engine) LastSuccess() time.Time {
	if at := e.successMillis.Load(); at != 0 {
		return instant(at)
	}
	return time.Time{}
}

// report shares how far a source has come, while others may still be on their way.
func (e *Engine) report(t *timing, toMillis int64) {
	t.settledMillis.Store(t.watermarkMillis)
	raise(&e.watermarkMillis, t.watermarkMillis)
	raise(&e.successMillis, t.lastSuccess.UnixMilli())
	if e.options.Progress != nil {
		e.options.Progress(Progress{
			Source: t.Name, Watermark: instant(t.watermarkMillis), To: instant(toMillis),
			Samples: t.samplesRead, paired: t.pairedCount,
		})
	}
}

// resetShared brings the copies in line with a replaced state. The caller holds the lock.
func (e *Engine) resetShared() {
	e.originMillis.Store(e.options.Origin.UnixMilli())
	e.watermarkMillis.Store(e.timing[0].watermarkMillis)
	e.successMillis.Store(0)
	for _, t := range e.timing {
		t.settledMillis.Store(t.watermarkMillis)
		raise(&e.watermarkMillis, t.watermarkMillis)
		if !t.lastSuccess.IsZero() {
			raise(&e.successMillis, t.lastSuccess.UnixMilli())
		}
	}
}

// raise sets v to at least n.
func raise(v *atomic.Int64, n int64) {
	for old := v.Load(); old < n && !v.CompareAndSwap(old, n); old = v.Load() {
	}
}

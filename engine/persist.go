package engine

import (
	"context"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// Persistence says how hard a stretch is tried that cannot be read. A service need not try hard: it
// comes back at its next tick.
type Persistence struct {
	Attempts int           // at what may heal by itself, once the source was read at all; 0: one
	Pause    time.Duration // before the second attempt, doubled for every further one; 0: 1 s

	// Skip makes Advance go on behind a stretch that cannot be read for good, which is narrowed down
	// to this length first. What is skipped is never counted as if it had been seen: it is a gap in the
	// coverage of every target, and a counter that grew across it counts in the errors of its route but
	// says nothing about their timing. 0: Advance stops there.
	Skip time.Duration
}

const maxPause = 30 * time.Second

// persist decides what to do about a piece that failed: nil means to go on, with the same piece, a
// shorter one, or the one behind it.
func (t *timing) persist(ctx context.Context, err error, endMillis int64, o *Options) error {
	length := endMillis - t.watermarkMillis
	switch {
	case ctx.Err() != nil || t.pending != nil: // told to stop, or no matter of reading
		return err
	case t.pieces.shrink(err, length):
		t.shortened = err
		return nil
	case heals(err) && t.attempts+1 < o.Persistence.Attempts && !t.lastSuccess.IsZero():
		pause := min(o.Persistence.Pause<<t.attempts, maxPause)
		t.attempts++
		o.Logger.Info("Reading again", "source_name", t.Name, "in", pause, "err", err)
		return sleep(ctx, pause)
	case o.Persistence.Skip <= 0 || unreachable(err):
		return err
	case length > o.Persistence.Skip.Milliseconds():
		t.pieces.narrow(length, o.Persistence.Skip)
		return nil
	default:
		o.Logger.Warn("Going on without a stretch that cannot be read", "source_name", t.Name,
			"from", stamp(t.watermarkMillis), "to", stamp(endMillis), "err", err)
		return t.skip(err, endMillis, o)
	}
}

// heals tells whether asking again later may help.
func heals(err error) bool {
	switch reasonOf(err) {
	case "timeout", "refused", "unavailable", "rate_limited", "truncated":
		return true
	}
	return false
}

// unreachable tells that it is not the stretch that cannot be read: no other could be, either.
func unreachable(err error) bool {
	switch reasonOf(err) {
	case "refused", "tls", "redirect", "not_found":
		return true
	}
	return false
}

// skip gives (watermark, end] up. The observer sees it as time without a single scrape.
func (t *timing) skip(err error, endMillis int64, o *Options) error {
	window := finding.FailedWindow{
		Source: t.Name,
		Window: finding.Window{Start: instant(t.watermarkMillis), End: instant(endMillis)},
		Reason: reasonOf(err), Error: err.Error(),
	}
	if n := len(t.skipped); n > 0 && t.skipped[n-1].End.Equal(window.Start) && t.skipped[n-1].Reason == window.Reason {
		t.skipped[n-1].End = window.End
	} else {
		t.skipped = append(t.skipped, window)
	}
	var piece observe.Piece
	t.observer.Begin(t.watermarkMillis, endMillis)
	piece = t.observer.End()
	t.pending = &piece
	return t.settle(o)
}

// sleep returns an error when the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

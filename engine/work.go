package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// work is what a goroutine does for a source, one thing at a time. The engine owns the goroutine: it waits for
// it in each or in Stop, and until then touches nothing of the source but this and what is atomic.
type work struct {
	done   chan struct{} // closed when it is done; nil: there is none
	cancel context.CancelFunc
	err    error

	late   bool   // it is not waited for any more
	slow   bool   // it is late, or was the last time
	before part   // what was published of the source before
	saved  []byte // the state of the source before, if it was slow

	meanwhile atomic.Pointer[part] // what can be published already; nil: nothing newer
}

// each lets do work on every source of which nothing is being done, some at once, and waits for all; once
// something was published, no longer than Patience. It returns the errors of what is done now, also of what
// was late before.
func (e *Engine) each(ctx context.Context, do func(context.Context, *timing) error) []error {
	patience, stop := context.WithCancel(ctx)
	detached := e.options.Patience > 0 && e.published.Load() != nil
	if detached {
		patience, stop = context.WithTimeout(ctx, e.options.Patience)
	}
	defer stop()
	slots := make(chan struct{}, e.options.Concurrency)
	for _, t := range e.timing {
		if t.work.done == nil {
			t.begin(ctx, detached, slots, do)
		}
	}
	var errs []error
	for _, t := range e.timing {
		if t.await(ctx, patience) {
			errs = append(errs, t.collect(&e.options))
		} else {
			t.leave(&e.options)
		}
	}
	return errs
}

// begin starts the goroutine. Where it is detached it lives on after ctx, unless that ends while it is waited for.
// The state of a source that was slow is kept, so that there is one to save while it is slow again.
func (t *timing) begin(ctx context.Context, detached bool, slots chan struct{}, do func(context.Context, *timing) error) {
	w := &t.work
	w.before, w.saved = t.part, nil
	if w.slow {
		var state writer
		if t.marshal(&state) == nil {
			w.saved = state
		}
	}
	if detached {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, w.cancel = context.WithCancel(ctx)
	done := make(chan struct{})
	w.done = done
	go func() {
		defer close(done)
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			w.err = do(ctx, t)
		case <-ctx.Done():
			w.err = ctx.Err()
		}
	}()
}

// await waits until the work is done, and says whether it is. When ctx ends, so does the work.
func (t *timing) await(ctx, patience context.Context) bool {
	select {
	case <-t.work.done:
		return true
	default:
		if t.work.late && ctx.Err() == nil {
			return false // it was waited for already
		}
	}
	select {
	case <-t.work.done:
		return true
	case <-patience.Done():
	}
	if ctx.Err() == nil {
		return false
	}
	t.work.cancel()
	<-t.work.done
	return true
}

// collect takes off what is done, and returns its error.
func (t *timing) collect(o *Options) error {
	w := &t.work
	err := w.err
	w.cancel()
	if !w.late && w.slow {
		o.Logger.Info("A source is no longer slow", "source_name", t.Name)
	}
	w.slow = w.late
	w.done, w.cancel, w.err, w.late = nil, nil, nil, false
	w.meanwhile.Store(nil)
	return err
}

// leave goes on without what is not done.
func (t *timing) leave(o *Options) {
	if !t.work.slow {
		o.Logger.Warn("A source is slow: what the others have is shown without waiting for it", "source_name", t.Name,
			"watermark", stamp(t.settledMillis.Load()), "patience", o.Patience.Round(time.Millisecond))
	}
	t.work.late, t.work.slow = true, true
}

// Stop ends what is still done for slow sources, and waits for it. What was settled stays.
func (e *Engine) Stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.timing {
		if t.work.done != nil {
			t.work.cancel()
			<-t.work.done
			_ = t.collect(&e.options) // it says that it was told to stop
		}
	}
}

// save appends the state: of a source that is still being read, the one before.
func (t *timing) save(w *writer) error {
	switch {
	case t.work.done == nil:
		return t.marshal(w)
	case t.work.saved == nil:
		return ErrSnapshotBusy
	}
	*w = append(*w, t.work.saved...)
	return nil
}

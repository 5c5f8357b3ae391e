package jobs

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// sweepEvery is how often it is looked for what has been kept long enough.
const sweepEvery = 10 * time.Minute

// Work runs one job after another until the context ends. What is running or waiting then is
// interrupted.
func (q *Queue) Work(ctx context.Context) error {
	defer q.close()
	q.sweep()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			q.sweep()
		case <-q.wake:
			for ctx.Err() == nil && q.runNext(ctx) {
				q.sweep()
			}
		}
	}
}

// runNext runs the job that has waited longest, and tells whether there was one.
func (q *Queue) runNext(ctx context.Context) bool {
	cancellable, cancel := context.WithCancel(ctx)
	defer cancel()
	e := q.take(cancel)
	if e == nil {
		return false
	}
	job := q.saved(e)
	q.options.Logger.Info("A backfill job begins", "job", job.ID, "start", job.Request.Start, "end", job.Request.End)
	document, err := q.options.Run(cancellable, job.Request, func(p Progress) { q.progress(e, p) })
	q.finish(ctx, e, document, err)
	job = q.saved(e)
	q.options.Logger.Info("A backfill job ended", "job", job.ID, "state", job.State, "partial", job.Partial, "err", job.Error,
		"took", job.Ended.Sub(job.Started).Round(time.Millisecond), "samples", job.Progress.Samples)
	return true
}

// take makes the next job a running one, which cancel stops; nil when none waits.
func (q *Queue) take(cancel context.CancelFunc) *entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	e := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	e.job.State, e.job.Started, e.cancel = Running, time.Now().UTC(), cancel
	return e
}

// progress takes note of how far a job has come. One that is cancelled is no longer listened to,
// even if it waits to be run again: only here does a job run.
func (q *Queue) progress(e *entry, p Progress) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.job.State == Running {
		e.job.Progress = p
	}
}

// finish takes note of how a run ended, unless its job was cancelled.
func (q *Queue) finish(ctx context.Context, e *entry, document finding.Document, err error) {
	var data []byte
	if err == nil {
		data, err = json.Marshal(document)
	}
	var resultErr error
	if err == nil && q.store != nil {
		if resultErr = q.store.putResult(e.job.ID, data); resultErr == nil {
			data = nil // it is on disk
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.job.State != Running {
		return
	}
	now := time.Now().UTC()
	switch {
	case err == nil:
		e.end(Done, now, "")
		e.job.Partial, e.job.Progress.Ratio = len(document.FailedWindows) > 0, 1
		e.result, e.resultErr = data, resultErr
	case ctx.Err() != nil:
		e.end(Interrupted, now, "ghostpair was stopped while it ran")
	default:
		e.end(Failed, now, err.Error())
	}
}

// close refuses new jobs and interrupts those that wait.
func (q *Queue) close() {
	q.mu.Lock()
	q.closed = true
	waiting := q.waiting
	q.waiting = nil
	for _, e := range waiting {
		e.end(Interrupted, time.Now().UTC(), "ghostpair was stopped before it ran")
	}
	q.mu.Unlock()
	for _, e := range waiting {
		q.save(e.job.ID)
	}
}

package main

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/ghostpair/ghostpair/engine"
)

const (
	snapshotEvery = 5 * time.Minute
	longStretch   = time.Hour // from here on the reader of a log wants to know how far it has come
)

// loop is what moves the service through time: ticks of the instance that serves, and beside them
// the replay of history by one that is to serve. It alone starts them, and it alone swaps instances.
type loop struct {
	*service
	ticking   *job // of the instance that serves
	replaying *job // of that one at the start, else of its successor
	tickedAt  time.Time
	savedAt   time.Time
}

// job is a goroutine that advances an instance.
type job struct {
	*instance
	cancel context.CancelFunc
	done   chan struct{}
}

// start runs do in a goroutine, which ends when it is done or stopped.
func start(ctx context.Context, i *instance, do func(context.Context, *instance)) *job {
	ctx, cancel := context.WithCancel(ctx)
	j := &job{instance: i, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(j.done)
		do(ctx, i)
	}()
	return j
}

// stop ends the job, if there is one, and waits for it.
func (j *job) stop() {
	if j != nil {
		j.cancel()
		<-j.done
	}
}

// end stops the job for good, with what slow sources of its instance still do.
func (j *job) end() {
	j.stop()
	if j != nil {
		j.engine.Stop()
	}
}

// finished returns a channel that is closed when the job has ended; of no job, one that never is.
func (j *job) finished() <-chan struct{} {
	if j == nil {
		return nil
	}
	return j.done
}

// loop runs until the context ends. What it knows is saved then.
func (s *service) loop(ctx context.Context) error {
	defer close(s.stopped)
	l := &loop{service: s, savedAt: time.Now()}
	l.replaying = start(ctx, s.serving.Load(), s.replay)
	tick := time.NewTimer(time.Hour)
	tick.Stop()
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			l.ticking.end()
			l.replaying.end()
			serving := s.serving.Load()
			serving.engine.Stop()
			s.save(serving)
			return nil
		case outcome := <-s.reloads:
			outcome <- l.reload(ctx)
			tick.Reset(l.untilTick())
		case <-l.replaying.finished():
			l.replayed()
			tick.Reset(l.untilTick())
		case <-tick.C:
			if l.ticking == nil && !l.warmingUp() {
				l.tickedAt = time.Now()
				l.ticking = start(ctx, s.serving.Load(), s.tick)
			}
		case <-l.ticking.finished():
			l.ticking.stop()
			l.ticking = nil
			l.saveWhenDue()
			tick.Reset(l.untilTick())
		}
	}
}

// warmingUp tells whether the instance that serves has no findings yet.
func (l *loop) warmingUp() bool {
	return l.replaying != nil && l.replaying.instance == l.serving.Load()
}

// untilTick returns how long to wait for the next tick. Ticks of many services that were started
// at once drift apart.
func (l *loop) untilTick() time.Duration {
	every := l.serving.Load().config.Evaluate.Every
	wait := every - every/20 + rand.N(every/10+1)
	return max(0, wait-time.Since(l.tickedAt))
}

// replayed puts an instance that has read its history in place of the one that serves.
func (l *loop) replayed() {
	l.replaying.stop()
	next := l.replaying.instance
	l.replaying = nil
	if next.engine.Evaluation() == nil {
		return // it was told to stop
	}
	if old := l.serving.Load(); next != old {
		l.ticking.stop()
		l.ticking = nil
		l.serving.Store(next)
		old.engine.Stop()
	}
	l.logger.Info("History has been read", "origin", next.engine.Origin().Format(time.RFC3339),
		"findings", len(next.engine.Evaluation().Findings), "streams", next.engine.Evaluation().Streams)
	l.save(next)
	l.savedAt = time.Now()
}

func (l *loop) saveWhenDue() {
	if time.Since(l.savedAt) >= snapshotEvery && l.save(l.serving.Load()) {
		l.savedAt = time.Now()
	}
}

// replay advances an instance until it is close to now, however often it takes.
func (s *service) replay(ctx context.Context, i *instance) {
	if i.until(time.Now()).Sub(i.engine.Watermark()) > longStretch {
		i.meter.Store(newMeter(s.progress, s.logger, i.engine.Watermark(), i.options.Sources))
		defer func() { i.meter.Swap(nil).stop() }()
	}
	for {
		err := s.advance(ctx, i)
		if i.engine.Evaluation() != nil {
			return
		}
		wait := time.Duration(0) // what happened in the meantime is to be read
		if err != nil {
			wait = i.config.Evaluate.Every
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

func (s *service) tick(ctx context.Context, i *instance) { _ = s.advance(ctx, i) }

// advance brings an instance to now, less the delay of samples.
func (s *service) advance(ctx context.Context, i *instance) error {
	begun := time.Now()
	err := i.engine.Advance(ctx, i.until(begun))
	if ctx.Err() != nil {
		return err // told to stop: no failure
	}
	s.instruments.Evaluated(time.Since(begun), err)
	for _, of := range each(err) {
		s.logger.Error("Reading Prometheus; the stretch is read again the next time", "err", of)
	}
	return err
}

// each returns the errors of the sources that were joined.
func each(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// until returns the instant to advance to.
func (i *instance) until(now time.Time) time.Time { return now.Add(-i.config.Evaluate.Delay) }

// restore takes over the state of an earlier run, if there is one that fits.
func (s *service) restore(i *instance) {
	if s.snapshot == "" {
		return
	}
	switch err := i.engine.ReadSnapshot(s.snapshot); {
	case err == nil:
		s.logger.Info("Going on from the snapshot", "file", s.snapshot, "watermark", i.engine.Watermark().Format(time.RFC3339))
	case errors.Is(err, fs.ErrNotExist):
		s.logger.Info("There is no snapshot yet: history is read", "file", s.snapshot)
	default:
		s.logger.Warn("The snapshot is not used: history is read again", "err", err)
	}
}

// save writes the state. After a failure the last snapshot is still there. It says whether to wait with the
// next one: not while a source is being read that was not slow before.
func (s *service) save(i *instance) bool {
	if s.snapshot == "" {
		return true
	}
	switch err := i.engine.WriteSnapshot(s.snapshot); {
	case errors.Is(err, engine.ErrSnapshotBusy):
		s.logger.Debug("Saving the state later", "err", err)
		return false
	case err != nil:
		s.instruments.Saved(err)
		s.logger.Error("Saving the state; a restart goes on from the last one that was saved", "err", err)
	default:
		s.instruments.Saved(nil)
		s.logger.Debug("Saved the state", "file", s.snapshot)
	}
	return true
}

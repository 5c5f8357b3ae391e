package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// hangingReader answers when it is told to stop.
type hangingReader struct{}

func (hangingReader) Read(ctx context.Context, _, _ int64, _ bool, sink observe.Sink) (observe.ReadStats, error) {
	sink.Scrapes(observe.TargetView{Target: "half an answer"}, []observe.Run{{FirstMillis: start.UnixMilli() + 1, Count: 1, Value: 1}})
	<-ctx.Done()
	return observe.ReadStats{}, ctx.Err()
}

// In the bubble, a goroutine that outlives Advance would be found as a deadlock.
func TestHangingSourceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		prompt := new(silentReader)
		e := newEngine(t, options(prompt, hangingReader{}))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err := e.Advance(ctx, start.Add(time.Hour))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want that time was up", err)
		}
		if got := len(prompt.reads); got != 1 {
			t.Errorf("the other source was read %d times, want once", got)
		}
		if data, err := e.MarshalBinary(); err != nil || len(data) == 0 {
			t.Errorf("the half of an answer is in the way of a snapshot: %v", err)
		}
	})
}

// While one source hangs, what is known can be asked for.
func TestReadersDoNotWaitForAdvance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, options(new(silentReader), hangingReader{}))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- e.Advance(ctx, start.Add(time.Hour)) }()
		synctest.Wait()
		if got := e.Watermark(); !got.Equal(start.Add(time.Hour)) {
			t.Errorf("watermark = %s, want that of the source that is through", got)
		}
		if e.Evaluation() != nil || !e.Origin().Equal(start) || !e.LastSuccess().Equal(start) {
			t.Error("what is shown is not what is known")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want that it was canceled", err)
		}
	})
}

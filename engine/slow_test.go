package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// gatedReader reads when it is let.
type gatedReader struct {
	Reader
	gate  chan struct{} // nil: open
	reads atomic.Int64
}

func (g *gatedReader) Read(ctx context.Context, from, to int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	g.reads.Add(1)
	if g.gate != nil {
		select {
		case <-g.gate:
		case <-ctx.Done():
			return observe.ReadStats{}, ctx.Err()
		}
	}
	return g.Reader.Read(ctx, from, to, live, sink)
}

func document(t *testing.T, e *Engine) string {
	t.Helper()
	text, err := json.MarshalIndent(e.Evaluation().Document, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A source that hangs does not hold up the others: they are published after Patience at the latest, then at once.
// It is not read a second time before the first is done. In the end all is as if it had never hung.
func TestSlowSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &gatedReader{Reader: &fakeReader{fleet: fleet(15 * time.Second)}}
		o := options(&fakeReader{fleet: fleet(time.Second)}, slow)
		var logs bytes.Buffer
		o.Patience, o.Logger = 5*time.Second, slog.New(slog.NewTextHandler(&logs, nil))
		e := newEngine(t, o)
		at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
		advance(t, e, at(60))

		slow.gate = make(chan struct{})
		for i, want := range []time.Duration{5 * time.Second, 0, 0} {
			begun := time.Now()
			advance(t, e, at(61+i))
			if took := time.Since(begun); took != want {
				t.Errorf("advance %d took %s, want %s", i, took, want)
			}
			v := e.Evaluation()
			if !v.Sources[0].Watermark.Equal(at(61+i)) || !v.Sources[1].Watermark.Equal(at(60)) || !v.Window.End.Equal(at(61+i)) {
				t.Errorf("advance %d: watermarks %s and %s", i, v.Sources[0].Watermark, v.Sources[1].Watermark)
			}
			if len(v.FailedWindows) != 1 || v.FailedWindows[0].Source != "coarse" || !v.FailedWindows[0].Start.Equal(at(60)) || !v.FailedWindows[0].End.Equal(at(61+i)) {
				t.Errorf("advance %d: failed windows %+v", i, v.FailedWindows)
			}
		}
		if slow.reads.Load() != 2 || strings.Count(logs.String(), "level=WARN") != 1 {
			t.Errorf("%d reads, want 2; log:\n%s", slow.reads.Load(), logs.String())
		}
		if _, err := e.MarshalBinary(); !errors.Is(err, ErrSnapshotBusy) {
			t.Errorf("snapshot in the middle: %v", err)
		}
		close(slow.gate)
		synctest.Wait()

		slow.gate = make(chan struct{}) // slow again: now there is a state to save
		advance(t, e, at(64))
		saved, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		e.Stop()
		slow.gate = nil
		resumed := newEngine(t, o)
		if err := resumed.UnmarshalBinary(saved); err != nil {
			t.Fatal(err)
		}
		replay := newEngine(t, options(&fakeReader{fleet: fleet(time.Second)}, &fakeReader{fleet: fleet(15 * time.Second)}))
		for _, e := range []*Engine{e, resumed, replay} {
			advance(t, e, at(70))
		}
		want := document(t, replay)
		if got := document(t, e); got != want {
			t.Errorf("after the source was slow:\n%s\nwant\n%s", got, want)
		}
		if got := document(t, resumed); got != want {
			t.Errorf("from the snapshot:\n%s\nwant\n%s", got, want)
		}
		if !strings.Contains(logs.String(), "no longer slow") {
			t.Errorf("log:\n%s", logs.String())
		}
	})
}

// Stop, and the end of the context while one waits, end what a slow source does. A goroutine that lives on is
// found by the bubble.
func TestSlowSourceIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &gatedReader{Reader: new(silentReader)}
		o := options(new(silentReader), slow)
		o.Patience = time.Second
		e := newEngine(t, o)
		advance(t, e, start.Add(time.Hour))
		slow.gate = make(chan struct{})
		advance(t, e, start.Add(2*time.Hour))
		e.Stop()
		if _, err := e.MarshalBinary(); err != nil {
			t.Errorf("after Stop: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := e.Advance(ctx, start.Add(3*time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that it was canceled", err)
		}
	})
}

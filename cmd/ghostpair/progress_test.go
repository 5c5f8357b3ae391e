package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ghostpair/ghostpair/engine"
)

// reader stands for a source that is tested.
type reader struct{ engine.Reader }

// Without a terminal there is a line after every 5 %, but not too often, and after half a minute.
func TestProgressWithoutATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		end := history.Add(100 * time.Hour)
		m := newMeter(&logged, slog.New(slog.NewTextHandler(&logged, nil)), history, []engine.Source{{Name: "envoy", Reader: reader{}}})
		lines := func() int { return strings.Count(logged.String(), "Reading history") }
		at := func(percent int, wait time.Duration) {
			time.Sleep(wait)
			m.observe(engine.Progress{Source: "envoy", To: end, Watermark: history.Add(time.Duration(percent) * time.Hour), Samples: int64(percent) * 1_000_000})
		}
		for _, step := range []struct {
			percent int
			wait    time.Duration
			want    int
		}{
			{50, time.Second, 0},      // soon, however much
			{51, 9 * time.Second, 1},  // ten seconds and 51 %
			{53, 11 * time.Second, 1}, // 2 % are no news yet
			{54, 20 * time.Second, 2}, // but half a minute is
			{60, 10 * time.Second, 3}, // 6 %
		} {
			if at(step.percent, step.wait); lines() != step.want {
				t.Errorf("at %d %%: %d lines, want %d:\n%s", step.percent, lines(), step.want, logged.String())
			}
		}
		if text := logged.String(); !strings.Contains(text, "done_percent=51 samples_per_second=5100000 paired=0") {
			t.Errorf("it says\n%s", text)
		}
		m.stop()
		if at(100, time.Hour); lines() != 3 {
			t.Error("it goes on after it was stopped")
		}
	})
}

// A log line takes the place of the bar, and a line without a bar is left alone.
func TestLogLinesAndTheBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &screen{Writer: &out}
	for _, bar := range []bool{false, true, false} {
		s.drawn(bar)
		if n, err := s.Write([]byte("line\n")); n != 5 || err != nil {
			t.Errorf("wrote %d bytes, %v; want 5", n, err)
		}
	}
	if got, want := out.String(), "line\n"+clearLine+"line\nline\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	(*screen)(nil).drawn(true) // where there is none
}

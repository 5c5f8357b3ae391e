package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

const hours = 10

var end = start.Add(hours * time.Hour)

// twoSources returns readers of a fleet at 1 s and one at 2 s.
func twoSources(shuffle *rand.Rand) (fine, coarse *fakeReader) {
	return &fakeReader{fleet: fleet(time.Second), shuffle: shuffle}, &fakeReader{fleet: fleet(2 * time.Second)}
}

// undisturbed is what comes out when all is read at once.
func undisturbed(t *testing.T) outcome {
	t.Helper()
	fine, coarse := twoSources(nil)
	e := newEngine(t, options(fine, coarse))
	advance(t, e, end)
	paired := 0
	for _, f := range e.Evaluation().Findings {
		if f.Verdict == finding.Paired && f.Route == "paired" {
			paired++
		}
	}
	// 12 pairs an hour are far more than it takes: without an alarm the comparisons would be empty.
	if paired != 2 {
		t.Fatalf("%d sources found the planted pairs, want both", paired)
	}
	return outcomeOf(t, e)
}

func TestCutsOfTimeDoNotMatter(t *testing.T) {
	t.Parallel()
	want := undisturbed(t)
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 3))
		fine, coarse := twoSources(random)
		o := options(fine, coarse)
		o.MaxPiece = time.Duration(1+random.IntN(300)) * time.Minute
		e := newEngine(t, o)
		for to := start; to.Before(end); {
			// Mostly ticks would take long, mostly long stretches would not test ticks.
			step := time.Duration(random.Int64N(int64(2 * time.Hour)))
			if random.IntN(2) == 0 {
				step = time.Duration(random.Int64N(int64(40 * time.Second)))
			}
			to = to.Add(step)
			if to.After(end) {
				to = end
			}
			advance(t, e, to)
		}
		want.check(t, fmt.Sprintf("cuts %d", seed), outcomeOf(t, e))
	}
}

func TestTicksEqualOneStretch(t *testing.T) {
	t.Parallel()
	run := func(step time.Duration) outcome {
		fine, coarse := twoSources(nil)
		e := newEngine(t, options(fine, coarse))
		for to := start; to.Before(start.Add(time.Hour)); {
			to = to.Add(step)
			advance(t, e, to)
		}
		return outcomeOf(t, e)
	}
	run(time.Hour).check(t, "every 15 s", run(15*time.Second))
}

func TestRestartInTheMiddle(t *testing.T) {
	t.Parallel()
	want := undisturbed(t)
	path := filepath.Join(t.TempDir(), "state")
	fine, coarse := twoSources(nil)
	var e *Engine
	for i, at := range []time.Duration{0, time.Hour + 17*time.Second, 4 * time.Hour, hours * time.Hour} {
		o := options(fine, coarse)
		o.Origin = start.Add(time.Duration(i) * time.Minute) // each start has its own; that of the snapshot counts
		e = newEngine(t, o)
		if i > 0 {
			if err := e.ReadSnapshot(path); err != nil {
				t.Fatal(err)
			}
		}
		advance(t, e, start.Add(at))
		if err := e.WriteSnapshot(path); err != nil {
			t.Fatal(err)
		}
	}
	want.check(t, "three restarts", outcomeOf(t, e))
}

// A restart is not seen in the counters either.
func TestRestartKeepsTheCounters(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	run := func(restart bool) string {
		fine, coarse := twoSources(nil)
		e := newEngine(t, options(fine, coarse))
		advance(t, e, start.Add(time.Hour))
		if restart {
			if err := e.WriteSnapshot(path); err != nil {
				t.Fatal(err)
			}
			e = newEngine(t, options(fine, coarse))
			if err := e.ReadSnapshot(path); err != nil {
				t.Fatal(err)
			}
		}
		advance(t, e, start.Add(4*time.Hour))
		return fmt.Sprintf("%+v", e.Evaluation().Routes)
	}
	want := run(false)
	if got := run(true); got != want {
		t.Errorf("routes after a restart:\n%s\nwant:\n%s", got, want)
	}
	if !strings.Contains(want, start.Add(time.Hour).String()) {
		t.Errorf("routes are not counted since the end of the warm-up: %s", want)
	}
}

func TestFailedSourceCatchesUp(t *testing.T) {
	t.Parallel()
	want := undisturbed(t)
	fine, coarse := twoSources(nil)
	away := false
	// It is away for a while, and each answer after that breaks off once.
	once := make(map[int64]bool)
	fine.broken = func(from, _ int64) error {
		if away || !once[from] && from > start.Add(6*time.Hour).UnixMilli() {
			once[from] = true
			return reasoned("refused")
		}
		return nil
	}
	e := newEngine(t, options(fine, coarse))
	advance(t, e, start.Add(2*time.Hour))
	away = true
	for _, at := range []time.Duration{3 * time.Hour, 6 * time.Hour} {
		err := e.Advance(context.Background(), start.Add(at))
		if err == nil || !strings.Contains(err.Error(), `source "fine"`) || strings.Contains(err.Error(), `"coarse"`) {
			t.Fatalf("error = %v, want one of the source that is away", err)
		}
	}
	failed := e.Evaluation().FailedWindows
	wanted := finding.Window{Start: start.Add(2 * time.Hour), End: start.Add(6 * time.Hour)}
	if len(failed) != 1 || failed[0].Source != "fine" || failed[0].Reason != "refused" || failed[0].Window != wanted {
		t.Fatalf("failed windows = %+v, want %v of source fine", failed, wanted)
	}
	for _, s := range e.Evaluation().Sources {
		settled := map[string]time.Time{"fine": start.Add(2 * time.Hour), "coarse": start.Add(6 * time.Hour)}
		if !s.Watermark.Equal(settled[s.Name]) {
			t.Errorf("source %s is settled to %s, want %s", s.Name, s.Watermark, settled[s.Name])
		}
	}
	away = false
	for e.Advance(context.Background(), end) != nil {
		if len(once) > 100 {
			t.Fatal("it does not come to an end")
		}
	}
	want.check(t, "after the outage", outcomeOf(t, e))
}

// reasoned is an error as a reader returns it.
type reasoned string

func (r reasoned) Error() string       { return "the server says " + string(r) }
func (r reasoned) ReasonLabel() string { return string(r) }

func TestCanceled(t *testing.T) {
	t.Parallel()
	fine, coarse := twoSources(nil)
	e := newEngine(t, options(fine, coarse))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Advance(ctx, end); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that it was canceled", err)
	}
	if e.Evaluation() != nil {
		t.Error("it published what it did not read")
	}
	if got := e.Watermark(); !got.Equal(start) {
		t.Errorf("watermark = %s, want the origin", got)
	}
}

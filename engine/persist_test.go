package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// holedReader reads a fleet whose Prometheus was down in (from, to]: there are no samples at all.
type holedReader struct {
	inner    *fakeReader
	from, to int64
}

func (h holedReader) Read(ctx context.Context, from, to int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	return h.inner.Read(ctx, from, to, live, holedSink{h, sink})
}

type holedSink struct {
	holedReader
	observe.Sink
}

func (h holedSink) without(runs []observe.Run) []observe.Run {
	var kept []observe.Run
	for _, r := range runs {
		for i := range r.Count {
			at := r.FirstMillis + i*r.StepMillis
			if at > h.from && at <= h.to {
				continue
			}
			kept = append(kept, observe.Run{FirstMillis: at, Count: 1, Value: r.Value})
		}
	}
	return kept
}

func (h holedSink) Scrapes(view observe.TargetView, runs []observe.Run) {
	h.Sink.Scrapes(view, h.without(runs))
}

func (h holedSink) Series(id *observe.SeriesID, runs []observe.Run) {
	if runs = h.without(runs); len(runs) > 0 {
		h.Sink.Series(id, runs)
	}
}

// A stretch that was skipped must be as if Prometheus had been down in it: the same findings, with
// the same errors, the same coverage and the same gaps. It is listed besides.
func TestSkippedIsAsIfNeverScraped(t *testing.T) {
	t.Parallel()
	from, to := start.Add(3*time.Hour), start.Add(5*time.Hour)
	whole := &fakeReader{fleet: fleet(time.Second)}
	holed := holedReader{&fakeReader{fleet: fleet(time.Second)}, from.UnixMilli(), to.UnixMilli()}
	want := newEngine(t, options(holed))
	advance(t, want, end)

	broken := false
	whole.broken = func(f, u int64) error {
		if f < to.UnixMilli() && u > from.UnixMilli() {
			broken = true
			return reasoned("bad_data")
		}
		return nil
	}
	o := options(whole)
	o.Persistence.Skip = time.Hour
	o.MaxPiece = time.Hour // so that pieces end where the hole does
	got := newEngine(t, o)
	advance(t, got, end)
	if !broken {
		t.Fatal("nothing was skipped")
	}
	d, w := got.Evaluation().Document, want.Evaluation().Document
	if len(d.FailedWindows) != 1 || d.FailedWindows[0].Reason != "bad_data" || d.FailedWindows[0].Source != "fine" ||
		d.FailedWindows[0].Window != (finding.Window{Start: from, End: to}) {
		t.Errorf("failed windows = %+v, want (%s, %s] in one piece", d.FailedWindows, from, to)
	}
	d.FailedWindows = w.FailedWindows
	a, b := fmt.Sprintf("%+v", mustJSON(t, d)), fmt.Sprintf("%+v", mustJSON(t, w))
	if a != b {
		t.Errorf("skipped:\n%s\nwant, as in an outage:\n%s", a, b)
	}
	for _, f := range d.Findings {
		if f.Route == "quiet" && f.ExposureSeconds > 8.1*3600 {
			t.Errorf("the exposure is %g s, though two of ten hours were not seen", f.ExposureSeconds)
		}
	}
}

func mustJSON(t *testing.T, d finding.Document) string {
	t.Helper()
	text, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Where the failing stretch lies within a long piece it is narrowed down, and no more is lost.
func TestSkipNarrowsDown(t *testing.T) {
	t.Parallel()
	bad := start.Add(4*time.Hour + 10*time.Minute).UnixMilli()
	r := &fakeReader{fleet: fleet(time.Second)}
	r.broken = func(from, to int64) error {
		if from < bad && bad <= to {
			return reasoned("unavailable")
		}
		return nil
	}
	o := options(r)
	o.Persistence = Persistence{Skip: time.Hour}
	e := newEngine(t, o)
	advance(t, e, end)
	failed := e.Evaluation().FailedWindows
	if len(failed) != 1 || failed[0].End.Sub(failed[0].Start) > time.Hour ||
		failed[0].Start.UnixMilli() >= bad || failed[0].End.UnixMilli() < bad {
		t.Fatalf("failed windows = %+v, want one of at most an hour around %s", failed, instant(bad))
	}
	if n := len(r.reads); n > 40 {
		t.Errorf("it took %d reads", n)
	}
	if !e.Watermark().Equal(end) {
		t.Errorf("watermark = %s, want the end", e.Watermark())
	}
}

// A server that is not there has no other stretch to offer: it stops, and does not claim to have
// gone through everything.
func TestUnreachableIsNotSkipped(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"refused", "tls", "not_found", "redirect"} {
		r := &fakeReader{fleet: fleet(time.Second), broken: func(int64, int64) error { return reasoned(reason) }}
		o := options(r)
		o.Persistence.Skip = time.Hour
		e := newEngine(t, o)
		if err := e.Advance(t.Context(), end); err == nil {
			t.Errorf("%s: no error", reason)
		}
		if !e.Watermark().Equal(start) {
			t.Errorf("%s: watermark = %s, want the origin", reason, e.Watermark())
		}
	}
}

// What can heal is read again, whole, so that nothing is counted twice.
func TestWhatHealsIsReadAgain(t *testing.T) {
	t.Parallel()
	want := undisturbed(t)
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 8))
		fine, coarse := twoSources(random)
		failures := 0
		fine.broken = func(from, _ int64) error {
			if from > start.UnixMilli() && failures < 60 && random.IntN(3) > 0 {
				failures++
				return reasoned([]string{"truncated", "refused", "timeout", "unavailable", "rate_limited"}[random.IntN(5)])
			}
			return nil
		}
		o := options(fine, coarse)
		o.MaxPiece = 2 * time.Hour
		o.Persistence = Persistence{Attempts: 100, Pause: time.Nanosecond}
		e := newEngine(t, o)
		advance(t, e, end)
		if failures < 5 {
			t.Errorf("%d failures are no test", failures)
		}
		want.check(t, fmt.Sprintf("seed %d", seed), outcomeOf(t, e))
	}
}

func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	away := false
	r := &fakeReader{fleet: fleet(time.Second), broken: func(int64, int64) error {
		if away {
			return reasoned("refused")
		}
		return nil
	}}
	o := options(r)
	o.Persistence = Persistence{Attempts: 3, Pause: time.Nanosecond}
	e := newEngine(t, o)
	advance(t, e, start.Add(time.Minute))
	away = true
	err := e.Advance(t.Context(), end)
	if err == nil || !strings.Contains(err.Error(), "refused") || len(r.reads) != 4 {
		t.Errorf("%d reads, %v; want three more and the reason", len(r.reads), err)
	}
	// Where nothing was ever read, the address is wrong rather than the moment.
	fresh := &fakeReader{fleet: fleet(time.Second), broken: r.broken}
	o.Sources[0].Reader = fresh
	if err := newEngine(t, o).Advance(t.Context(), end); err == nil || len(fresh.reads) != 1 {
		t.Errorf("%d reads of a server that never answered, %v; want one", len(fresh.reads), err)
	}
}

// sampler keeps what a recorder is told.
type sampler struct {
	pieces []finding.Window
	cells  int
	seen   map[int64]string
}

func (s *sampler) Piece(p *observe.Piece) {
	s.pieces = append(s.pieces, finding.Window{Start: instant(p.FromMillis), End: instant(p.ToMillis)})
	s.cells += len(p.Events)
}

func (s *sampler) Sample(at time.Time, findings []finding.Finding) {
	text, _ := json.Marshal(findings)
	s.seen[at.UnixMilli()] = string(text)
}
func (s *sampler) MarshalBinary() ([]byte, error) { return json.Marshal(s.seen) }
func (s *sampler) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, &s.seen) }

// What a recorder is told at an instant is what would have been published there, but for what the
// observer already knows of later time: exposure, targets and the like. The outcome is the same.
func TestSamplesOnTheWay(t *testing.T) {
	t.Parallel()
	s := &sampler{seen: make(map[int64]string)}
	o := options(&fakeReader{fleet: fleet(time.Second)})
	o.Sources[0].Recorder, o.SampleEvery = s, time.Hour
	e := newEngine(t, o)
	advance(t, e, end)
	if len(s.seen) != hours || len(s.pieces) != 1 || s.cells == 0 {
		t.Fatalf("%d samples, pieces %v, %d events", len(s.seen), s.pieces, s.cells)
	}
	step := newEngine(t, options(&fakeReader{fleet: fleet(time.Second)}))
	for hour := 1; hour <= hours; hour++ {
		at := start.Add(time.Duration(hour) * time.Hour)
		advance(t, step, at)
		var sampled []finding.Finding
		if err := json.Unmarshal([]byte(s.seen[at.UnixMilli()]), &sampled); err != nil {
			t.Fatal(err)
		}
		brief := func(all []finding.Finding) (lines []string) {
			for _, f := range all {
				line, _ := json.Marshal([]any{f.Key, f.Verdict, f.EvidenceLog10, f.Errors, f.Transitions})
				lines = append(lines, string(line))
			}
			return lines
		}
		if got, want := brief(sampled), brief(step.Evaluation().Findings); !slices.Equal(got, want) {
			t.Fatalf("hour %d:\n%s\nwant\n%s", hour, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if got, want := mustJSON(t, e.Evaluation().Document), mustJSON(t, step.Evaluation().Document); got != want {
		t.Error("sampling on the way changes the outcome")
	}
}

// A server that answers a tenth of the time at once only, or nothing at all, takes one line: that of the
// engine, or that of who is told the error.
func TestTooMuchTakesOneLine(t *testing.T) {
	t.Parallel()
	for longest, want := range map[time.Duration]int{2 * time.Hour: 1, 0: 0} {
		var logs bytes.Buffer
		r := &silentReader{broken: func(from, to int64) error {
			if to-from > longest.Milliseconds() {
				return reasoned("too_expensive")
			}
			return nil
		}}
		o := options(r)
		o.Logger = slog.New(slog.NewTextHandler(&logs, nil))
		err := newEngine(t, o).Advance(t.Context(), start.Add(20*time.Hour))
		if (err == nil) != (longest > 0) || strings.Count(logs.String(), "\n") != want {
			t.Errorf("up to %s: error %v, log, want %d lines:\n%s", longest, err, want, logs.String())
		}
	}
}

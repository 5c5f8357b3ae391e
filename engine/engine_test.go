package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// silentReader answers at once with nothing but scrapes of one target every 15 s.
type silentReader struct {
	fakeReader
	broken func(fromMillis, toMillis int64) error
}

func (s *silentReader) Read(_ context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	s.reads = append(s.reads, finding.Window{Start: instant(fromMillis), End: instant(toMillis)})
	s.lives = append(s.lives, live)
	if s.broken != nil {
		if err := s.broken(fromMillis, toMillis); err != nil {
			return observe.ReadStats{}, err
		}
	}
	first := fromMillis - fromMillis%15_000 + 15_000
	if count := (toMillis-first)/15_000 + 1; count > 0 {
		sink.Scrapes(observe.TargetView{Target: "pod"}, []observe.Run{{FirstMillis: first, StepMillis: 15_000, Count: count, Value: 1}})
	}
	return observe.ReadStats{Protocol: "fake", Series: 7, SiblingsPresent: true, Warnings: []string{"b", "a", "b"}}, nil
}

// windows writes reads as the clock times of their ends.
func (s *silentReader) windows() string {
	var ends []string
	for _, r := range s.reads {
		ends = append(ends, r.End.Format("02T15:04"))
	}
	return strings.Join(ends, " ")
}

func TestPieces(t *testing.T) {
	t.Parallel()
	r := new(silentReader)
	e := newEngine(t, options(r))
	advance(t, e, start.Add(50*time.Hour)) // from 18:00
	// A day at most, cut where the server cuts its blocks; start and end are what they are.
	if got, want := r.windows(), "02T18:00 03T18:00 03T20:00"; got != want {
		t.Errorf("pieces end at %s, want %s", got, want)
	}
	r.reads = nil
	advance(t, e, start.Add(50*time.Hour+15*time.Second))
	advance(t, e, start.Add(50*time.Hour+5*time.Minute+16*time.Second))
	// 24 h and 2 h, then a tick of 15 s, then 5 min and 1 s, which is no tick.
	if want := []bool{false, false, false, true, false}; !slices.Equal(r.lives, want) {
		t.Errorf("live reads = %v, want %v", r.lives, want)
	}
}

func TestPiecesAreAlignedInTheMiddle(t *testing.T) {
	t.Parallel()
	r := new(silentReader)
	o := options(r)
	o.Origin = start.Add(37 * time.Minute)
	e := newEngine(t, o)
	advance(t, e, start.Add(30*time.Hour))
	if got, want := r.windows(), "02T18:00 03T00:00"; got != want {
		t.Errorf("pieces end at %s, want %s", got, want)
	}
}

func TestTooExpensivePiecesAreHalved(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"too_expensive", "too_large"} {
		r := new(silentReader)
		longest := 7 * time.Hour
		r.broken = func(from, to int64) error {
			if time.Duration(to-from)*time.Millisecond > longest {
				return reasoned(reason)
			}
			return nil
		}
		e := newEngine(t, options(r))
		advance(t, e, start.Add(72*time.Hour))
		var good []time.Duration
		for _, w := range r.reads {
			if d := w.End.Sub(w.Start); d <= longest {
				good = append(good, d)
			}
		}
		// 24 h and 12 h are refused, 6 h are not: three days are twelve pieces. After every four the
		// next size is tried once, and is refused.
		if len(good) != 12 || len(r.reads) != 12+4 {
			t.Errorf("%s: %d good reads of %d, want 12 of 16: %s", reason, len(good), len(r.reads), r.windows())
		}
	}
}

func TestServerThatNeverAnswersIsNotAskedForever(t *testing.T) {
	t.Parallel()
	r := new(silentReader)
	r.broken = func(int64, int64) error { return reasoned("timeout") }
	e := newEngine(t, options(r))
	if e.Advance(context.Background(), start.Add(24*time.Hour)) == nil {
		t.Error("no error")
	}
	// 24 h, 12 h, 6 h: then it gives up until the next time.
	if len(r.reads) != 3 {
		t.Errorf("it was asked %d times, want 3: %s", len(r.reads), r.windows())
	}
	r.reads, r.broken = nil, func(int64, int64) error { return reasoned("unauthorized") }
	if e.Advance(context.Background(), start.Add(24*time.Hour)) == nil || len(r.reads) != 1 {
		t.Errorf("after a refusal it was asked %d times, want once", len(r.reads))
	}
}

func TestClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	r := new(silentReader)
	e := newEngine(t, options(r))
	advance(t, e, start.Add(time.Hour))
	reads := len(r.reads)
	advance(t, e, start.Add(time.Hour))
	advance(t, e, start.Add(-time.Hour))
	if len(r.reads) != reads || !e.Watermark().Equal(start.Add(time.Hour)) {
		t.Errorf("%d more reads, watermark %s: want none and %s", len(r.reads)-reads, e.Watermark(), start.Add(time.Hour))
	}
}

func TestDelayedSource(t *testing.T) {
	t.Parallel()
	prompt, late := new(silentReader), new(silentReader)
	o := options(prompt, late)
	o.Sources[1].Delay = 10 * time.Minute
	e := newEngine(t, o)
	advance(t, e, start.Add(time.Hour))
	if got, want := prompt.windows()+" "+late.windows(), "01T19:00 01T18:50"; got != want {
		t.Errorf("reads end at %s, want %s", got, want)
	}
}

func TestNothingIsPublishedWhileCatchingUp(t *testing.T) {
	t.Parallel()
	r := new(silentReader)
	o := options(r)
	o.PublishWithin = time.Minute
	now := start.Add(10 * time.Hour)
	o.Now = func() time.Time { return now }
	e := newEngine(t, o)

	r.broken = func(int64, int64) error { return reasoned("refused") }
	_ = e.Advance(context.Background(), now)
	if e.Evaluation() != nil {
		t.Fatal("published before anything was read")
	}
	r.broken = nil
	advance(t, e, now.Add(-2*time.Minute)) // reading took two minutes
	if e.Evaluation() != nil {
		t.Fatal("published two minutes old news at the end of a long stretch")
	}
	advance(t, e, now.Add(-30*time.Second))
	if got := e.Evaluation(); got == nil || !got.Window.End.Equal(now.Add(-30*time.Second)) {
		t.Fatal("did not publish what is half a minute old")
	}

	// An outage: the findings stay as they are and say what is missing.
	now = now.Add(time.Hour)
	r.broken = func(int64, int64) error { return reasoned("refused") }
	_ = e.Advance(context.Background(), now)
	if got := e.Evaluation(); len(got.FailedWindows) != 1 {
		t.Fatal("the outage is not in the evaluation")
	}

	// A server that takes two minutes a tick, always: old news, but there will be none newer.
	r.broken = func(int64, int64) error {
		now = now.Add(2 * time.Minute)
		return nil
	}
	advance(t, e, now) // catches up
	to := now
	advance(t, e, to)
	if got := e.Evaluation(); !got.Window.End.Equal(to) {
		t.Fatal("a slow service publishes nothing at all")
	}
}

func TestEvaluationSaysWhatWasRead(t *testing.T) {
	t.Parallel()
	o := options(new(silentReader))
	o.Sources[0].UserDefined = true
	o.FalseAlarmsPerMonth = 2
	e := newEngine(t, o)
	advance(t, e, start.Add(48*time.Hour))
	v := e.Evaluation()
	if v.Version != finding.DocumentVersion || !v.Origin.Equal(start) || !v.Window.Start.Equal(start) || v.FalseAlarmsPerMonth != 2 {
		t.Errorf("document = %+v", v.Document)
	}
	// Nothing but the pooled stream of the one fingerprint is tested: A is the least there is, 10⁴.
	if v.Streams["fine"] != 1 || v.ThresholdLog10["fine"] == nil || *v.ThresholdLog10["fine"] != 4 {
		t.Errorf("streams %v, thresholds %v: want 1 and 4", v.Streams, v.ThresholdLog10)
	}
	if got := strings.Join(v.Warnings, ", "); got != "source fine: a, source fine: b" {
		t.Errorf("warnings = %q, want each once", got)
	}
	s := v.Sources[0]
	if !s.Timing || s.Series != 7 || s.Protocol != "fake" || !s.UserDefined || !s.SiblingsPresent ||
		!s.LastSuccess.Equal(start) || !s.Watermark.Equal(start.Add(48*time.Hour)) {
		t.Errorf("source = %+v", s)
	}
	if !e.LastSuccess().Equal(start) {
		t.Errorf("last success = %s, want what the clock said", e.LastSuccess())
	}
}

// fakeGauges says what it is told to.
type fakeGauges struct {
	samples []finding.NLBSample
	err     error
	wait    bool
}

func (f *fakeGauges) ReadGauges(ctx context.Context, _ int64) ([]finding.NLBSample, observe.ReadStats, error) {
	if f.wait {
		<-ctx.Done()
		return nil, observe.ReadStats{}, ctx.Err()
	}
	return f.samples, observe.ReadStats{Series: len(f.samples)}, f.err
}

func TestGaugesHoldUpNothing(t *testing.T) {
	t.Parallel()
	nlb := &fakeGauges{samples: []finding.NLBSample{{Metric: "a", At: start}, {Metric: "b", At: start.Add(-time.Minute)}}}
	o := options(new(silentReader))
	o.Sources = append(o.Sources, Source{Name: "nlb", Kind: "nlb", Gauges: nlb})
	o.GaugesTimeout = time.Millisecond
	e := newEngine(t, o)
	advance(t, e, start.Add(time.Minute))
	if v := e.Evaluation(); len(v.NLB) != 2 || !v.Sources[1].Watermark.Equal(start) || v.Sources[1].Timing {
		t.Fatalf("gauges = %+v of %+v", v.NLB, v.Sources[1])
	}
	nlb.samples = nil
	advance(t, e, start.Add(time.Minute+59*time.Second))
	if v := e.Evaluation(); len(v.NLB) != 2 {
		t.Error("gauges are read more often than once a minute")
	}
	nlb.wait = true
	advance(t, e, start.Add(2*time.Minute))
	v := e.Evaluation()
	if len(v.NLB) != 2 || len(v.FailedWindows) != 0 || !strings.Contains(strings.Join(v.Warnings, " "), "source nlb: context deadline exceeded") {
		t.Errorf("after a failure: gauges %+v, failed %v, warnings %v; want the old values and a warning", v.NLB, v.FailedWindows, v.Warnings)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var seen []string
	o := options(new(silentReader))
	o.Progress = func(p Progress) { seen = append(seen, p.Watermark.Format("15:04")+" of "+p.To.Format("15:04")) }
	o.MaxPiece = 2 * time.Hour
	e := newEngine(t, o)
	advance(t, e, start.Add(5*time.Hour))
	if got, want := strings.Join(seen, ", "), "20:00 of 23:00, 22:00 of 23:00, 23:00 of 23:00"; got != want {
		t.Errorf("progress = %s, want %s", got, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"origin":       {func(o *Options) { o.Origin = time.Time{} }, "no origin"},
		"fingerprints": {func(o *Options) { o.Fingerprints = nil }, "no fingerprints"},
		"sources":      {func(o *Options) { o.Sources = nil }, "no source to test"},
		"twice":        {func(o *Options) { o.Sources = append(o.Sources, o.Sources[0]) }, `"fine": the name is used twice`},
		"reader":       {func(o *Options) { o.Sources[0].Gauges = new(fakeGauges) }, "either a reader or gauges"},
		"piece":        {func(o *Options) { o.MaxPiece = 8 * 24 * time.Hour }, "must be at most 168h"},
	} {
		o := options(new(silentReader))
		c.change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
}

func TestContinueWithOtherOptions(t *testing.T) {
	t.Parallel()
	want := undisturbed(t)
	fine, coarse := twoSources(nil)
	old := newEngine(t, options(fine, coarse))
	advance(t, old, start.Add(2*time.Hour))
	o := options(fine, coarse)
	o.MaxPiece = time.Hour
	e, err := old.Continue(o)
	if err != nil {
		t.Fatal(err)
	}
	if e.Evaluation() != old.Evaluation() || !e.Watermark().Equal(old.Watermark()) || !e.LastSuccess().Equal(old.LastSuccess()) {
		t.Error("what is shown changed with the options")
	}
	advance(t, e, end)
	want.check(t, "with other options", outcomeOf(t, e))

	o.ConfigHash = "another"
	if _, err := e.Continue(o); !errors.Is(err, ErrSnapshotOther) {
		t.Errorf("continued under another hash: %v", err)
	}
}

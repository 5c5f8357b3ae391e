package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/finding"
)

// fakeSurroundings says of every route something that depends on all of the question.
type fakeSurroundings struct {
	questions []diagnosis.Question
	broken    func() error // nil: never
	problems  []string
}

func (f *fakeSurroundings) Ask(_ context.Context, q diagnosis.Question) (map[string]diagnosis.Surroundings, []string, error) {
	f.questions = append(f.questions, q)
	if f.broken != nil {
		if err := f.broken(); err != nil {
			return nil, nil, err
		}
	}
	facts := make(map[string]diagnosis.Surroundings)
	for _, r := range q.Routes {
		through := r.Route == "ghost"
		shared := int64(len(r.ErrorMinutes))
		facts[r.Route] = diagnosis.Surroundings{
			ThroughNLB: &through,
			Upstream:   &diagnosis.Meeting{Clients: 2, Targets: 2, Meeting: 1, Upper: 0.5},
			SameNode:   &diagnosis.SameNode{Failures: shared, Shared: shared, Expected: float64(q.AtMillis-q.FromMillis) / 1e10},
			Unknown:    map[string]string{diagnosis.CheckOneNode: "nodes are told of twice"},
			Warnings:   []string{"route " + r.Route + " is strange"},
		}
	}
	return facts, f.problems, nil
}

func surrounded(w *coarsetest.World) (Options, *fakeSurroundings) {
	o, _ := diagnosed(w)
	fake := &fakeSurroundings{}
	o.Sources[0].Surroundings = fake
	return o, fake
}

func (f *fakeSurroundings) routes() (all []string) {
	for _, q := range f.questions {
		for _, r := range q.Routes {
			all = append(all, r.Route)
		}
	}
	return all
}

// What is asked depends on the watermark only: the last quarter of an hour, and the UTC day before that of
// it, but nothing before the origin. It is not asked again before the next quarter.
func TestSurroundingsAreAskedAtBoundaries(t *testing.T) {
	t.Parallel()
	o, fake := surrounded(coarsetest.NewWorld(1, 2))
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(20*time.Hour+7*time.Minute)) // 14:07 of the next day
	advance(t, e, o.Origin.Add(20*time.Hour+9*time.Minute))
	if len(fake.questions) != 1 {
		t.Fatalf("%d questions, want one", len(fake.questions))
	}
	q := fake.questions[0]
	if at, from := instant(q.AtMillis), instant(q.FromMillis); !at.Equal(o.Origin.Add(20*time.Hour)) || !from.Equal(o.Origin) {
		t.Errorf("asked about %s to %s, want the origin to 14:00", from, at)
	}
	if got := fake.routes(); !slices.Contains(got, "ghost") || slices.Contains(got, "busy") || slices.Contains(got, "*") {
		t.Errorf("asked about %q, want routes with errors only", got)
	}
	advance(t, e, o.Origin.Add(45*time.Hour+16*time.Minute)) // 15:16 of the day after
	q = fake.questions[len(fake.questions)-1]
	if at, from := instant(q.AtMillis), instant(q.FromMillis); !at.Equal(o.Origin.Add(45*time.Hour+15*time.Minute)) || !from.Equal(o.Origin.Add(6*time.Hour)) {
		t.Errorf("asked about %s to %s, want the midnight before the last one to 15:15", from, at)
	}
}

// The minutes with errors are those of the errors in the window: the scrapes are 15 s apart, so that an
// error is known to lie in one minute, or in one of two neighbours.
func TestErrorMinutes(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(1, 2)
	o, fake := surrounded(w)
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(44*time.Hour))
	q := fake.questions[0]
	for _, r := range q.Routes {
		if r.Route != "fast" {
			continue
		}
		expected := make(map[int64]bool)
		for _, f := range w.Failures["fast"] {
			if minute := f.AtMillis / minuteMillis; f.AtMillis > q.FromMillis && f.AtMillis < q.AtMillis-20_000 {
				expected[minute] = true
				beforeQuarter := surroundingsStep.Milliseconds()-f.AtMillis%surroundingsStep.Milliseconds() <= 15_000 // it may be seen after it
				if !beforeQuarter && !slices.Contains(r.ErrorMinutes, minute) {
					t.Errorf("minute %s has an error and is missing", instant(minute*minuteMillis))
				}
			}
		}
		if !slices.IsSorted(r.ErrorMinutes) || len(r.ErrorMinutes) > 2*len(expected) || len(expected) < 100 {
			t.Errorf("%d minutes, sorted or not, for errors in %d", len(r.ErrorMinutes), len(expected))
		}
	}
}

// Cuts of time, restarts and questions that failed for a while make no difference in the end.
func TestSurroundingsAndCuts(t *testing.T) {
	t.Parallel()
	end := 30*time.Hour + 4*time.Minute
	run := func(change func(*Options, *fakeSurroundings), steps ...time.Duration) outcome {
		o, fake := surrounded(coarsetest.NewWorld(5, 2))
		change(&o, fake)
		return restarted(t, o, steps, end, time.Second)
	}
	want := run(func(*Options, *fakeSurroundings) {})
	for _, part := range []string{`"same-node"`, `"ghost-placement"`, "nodes are told of twice", "route ghost is strange"} {
		if !strings.Contains(want.document, part) {
			t.Fatalf("the document has no %s: the comparison would be empty", part)
		}
	}
	random := rand.New(rand.NewPCG(1, 4))
	steps := cutsUpTo(end, time.Hour, random)
	want.check(t, "cuts", run(func(o *Options, _ *fakeSurroundings) { o.MaxPiece = 47 * time.Minute }, steps...))
	want.check(t, "failures", run(func(_ *Options, f *fakeSurroundings) {
		f.broken = func() error {
			if len(f.questions)%3 == 1 && len(f.questions) < 12 {
				return reasoned("timeout")
			}
			return nil
		}
	}, steps...))
}

// A question that fails leaves its checks untold and is told in a warning, what else was answered is used, and
// it is not asked again at once.
func TestSurroundingsFail(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]*fakeSurroundings{
		"error":   {broken: func() error { return errors.New("they are shy") }},
		"problem": {problems: []string{"they are shy"}},
	} {
		o, _ := diagnosed(coarsetest.NewWorld(1, 1))
		o.Sources[0].Surroundings = fake
		e := newEngine(t, o)
		advance(t, e, o.Origin.Add(20*time.Hour+time.Minute))
		advance(t, e, o.Origin.Add(20*time.Hour+2*time.Minute))
		v := e.Evaluation()
		if len(fake.questions) != 1 || !strings.Contains(strings.Join(v.Warnings, "\n"), "they are shy") {
			t.Errorf("%s: %d questions, warnings %q", name, len(fake.questions), v.Warnings)
		}
		told := slices.ContainsFunc(findingOf(t, e, "ghost").Checks, func(c finding.Check) bool { return c.Name == diagnosis.CheckThroughNLB })
		if told != (name == "problem") {
			t.Errorf("%s: what was answered is told: %v", name, told)
		}
		advance(t, e, o.Origin.Add(20*time.Hour+6*time.Minute))
		if len(fake.questions) != 2 {
			t.Errorf("%s: %d questions after the pause, want another", name, len(fake.questions))
		}
	}
}

// A question that hangs is given up.
func TestSurroundingsHang(t *testing.T) {
	t.Parallel()
	o, _ := diagnosed(coarsetest.NewWorld(1, 1))
	o.Sources[0].Surroundings = hanging{}
	o.SurroundingsTimeout = time.Millisecond
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(20*time.Hour))
	if w := e.Evaluation().Warnings; len(w) != 1 || !strings.Contains(w[0], "within 1ms") {
		t.Errorf("warnings %q", w)
	}
}

type hanging struct{}

func (hanging) Ask(ctx context.Context, _ diagnosis.Question) (map[string]diagnosis.Surroundings, []string, error) {
	<-ctx.Done()
	return nil, nil, ctx.Err()
}

// Growth over a gap may be anywhere in it since the last quarter of an hour, and nowhere before: what was before had
// to be known then.
func TestErrorMinutesOfGaps(t *testing.T) {
	t.Parallel()
	var m errorMinutes
	u := &observe.Unit{Route: "a"}
	m.add(&observe.Piece{FromMillis: 2 * dayMillis, ToMillis: 2*dayMillis + 10*minuteMillis, Events: []observe.Event{
		{LeftMillis: 2*dayMillis - 3*minuteMillis - 1, AtMillis: 2*dayMillis - minuteMillis, Unit: u, Increment: 1},
		{LeftMillis: 2*dayMillis - minuteMillis - 1, AtMillis: 2*dayMillis + minuteMillis, Unit: u, Increment: 1},
		{LeftMillis: 2*dayMillis + 5*minuteMillis, AtMillis: 2*dayMillis + 6*minuteMillis, Unit: u, Kind: observe.Break},
	}})
	// (1 ms before 23:57, 23:59] touches 23:56, 23:57 and 23:58, what is seen at 00:01 only 00:00; a break is no error.
	want := []int64{2*minutesPerDay - 4, 2*minutesPerDay - 3, 2*minutesPerDay - 2, 2 * minutesPerDay}
	if got := m.of("a", 0, 3*dayMillis); !slices.Equal(got, want) {
		t.Errorf("minutes %d, want %d", got, want)
	}
	if got := m.of("a", 2*dayMillis, 3*dayMillis); !slices.Equal(got, want[3:]) {
		t.Errorf("minutes from midnight %d, want %d", got, want[3:])
	}
}

// The minutes before a boundary are the same when they are asked for at once and later.
func TestErrorMinutesOfLateQuestion(t *testing.T) {
	t.Parallel()
	ask := func(steps ...time.Duration) []diagnosis.RouteQuestion {
		o, fake := surrounded(coarsetest.NewWorld(1, 2))
		e := newEngine(t, o)
		for _, step := range steps {
			advance(t, e, o.Origin.Add(35*time.Hour+45*time.Minute+step))
		}
		if len(fake.questions) != 1 {
			t.Fatalf("%d questions, want one", len(fake.questions))
		}
		return fake.questions[0].Routes
	}
	equal := func(a, b diagnosis.RouteQuestion) bool {
		return a.Route == b.Route && slices.Equal(a.ErrorMinutes, b.ErrorMinutes)
	}
	for _, late := range []time.Duration{7 * time.Second, time.Minute, 14 * time.Minute} {
		if got, want := ask(late), ask(0); !slices.EqualFunc(got, want, equal) {
			t.Errorf("%s after the boundary: %v, want %v", late, got, want)
		}
	}
}

// gatedSurroundings answer when they are let.
type gatedSurroundings struct {
	*fakeSurroundings
	gate chan struct{} // nil: at once
}

func (g *gatedSurroundings) Ask(ctx context.Context, q diagnosis.Question) (map[string]diagnosis.Surroundings, []string, error) {
	if g.gate != nil {
		select {
		case <-g.gate:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	return g.fakeSurroundings.Ask(ctx, q)
}

// While surroundings keep one waiting, all else is published up to the watermark, with what was said before.
func TestSurroundingsAreSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, fake := surrounded(coarsetest.NewWorld(1, 2))
		gated := &gatedSurroundings{fakeSurroundings: fake}
		o.Sources[0].Surroundings, o.Patience, o.SurroundingsTimeout = gated, 5*time.Second, time.Minute
		e := newEngine(t, o)
		advance(t, e, o.Origin.Add(20*time.Hour))

		gated.gate = make(chan struct{})
		at, begun := o.Origin.Add(20*time.Hour+15*time.Minute), time.Now()
		advance(t, e, at)
		v := e.Evaluation()
		if took := time.Since(begun); took != o.Patience || !v.Sources[0].Watermark.Equal(at) || len(v.FailedWindows) > 0 {
			t.Errorf("after %s: watermark %s, failed windows %v", took, v.Sources[0].Watermark, v.FailedWindows)
		}
		told := func(c finding.Check) bool { return c.Name == diagnosis.CheckThroughNLB }
		if !slices.ContainsFunc(findingOf(t, e, "ghost").Checks, told) {
			t.Error("what was said before is not shown meanwhile")
		}
		close(gated.gate)
		synctest.Wait()
		advance(t, e, at.Add(time.Minute))
		advance(t, e, at.Add(2*time.Minute))
		replay, _ := surrounded(coarsetest.NewWorld(1, 2))
		once := newEngine(t, replay)
		advance(t, once, at.Add(2*time.Minute))
		if got, want := document(t, e), document(t, once); got != want {
			t.Errorf("in the end:\n%s\nwant\n%s", got, want)
		}
	})
}

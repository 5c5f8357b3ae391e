package engine

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/finding"
)

// worldReader reads the errors of a world, or its companions.
type worldReader struct {
	world      *coarsetest.World
	timeouts   bool // connect timeouts, and not 5xx
	companions bool
	broken     func() bool // nil: never
	reads      int
}

func (r *worldReader) Read(_ context.Context, fromMillis, toMillis int64, _ bool, sink observe.Sink) (observe.ReadStats, error) {
	r.reads++
	switch {
	case r.companions:
		r.world.Feed(fromMillis, toMillis, sink)
	case r.timeouts:
		r.world.FeedCounter(coarse.ConnectTimeoutsMetric, fromMillis, toMillis, sink)
	default:
		r.world.FeedErrors(fromMillis, toMillis, sink)
	}
	if r.broken != nil && r.broken() {
		return observe.ReadStats{}, reasoned("refused")
	}
	return observe.ReadStats{Series: 3}, nil
}

// diagnosed returns an engine's options over a world.
func diagnosed(w *coarsetest.World) (o Options, companions *worldReader) {
	o = options(&worldReader{world: w})
	companions = &worldReader{world: w, companions: true}
	o.Origin = instant(coarsetest.Start)
	o.Now = func() time.Time { return o.Origin }
	o.FalseSuspicionsPerMonth = 1
	o.Sources[0].Companions = []Reader{companions}
	return o, companions
}

func findingOf(t *testing.T, e *Engine, route string) finding.Finding {
	t.Helper()
	for _, f := range e.Evaluation().Findings {
		if f.Route == route {
			return f
		}
	}
	t.Fatalf("no finding of %s", route)
	return finding.Finding{}
}

// At 15 s no lag can be seen. What waits as long as the timeout is suspected, and nothing else.
func TestCoarseScrapesAreSuspected(t *testing.T) {
	t.Parallel()
	o, _ := diagnosed(coarsetest.NewWorld(1, 1))
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(20*time.Hour))
	ghost := findingOf(t, e, "ghost")
	if ghost.Verdict != finding.Suspected || len(ghost.Reasons) != 0 || !strings.Contains(ghost.Advice, "scrape this proxy") {
		t.Errorf("ghost is %s %v %q, want suspected, with what would prove it", ghost.Verdict, ghost.Reasons, ghost.Advice)
	}
	if n := len(ghost.Transitions); n == 0 || ghost.Transitions[n-1].Verdict != "suspected" {
		t.Errorf("transitions = %v, want one to suspected", ghost.Transitions)
	}
	outcomes := make(map[string]string)
	for _, c := range ghost.Checks {
		outcomes[c.Name] = c.Outcome
	}
	for _, name := range []string{"dwell-time", "slow-bucket", "timeout-share", "connect-timeouts"} {
		if outcomes[name] != "supports" {
			t.Errorf("check %s: %q, want supports", name, outcomes[name])
		}
	}
	if len(ghost.Causes) == 0 || ghost.Causes[0].Name != "hairpin-behind-nlb" || ghost.Causes[0].FirstStep == "" {
		t.Errorf("causes = %+v, want the hairpin first", ghost.Causes)
	}
	for route, cause := range map[string]string{"refused": "refused", "fast": ""} {
		f := findingOf(t, e, route)
		if f.Verdict != finding.Undecided || f.Reasons[0] != finding.ReasonLagNotResolvable {
			t.Errorf("%s is %s %v, want undecided", route, f.Verdict, f.Reasons)
		}
		first := ""
		if len(f.Causes) > 0 {
			first = f.Causes[0].Name
		}
		if first != cause {
			t.Errorf("%s: first cause %q, want %q", route, first, cause)
		}
	}
	if pooled := findingOf(t, e, finding.PooledRoute); pooled.Verdict != finding.Undecided || pooled.Checks != nil {
		t.Errorf("the pooled stream is %s", pooled.Verdict)
	}
}

// A source of connect timeouts is diagnosed as well, and the sources share the false suspicions that are allowed.
func TestConnectTimeoutsAreSuspected(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(1, 1)
	o, _ := diagnosed(w)
	timeouts := o.Sources[0]
	timeouts.Name, timeouts.Signal, timeouts.ConnectTimeouts = "connects", "connect_timeout", true
	timeouts.Reader, timeouts.Companions = &worldReader{world: w, timeouts: true}, []Reader{&worldReader{world: w, companions: true}}
	o.Sources = append(o.Sources, timeouts)
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(20*time.Hour))
	seen := make(map[string]string)
	for _, f := range e.Evaluation().Findings {
		seen[f.Signal+" "+f.Route] = f.Verdict.String()
		if f.Signal != "connect_timeout" || f.Route != "ghost" {
			continue
		}
		if len(f.Causes) == 0 || f.Causes[0].Name != "hairpin-behind-nlb" || !slices.Contains(f.Causes[0].Supporting, "dwell-time") {
			t.Errorf("causes = %+v, want the hairpin first, for its dwell time", f.Causes)
		}
	}
	for name, want := range map[string]string{"5xx ghost": "suspected", "connect_timeout ghost": "suspected", "5xx refused": "undecided"} {
		if seen[name] != want {
			t.Errorf("%s is %q, want %q", name, seen[name], want)
		}
	}
	for _, s := range e.timing {
		if got := s.coarse.collector.FalseSuspicionsPerMonth(); got != 0.5 {
			t.Errorf("%s may suspect %v routes a month wrongly, want half of one", s.Name, got)
		}
	}
}

// The day after the last failure does not repeat the suspicion.
func TestSuspicionExpires(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(1, 1) // failures go on for one day
	o, _ := diagnosed(w)
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(56*time.Hour)) // into the second day after
	f := findingOf(t, e, "ghost")
	n := len(f.Transitions)
	if f.Verdict == finding.Suspected || n < 2 || f.Transitions[n-2].Verdict != "suspected" || f.Transitions[n-1].Verdict != "undecided" {
		t.Errorf("ghost is %s after %v, want a suspicion that has expired", f.Verdict, f.Transitions)
	}
}

// Cuts of time, restarts and failures of the companions make no difference in the end.
func TestCompanionsAndCuts(t *testing.T) {
	t.Parallel()
	end := 14 * time.Hour
	run := func(change func(*Options, *worldReader), steps ...time.Duration) outcome {
		o, companions := diagnosed(coarsetest.NewWorld(5, 1))
		change(&o, companions)
		return restarted(t, o, steps, end, time.Second)
	}
	want := run(func(*Options, *worldReader) {})
	if !strings.Contains(want.document, `"suspected"`) {
		t.Fatal("nothing is suspected: the comparison would be empty")
	}
	random := rand.New(rand.NewPCG(1, 4))
	steps := cutsUpTo(end, time.Hour, random)
	want.check(t, "cuts", run(func(o *Options, _ *worldReader) { o.MaxPiece = 47 * time.Minute }, steps...))
	want.check(t, "failures", run(func(_ *Options, r *worldReader) {
		r.broken = func() bool { return r.reads%3 == 1 && r.reads < 12 }
	}, steps...))
}

// A failure is told, and holds up nothing.
func TestCompanionsFail(t *testing.T) {
	t.Parallel()
	o, companions := diagnosed(coarsetest.NewWorld(5, 1))
	companions.broken = func() bool { return true }
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(3*time.Hour))
	v := e.Evaluation()
	if len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], "refused") || len(v.FailedWindows) != 0 {
		t.Errorf("warnings %q, failed windows %v; want one warning", v.Warnings, v.FailedWindows)
	}
	if got := e.Watermark(); !got.Equal(o.Origin.Add(3 * time.Hour)) {
		t.Errorf("watermark = %s, want that of Advance", got)
	}
}

// Fine scrapes need no companions until a finding is paired.
func TestCompanionsAreReadOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(6, 1)
	w.Interval = 2000
	o, companions := diagnosed(w)
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(2*time.Hour))
	if companions.reads != 0 {
		t.Errorf("%d reads", companions.reads)
	}
}

// Where scrapes are fine enough for proof, the companions tell why.
func TestPairedFindingsHaveCauses(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(6, 1)
	w.Interval, w.Failures = 1000, map[string][]coarsetest.Failure{}
	for k := range int64(80) { // two attempts, 5.3 s apart, at odd times
		first := coarsetest.Failure{AtMillis: coarsetest.Start + 90_000*k + 977*k%60_000 + 10_000, Pod: int(k % 3), WaitMillis: 5005, Connect: true, TimedOut: true}
		second := first
		second.AtMillis += 5300
		w.Failures["ghost"] = append(w.Failures["ghost"], first, second)
	}
	o, companions := diagnosed(w)
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(2*time.Hour))
	f := findingOf(t, e, "ghost")
	if f.Verdict != finding.Paired || companions.reads == 0 {
		t.Fatalf("ghost is %s, companions were read %d times", f.Verdict, companions.reads)
	}
	if len(f.Causes) == 0 || f.Causes[0].Name != "hairpin-behind-nlb" || !slices.Contains(f.Causes[0].Supporting, "dwell-time") || !slices.Contains(f.Causes[0].Supporting, "slow-bucket") {
		t.Errorf("causes = %+v, want the hairpin first, with how long the errors took", f.Causes)
	}
}

package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

// proxies are three pods that are scraped every second for their errors, and by another job for the latency of
// their answers.
type proxies struct {
	fleet     *simulate.Fleet
	latencies *coarsetest.Latencies
}

// answers describes what the proxies answer.
type answers struct {
	perHour      float64 // pairs of errors
	backgroundOf float64 // other errors an hour
	tookMillis   float64 // errors of pairs
	slowPerHour  float64 // other answers that took as long as a timeout
	across       bool    // the second error of a pair hits any pod
	jobs         []coarsetest.Job
}

// coarseJob is the scrape job that most installations have.
func coarseJob() []coarsetest.Job { return []coarsetest.Job{{Name: "job=all", Interval: 15_000}} }

func newProxies(seed uint64, a answers, hours int) *proxies {
	pods := simulate.Pods(seed, 3, simulate.Grid{Interval: time.Second, Jitter: 5 * time.Millisecond, Missed: 0.0002})
	p := &proxies{fleet: &simulate.Fleet{
		Seed: seed, StartMillis: start.Add(-time.Hour).UnixMilli(), Targets: pods,
		Routes: []simulate.Route{{Name: "route", Processes: []simulate.Process{
			simulate.Poisson{PerHour: a.backgroundOf},
			simulate.Pairs{PerHour: a.perHour, Lag: simulate.Span{Lo: 5100 * time.Millisecond, Hi: 5400 * time.Millisecond}, Across: a.across},
		}}},
	}}
	p.latencies = &coarsetest.Latencies{Pods: len(pods), Jobs: a.jobs, Flush: 5000}
	random := rand.New(rand.NewPCG(seed, 8))
	add := func(at int64, pod int, took float64) {
		p.latencies.Answers = append(p.latencies.Answers, coarsetest.Answer{AtMillis: at, Pod: pod, TookMillis: took})
	}
	from, to := start.Add(-time.Hour).UnixMilli(), start.Add(time.Duration(hours)*time.Hour).UnixMilli()
	for _, e := range p.fleet.Record(from, to).Events(0) {
		took := 3.0
		if e.OriginMillis != 0 {
			took = a.tookMillis
		}
		add(e.AtMillis, e.Target, took)
	}
	for range 60 * hours {
		add(from+random.Int64N(to-from), random.IntN(len(pods)), 20)
	}
	for range int(a.slowPerHour * float64(hours)) {
		add(from+random.Int64N(to-from), random.IntN(len(pods)), 6000)
	}
	return p
}

// latencyReader reads the histograms.
type latencyReader struct {
	latencies *coarsetest.Latencies
	broken    func() error // nil: never
	reads     []finding.Window
}

func (r *latencyReader) Read(_ context.Context, fromMillis, toMillis int64, _ bool, sink observe.Sink) (observe.ReadStats, error) {
	r.reads = append(r.reads, finding.Window{Start: instant(fromMillis), End: instant(toMillis)})
	r.latencies.Feed(fromMillis, toMillis, sink)
	if r.broken != nil {
		return observe.ReadStats{}, r.broken()
	}
	return observe.ReadStats{}, nil
}

func (p *proxies) options() (o Options, latency *latencyReader) {
	o = options(&fakeReader{fleet: p.fleet})
	latency = &latencyReader{latencies: p.latencies}
	o.Sources[0].Latency = latency
	return o, latency
}

func isFast(f finding.Finding) bool { return slices.Contains(f.Labels, finding.LabelFast) }

// Errors that are there at once and come again after 5 s are paired, and no timeout. The histogram that tells is
// scraped every 15 s while the errors are every second.
func TestInstantErrorsAreFast(t *testing.T) {
	t.Parallel()
	const hours = 20
	for _, c := range []struct {
		name string
		answers
		want bool
	}{
		{"instant", answers{perHour: 6, tookMillis: 3, jobs: coarseJob()}, true},
		{"instant, in a steady background", answers{perHour: 12, backgroundOf: 20, tookMillis: 3, jobs: coarseJob()}, true},
		{"instant, across pods", answers{perHour: 12, across: true, tookMillis: 3, jobs: coarseJob()}, true},
		{"instant, now and then a slow answer", answers{perHour: 6, tookMillis: 3, slowPerHour: 1, jobs: coarseJob()}, true},
		{"instant, the histogram is in the fine job", answers{perHour: 6, tookMillis: 3, jobs: []coarsetest.Job{{Name: "f", Interval: 1000}}}, true},
		{"instant, in two jobs", answers{perHour: 6, tookMillis: 3, jobs: []coarsetest.Job{{Name: "f", Interval: 1000}, {Name: "job=all", Interval: 60_000}}}, true},
		{"instant, no histogram", answers{perHour: 6, tookMillis: 3}, false},
		{"instant, slow answers all the time", answers{perHour: 6, tookMillis: 3, slowPerHour: 500, jobs: coarseJob()}, false},
		{"timeouts", answers{perHour: 6, tookMillis: 5005, jobs: coarseJob()}, false},
		{"timeouts in a steady background", answers{perHour: 12, backgroundOf: 20, tookMillis: 5005, jobs: coarseJob()}, false},
	} {
		p := newProxies(3, c.answers, hours)
		o, _ := p.options()
		e := newEngine(t, o)
		advance(t, e, o.Origin.Add(hours*time.Hour))
		for _, route := range []string{"route", finding.PooledRoute} {
			f := findingOf(t, e, route)
			if f.Verdict != finding.Paired || isFast(f) != c.want {
				t.Errorf("%s: %s is %s %v, want paired, fast %v", c.name, route, f.Verdict, f.Labels, c.want)
			}
		}
	}
}

// The label is there when the verdict is published for the first time, or a few scrapes later at most, and stays.
func TestFastBeforeThePage(t *testing.T) {
	t.Parallel()
	const hours = 10
	late := 0
	for seed := range uint64(5) {
		o, _ := newProxies(seed, answers{perHour: 6, backgroundOf: 1, tookMillis: 3, jobs: coarseJob()}, hours).options()
		e := newEngine(t, o)
		advance(t, e, o.Origin.Add(3*time.Hour)) // no alarm is due before that
		var alarm time.Time
		for at := o.Origin.Add(3 * time.Hour); at.Before(o.Origin.Add(hours * time.Hour)); at = at.Add(15 * time.Second) {
			advance(t, e, at)
			f := findingOf(t, e, "route")
			if f.Verdict != finding.Paired {
				continue
			}
			if alarm.IsZero() {
				alarm = at
			}
			if !isFast(f) {
				late++
				if at.Sub(alarm) > time.Minute {
					t.Fatalf("seed %d: paired since %s, %v at %s", seed, alarm, f.Labels, at)
				}
			}
			if at.Sub(alarm) > 20*time.Minute {
				break
			}
		}
		if alarm.IsZero() {
			t.Errorf("seed %d: no alarm", seed)
		}
	}
	if late > 4 {
		t.Errorf("it paged for %d ticks of 15 s in 5 runs, want hardly any", late)
	}
}

// As long as the errors go on, and however many there are, the label stays: after a week of them only a sample of the
// pairs is remembered.
func TestFastLasts(t *testing.T) {
	t.Parallel()
	const days = 9
	for _, took := range []float64{3, 5005} {
		a := answers{perHour: 40, backgroundOf: 20, tookMillis: took, slowPerHour: 3, jobs: coarseJob()}
		o, reader := newProxies(7, a, days*24).options()
		e := newEngine(t, o)
		for at := 12 * time.Hour; at <= days*24*time.Hour; at += 12 * time.Hour {
			advance(t, e, o.Origin.Add(at))
			f := findingOf(t, e, "route")
			if f.Verdict != finding.Paired || isFast(f) != (took < 5000) {
				t.Errorf("errors after %v ms: after %s it is %s %v", took, at, f.Verdict, f.Labels)
			}
		}
		if n := len(matesOf(t, e)); n < 100 || n > 1100 {
			t.Errorf("%d pairs of a week are remembered", n)
		}
		if last := reader.reads[len(reader.reads)-1]; last.End.Sub(last.Start) > latencyPiece {
			t.Errorf("read %s to %s at once", last.Start, last.End)
		}
	}
}

// matesOf are the remembered pairs of the route.
func matesOf(t *testing.T, e *Engine) []detector.Later {
	t.Helper()
	m, ok := e.timing[0].detector.Mates(finding.Key{Route: "route", Fingerprint: "syn-timeout-5s"})
	if !ok {
		t.Error("no pairs")
	}
	return m.Sample
}

// True timeouts are never fast: not one of a hundred, at several rates, in silence and noise, however late
// histograms are and whatever else is slow.
func TestTimeoutsAreNeverFast(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a hundred runs")
	}
	const hours = 12
	paired := 0
	for seed := range uint64(100) {
		a := answers{
			perHour: []float64{4, 8, 30}[seed%3], backgroundOf: []float64{0, 1, 20, 60}[seed%4],
			tookMillis: []float64{5005, 5090, 5001}[seed%3], slowPerHour: float64(seed % 2), across: seed%7 == 0, jobs: coarseJob(),
		}
		if seed%5 == 0 {
			a.jobs = append(a.jobs, coarsetest.Job{Name: "f", Interval: 1000})
		}
		o, _ := newProxies(seed, a, hours).options()
		e := newEngine(t, o)
		for at := 4 * time.Hour; at <= hours*time.Hour; at += 53 * time.Minute {
			advance(t, e, o.Origin.Add(at))
			for _, f := range e.Evaluation().Findings {
				if f.Verdict == finding.Paired && f.Route == "route" {
					paired++
				}
				if isFast(f) {
					t.Errorf("seed %d, %+v: %s is fast", seed, a, f.Route)
				}
			}
		}
	}
	if paired < 300 {
		t.Errorf("paired at %d instants of 1000: too few for a test", paired)
	}
}

// Cuts of time, restarts and failures make no difference in the end.
func TestFastAndCuts(t *testing.T) {
	t.Parallel()
	const hours = 14
	a := answers{perHour: 10, backgroundOf: 5, tookMillis: 3, slowPerHour: 1, jobs: coarseJob()}
	end := hours*time.Hour - 1234*time.Millisecond
	run := func(change func(*Options, *latencyReader), steps ...time.Duration) outcome {
		o, reader := newProxies(4, a, hours).options()
		change(&o, reader)
		return restarted(t, o, steps, end, time.Millisecond)
	}
	want := run(func(*Options, *latencyReader) {})
	if !strings.Contains(want.document, `"fast"`) {
		t.Fatal("nothing is fast: the comparison would be empty")
	}
	random := rand.New(rand.NewPCG(1, 4))
	steps := cutsUpTo(end, 20*time.Minute, random)
	want.check(t, "cuts", run(func(o *Options, r *latencyReader) {
		o.MaxPiece = 47 * time.Minute
		r.latencies.Reorder = random
	}, steps...))
	want.check(t, "failures", run(func(o *Options, r *latencyReader) {
		o.Persistence.Attempts = 3
		o.Persistence.Pause = 1
		r.broken = func() error {
			if n := len(r.reads); n%5 == 1 && n < 60 {
				return reasoned("timeout")
			}
			return nil
		}
	}, steps...))
}

// A failure is told and withholds the label, and holds up nothing.
func TestLatencyFails(t *testing.T) {
	t.Parallel()
	const hours = 8
	o, reader := newProxies(4, answers{perHour: 10, tookMillis: 3, jobs: coarseJob()}, hours).options()
	reader.broken = func() error { return reasoned("refused") }
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(hours*time.Hour))
	v := e.Evaluation()
	if f := findingOf(t, e, "route"); f.Verdict != finding.Paired || isFast(f) {
		t.Errorf("it is %s %v, want paired without the label", f.Verdict, f.Labels)
	}
	if len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], "refused") || len(v.FailedWindows) != 0 {
		t.Errorf("warnings %q, failed windows %v; want one warning", v.Warnings, v.FailedWindows)
	}
	reader.broken = nil
	advance(t, e, o.Origin.Add(hours*time.Hour+time.Second))
	if f := findingOf(t, e, "route"); !isFast(f) || len(e.Evaluation().Warnings) != 0 {
		t.Errorf("when it can be read again it is %v, warnings %q", f.Labels, e.Evaluation().Warnings)
	}
}

// Histograms are read only while something is paired, from the hour of the oldest pair on, each stretch once.
func TestLatencyIsReadOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	const hours = 8
	o, reader := newProxies(4, answers{backgroundOf: 10, perHour: 0, jobs: coarseJob()}, hours).options()
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(hours*time.Hour))
	if len(reader.reads) != 0 {
		t.Errorf("%d reads though nothing is paired", len(reader.reads))
	}
	o, reader = newProxies(4, answers{perHour: 10, tookMillis: 3, jobs: coarseJob()}, hours).options()
	e = newEngine(t, o)
	for at := o.Origin.Add(6 * time.Hour); !at.After(o.Origin.Add(hours * time.Hour)); at = at.Add(20 * time.Second) {
		advance(t, e, at)
	}
	for i, r := range reader.reads[1:] {
		if before := reader.reads[i]; !r.Start.Equal(before.End) || r.End.UnixMilli()%latencyStep.Milliseconds() != 0 {
			t.Errorf("read %s to %s after %s", r.Start, r.End, before.End)
		}
	}
	if first := reader.reads[0].Start; !first.Equal(o.Origin) {
		t.Errorf("read from %s on, want the origin, an hour after which pairs begin", first)
	}
}

// A state of an engine that reads histograms is none for one that does not.
func TestLatencyStateFits(t *testing.T) {
	t.Parallel()
	const hours = 6
	o, _ := newProxies(4, answers{perHour: 20, tookMillis: 3, jobs: coarseJob()}, hours).options()
	e := newEngine(t, o)
	advance(t, e, o.Origin.Add(hours*time.Hour))
	state, err := e.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	o.Sources[0].Latency = nil
	if err := newEngine(t, o).UnmarshalBinary(state); !errors.Is(err, ErrSnapshotOther) {
		t.Errorf("error = %v, want that it does not fit", err)
	}
}

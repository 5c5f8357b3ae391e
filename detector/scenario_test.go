package detector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// feedGrid feeds events up to a time in one piece.
func feedGrid(t testing.TB, d *Detector, g *gridCoverage, events []observe.Event, from, to int64) {
	t.Helper()
	if err := d.Feed(observe.Piece{FromMillis: from, ToMillis: to, Events: events}, g.units); err != nil {
		t.Fatal(err)
	}
}

func cellAt(u *observe.Unit, at int64) observe.Event {
	return observe.Event{LeftMillis: at - u.DeltaMillis, AtMillis: at, Unit: u, Kind: observe.Cell, Increment: 1}
}

// TestThreshold: A is 720·N/X, at least 1e4; a stream counts from its first cell on, and for 30 days.
func TestThreshold(t *testing.T) {
	t.Parallel()
	g := newGrid(1000, 1, rand.New(rand.NewPCG(1, 1)))
	for r := range int32(20) {
		g.onRoute(r, 0, 1)
	}
	d := New(Options{Fingerprints: []score.Fingerprint{syn, gateway}, Tables: referenceTables(t), FalseAlarmsPerMonth: 2}, g)
	feedGrid(t, d, g, nil, origin, origin+hourMillis)
	if d.Streams() != 2 || d.ThresholdLog10() != 4 {
		t.Fatalf("without errors N is %d and log10 A %g, want the two pooled streams and 4", d.Streams(), d.ThresholdLog10())
	}
	var events []observe.Event
	for r, u := range g.units {
		events = append(events, cellAt(u, origin+hourMillis+int64(r+1)*1000))
	}
	feedGrid(t, d, g, events, origin+hourMillis, origin+hourMillis+30_000)
	if want := math.Log10(720 * 42 / 2); d.Streams() != 42 || math.Abs(d.ThresholdLog10()-want) > 1e-12 {
		t.Errorf("after an error of each of 20 routes N is %d and log10 A %g, want 42 and %g at once", d.Streams(), d.ThresholdLog10(), want)
	}
	late := int64(origin + 20*dayMillis)
	feedGrid(t, d, g, []observe.Event{cellAt(g.units[3], late)}, origin+hourMillis+30_000, origin+31*dayMillis+hourMillis)
	if d.Streams() != 4 {
		t.Errorf("30 days after the other errors N is %d, want 4", d.Streams())
	}
}

// TestFirstHour: before the first UTC hour the reasons are provisional, and routes without any error
// are listed.
func TestFirstHour(t *testing.T) {
	t.Parallel()
	g := newGrid(1000, 1, rand.New(rand.NewPCG(1, 1)))
	g.onRoute(0, 0, 1)
	g.onRoute(1, 0, 1)
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
	at := int64(origin + 600_000)
	feedGrid(t, d, g, []observe.Event{cellAt(g.units[0], origin+5000)}, origin, at)
	fs := d.Findings(origin + 600_000)
	if len(fs) != 3 || fs[0].Route != "route000" || fs[1].Route != "route001" || fs[2].Route != finding.PooledRoute {
		t.Fatalf("findings are %+v", fs)
	}
	for _, f := range fs {
		if f.Verdict != finding.Undecided || !slices.Equal(f.Reasons, []string{finding.ReasonTooFewErrors}) || f.Advice == "" {
			t.Errorf("%s is %s %v %q", f.Route, f.Verdict, f.Reasons, f.Advice)
		}
	}
	if fs[0].Errors != 1 || fs[1].Errors != 0 || fs[2].Errors != 1 || fs[0].ExposureSeconds != 600 {
		t.Errorf("errors are %d, %d, %d, exposure %g s", fs[0].Errors, fs[1].Errors, fs[2].Errors, fs[0].ExposureSeconds)
	}
}

// TestNoCounters: a signal without any counter is no reason to look for a fault in the scrapes.
func TestNoCounters(t *testing.T) {
	t.Parallel()
	g := newGrid(1000, 1, rand.New(rand.NewPCG(1, 1)))
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
	feedGrid(t, d, g, nil, origin, origin+2*hourMillis)
	f := d.Findings(origin + 2*hourMillis)[0]
	if !slices.Equal(f.Reasons, []string{finding.ReasonNoData}) || !strings.Contains(f.Advice, "appears with its first error") {
		t.Errorf("without a counter the pooled stream is undecided (%v): %s", f.Reasons, f.Advice)
	}
}

// TestJustScraped: a target that was scraped for five minutes, after hours without any, is no reason to
// look for a fault in the scrape job, though the pooled stream had no data at the last full hour.
func TestJustScraped(t *testing.T) {
	t.Parallel()
	w := new(world)
	at := int64(origin + 2*hourMillis + 600_000)
	w.unit("route000", 0, "target", w.target(1000, grid(at-300_000, at, 1000)))
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, w)
	w.feed(t, d, origin, at)
	fs := d.Findings(at)
	pool := fs[len(fs)-1]
	if !slices.Equal(pool.Reasons, []string{finding.ReasonNoData}) || !strings.Contains(pool.Advice, "scraped for 5 minutes so far") {
		t.Errorf("the pooled stream is undecided (%v): %s", pool.Reasons, pool.Advice)
	}
}

// TestIgnored: an ignored stream runs no trials, for itself or the pooled one, and raises no threshold.
func TestIgnored(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	g := newGrid(1000, 1, rng)
	g.onRoute(0, 0, 1)
	until := int64(origin + 5*hourMillis)
	d := New(Options{
		Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1,
		Ignore: func(_, _ string, at int64) bool { return at < until },
	}, g)
	events := g.cellsOf(withPairs(nil, 30)(rng, 10, 1), g.units)
	cut := slices.IndexFunc(events, func(e observe.Event) bool { return e.AtMillis > until })
	feedGrid(t, d, g, events[:cut], origin, until-1)
	f := d.Findings(until - 1)[0]
	if d.Streams() != 1 || d.pools[0].wealth != nil || f.EvidenceLog10 != nil || !strings.Contains(f.Advice, "ignored") {
		t.Errorf("while ignored: N is %d, finding %+v", d.Streams(), f)
	}
	feedGrid(t, d, g, events[cut:], until-1, origin+10*hourMillis)
	if f := d.Findings(origin + 10*hourMillis)[0]; f.Verdict != finding.Paired || d.Streams() != 2 {
		t.Errorf("afterwards it is %s, N %d, want paired, 2", f.Verdict, d.Streams())
	}
}

// TestLabels: what else has this lag. The processes are those that the labels are made for.
func TestLabels(t *testing.T) {
	t.Parallel()
	probe := func(rng *rand.Rand, hours float64, _ int) []stamp {
		var all []stamp
		for _, start := range scatter(rng, 0.5, hours, 1) {
			for i := range 60 {
				if rng.IntN(2) == 0 {
					all = append(all, stamp{start.at + float64(i)*5*second, 0})
				}
			}
		}
		return all
	}
	copied := func(rng *rand.Rand, hours float64, _ int) []stamp {
		all := scatter(rng, 60, hours, 1)
		for i := range all {
			all[i].at = math.Ceil(all[i].at/(5*second)) * 5 * second
		}
		return all
	}
	for _, c := range []struct {
		name string
		make process
		want []string
	}{
		{"true pairs", withPairs(poisson(10), 5), []string{}},
		{"a probe every 5 s", probe, []string{finding.LabelTrain}},
		{"a counter that is copied every 5 s", copied, []string{finding.LabelStepped}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(8, 8))
			g := newGrid(1000, 1, rng)
			g.onRoute(0, 0, 1)
			d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
			end := int64(origin + 48*hourMillis)
			events := g.cellsOf(c.make(rng, 47.9, 1), g.units)
			feedGrid(t, d, g, events, origin, end)
			f := d.Findings(end)[0]
			if f.Verdict != finding.Paired {
				t.Fatalf("verdict is %s %v", f.Verdict, f.Reasons)
			}
			got := slices.DeleteFunc(slices.Clone(f.Labels), func(l string) bool {
				return !slices.Contains(c.want, l) && len(c.want) > 0
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("labels are %v, want %v", f.Labels, c.want)
			}
			if (f.Advice == "") != (len(c.want) == 0) {
				t.Errorf("advice is %q", f.Advice)
			}
		})
	}
}

// TestWidespread: pairs that are spread over many routes, each too quiet for a verdict of its own, show
// in the pooled stream, which names the routes.
func TestWidespread(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	g := newGrid(1000, 1, rng)
	var events []observe.Event
	for r := range int32(40) {
		g.onRoute(r, 0, 1)
		events = append(events, g.cellsOf(withPairs(poisson(2), 0.2)(rng, 12, 1), g.units[r:r+1])...)
	}
	w := world{events: events}
	w.sort()
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
	end := int64(origin + 13*hourMillis)
	feedGrid(t, d, g, w.events, origin, end)
	fs := d.Findings(end)
	pool := fs[len(fs)-1]
	if pool.Route != finding.PooledRoute || pool.Verdict != finding.Paired || !slices.Contains(pool.Labels, finding.LabelWidespread) {
		t.Errorf("the pooled stream is %s %v %v", pool.Verdict, pool.Reasons, pool.Labels)
	}
	if len(pool.Members) < 10 || pool.Members[0].Trials < pool.Members[9].Trials {
		t.Errorf("members are %v", pool.Members)
	}
	if pool.LagSeconds == nil || math.Abs(pool.LagSeconds.Estimate-5.75) > 0.6 {
		t.Errorf("lag is %v", pool.LagSeconds)
	}
}

// TestHoldAndResolve: a fault of three hours is paired until 24 covered hours after its last
// confirmation; hours in which nothing is scraped do not count.
func TestHoldAndResolve(t *testing.T) {
	t.Parallel()
	for _, gap := range []int64{0, 7} {
		t.Run(fmt.Sprint(gap), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(3, 3))
			w := &world{}
			end := int64(origin + 48*hourMillis)
			times := slices.DeleteFunc(grid(origin+500, end, 1000), func(at int64) bool {
				return at > origin+10*hourMillis && at <= origin+(10+gap)*hourMillis
			})
			u := w.unit("checkout", 0, "pod", w.target(1000, times))
			last := int64(0)
			for _, s := range withPairs(nil, 20)(rng, 3, 1) {
				at := times[w.targets[0].latest(origin+int64(s.at))+1]
				if at != last {
					w.add(u, at, observe.Cell, 1)
				}
				last = at
			}
			w.sort()
			d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, w)
			proven := int64(0)
			d.onTrial = func(tr *trial, _ *outcome, own, _ happening) {
				if own != nothing {
					proven = tr.closeMillis
				}
			}
			w.feed(t, d, origin, end)
			f := d.Findings(end)[0]
			if len(f.Transitions) != 2 || f.Transitions[0].Verdict != "paired" || f.Transitions[1].Verdict != "undecided" {
				t.Fatalf("transitions are %v", f.Transitions)
			}
			// The hour of the last confirmation counts as hour 0 of the hold.
			want := time.UnixMilli((proven/hourMillis + 1 + holdHours + gap) * hourMillis).UTC()
			if got := f.Transitions[1].At; got != want {
				t.Errorf("resolved at %s, want %s", got, want)
			}
			if f.FirstPair == nil || f.FirstPair.After(*f.FirstAlarm) || len(f.PairsByDay) != 1 || f.PairsByDay[0].Pairs < 30 {
				t.Errorf("first pair %v, alarm %v, pairs %v", f.FirstPair, f.FirstAlarm, f.PairsByDay)
			}
			if f.LagSeconds == nil || f.PairRatio == nil || f.PairRatio.Estimate < 0.8 {
				t.Errorf("lag %v, ratio %v", f.LagSeconds, f.PairRatio)
			}
		})
	}
}

// TestGoneAndBack: a paired route leaves after 24 hours without a sample, as long as the source itself
// is read, and goes on with its history when it comes back.
func TestGoneAndBack(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	w := &world{}
	end := int64(origin + 60*hourMillis)
	fine := w.target(1000, grid(origin+1, end, 1000))
	lost := w.target(1000, slices.DeleteFunc(grid(origin+500, end, 1000), func(at int64) bool {
		return at > origin+6*hourMillis && at < origin+50*hourMillis
	}))
	w.unit("steady", 0, "a", fine)
	u := w.unit("lost", 1, "b", lost)
	seen := map[int64]bool{}
	for _, s := range withPairs(nil, 20)(rng, 5, 1) {
		if at := w.targets[lost].times[w.targets[lost].latest(origin+int64(s.at))+1]; !seen[at] {
			seen[at] = true
			w.add(u, at, observe.Cell, 1)
		}
	}
	w.sort()
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, w)
	at := func(hours int64) int64 { return origin + hours*hourMillis }
	w.feed(t, d, origin, at(29))
	if f := d.Findings(at(29))[0]; f.Route != "lost" || f.Verdict != finding.Paired {
		t.Fatalf("finding after 23 silent hours is %s %s", f.Route, f.Verdict)
	}
	w.feed(t, d, at(29), at(31))
	f := d.Findings(at(31))[0]
	if f.Route != "lost" || f.Verdict != finding.Undecided || f.Transitions[len(f.Transitions)-1].Verdict != "gone" {
		t.Fatalf("after 24 silent hours: %+v", f)
	}
	if rs := d.Routes(at(31)); len(rs) != 1 || rs[0].Route != "steady" {
		t.Errorf("routes are %+v", rs)
	}
	w.feed(t, d, at(31), at(52))
	back := d.Findings(at(52))
	if len(back) != 3 || back[0].FirstAlarm == nil || !back[0].FirstAlarm.Equal(*f.FirstAlarm) || len(d.departed) != 0 {
		t.Errorf("after its return: %+v", back)
	}
}

// TestDenseTrials compares the scan of trials, which stops when a trial is void, with counting all
// cells, at rates where almost every trial is crowded.
func TestDenseTrials(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	g := newGrid(1000, 6, rng)
	g.onRoute(0, 0, 6)
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
	events := g.cellsOf(slices.Concat(poisson(2000)(rng, 1, 6), poisson(300)(rng, 3, 6)), g.units)
	void := 0
	d.onTrial = func(tr *trial, o *outcome, _, _ happening) {
		own, hits := 0, 0
		table := d.clocks[0].lanes[0].table
		for _, e := range events {
			if _, ok := table.Slot(e.AtMillis - tr.startMillis); e.AtMillis > tr.startMillis && ok {
				hits++
				if e.Unit.ID == tr.unit.id {
					own++
				}
			}
		}
		if hits > maxHits {
			void++
		}
		if min(own, maxHits+1) != o.own || min(hits, maxHits+1) != o.hits {
			t.Errorf("trial at %d has %d and %d hits, want %d and %d", tr.startMillis, o.own, o.hits, own, hits)
		}
	}
	feedGrid(t, d, g, events, origin, origin+4*hourMillis)
	if void < 1000 {
		t.Errorf("only %d trials were crowded", void)
	}
}

// TestPieceMustFollow: a piece that does not start at the end of the one before is refused.
func TestPieceMustFollow(t *testing.T) {
	t.Parallel()
	g := newGrid(1000, 1, rand.New(rand.NewPCG(1, 1)))
	d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
	feedGrid(t, d, g, nil, origin, origin+1000)
	if err := d.Feed(observe.Piece{FromMillis: origin + 2000, ToMillis: origin + 3000}, nil); err == nil {
		t.Error("a hole between two pieces was not refused")
	}
}

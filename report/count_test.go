package report

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/slo"
)

var epoch = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

func at(minutes float64) int64 {
	return epoch.Add(time.Duration(minutes * float64(time.Minute))).UnixMilli()
}

func run(minutes, value float64) observe.Run {
	return observe.Run{FirstMillis: at(minutes), Count: 1, Value: value}
}

// The rules of counting, one by one, on one counter that is read in two pieces.
func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		scraped float64 // minute of the first scrape of the target
		runs    []observe.Run
		want    []float64 // by slot
	}{
		{"what was there at the start is a baseline", 1, []observe.Run{run(1, 500), run(2, 510)}, []float64{10, 0}},
		{"a counter that appears counts from 0", 1, []observe.Run{run(5, 3), run(6, 4)}, []float64{4, 0}},
		{"unless it counted elsewhere", 1, []observe.Run{run(5, 300), run(6, 304)}, []float64{4, 0}},
		{"a counter that falls was reset", 1, []observe.Run{run(1, 50), run(2, 60), run(3, 7)}, []float64{17, 0}},
		{"growth counts where its interval ends", 1, []observe.Run{run(1, 50), run(14, 50), run(16, 60)}, []float64{0, 10}},
		{"growth over a gap counts at its end", 1, []observe.Run{run(1, 50), run(20, 90)}, []float64{0, 40}},
		{"the end of a slot belongs to it", 1, []observe.Run{run(1, 50), run(15, 60)}, []float64{10, 0}},
		{"equal samples add nothing", 1, []observe.Run{{FirstMillis: at(1), StepMillis: 60_000, Count: 20, Value: 5}, run(22, 6)}, []float64{0, 1}},
		{"NaN is no sample", 1, []observe.Run{run(1, 5), {FirstMillis: at(2), Count: 1, Value: nan()}, run(3, 6)}, []float64{1, 0}},
	} {
		axis := NewAxis(epoch, epoch.Add(30*time.Minute))
		r := NewRequests(axis, NewCoverage(axis))
		id := &observe.SeriesID{Route: "a", Target: "pod"}
		for _, piece := range [][2]int64{{at(0), at(10)}, {at(10), at(30)}} {
			r.Begin(piece[0], piece[1])
			r.Series(id, []observe.Run{run(99, 1e6)}) // a read that fails is read again
			r.Begin(piece[0], piece[1])
			r.Scrapes(observe.TargetView{Target: "pod"}, []observe.Run{run(test.scraped, 1)})
			for _, one := range test.runs {
				if one.LastMillis() > piece[0] && one.FirstMillis <= piece[1] {
					r.Series(id, []observe.Run{one})
				}
			}
			r.End()
		}
		if got := r.routes["a"]; !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func nan() float64 { return 0 / zero }

var zero float64

// Two jobs that see one counter are no two counters, and a hole in one is filled by the other.
func TestViewsAreCountedOnce(t *testing.T) {
	t.Parallel()
	axis := NewAxis(epoch, epoch.Add(45*time.Minute))
	r := NewRequests(axis, NewCoverage(axis))
	r.Begin(at(0), at(45))
	r.Series(&observe.SeriesID{Route: "a", Target: "pod", View: "fine"}, []observe.Run{run(1, 100), run(14, 110), run(29, 130)})
	r.Series(&observe.SeriesID{Route: "a", Target: "pod", View: "coarse"}, []observe.Run{run(1, 100), run(15, 110), run(44, 140)})
	r.Series(&observe.SeriesID{Route: "a", Target: "other"}, []observe.Run{run(1, 100), run(5, 101)})
	r.End()
	if want := []float64{11, 20, 30}; !slices.Equal(r.routes["a"], want) {
		t.Errorf("%v, want %v", r.routes["a"], want)
	}
}

// The lags must be those of all pairs of cells, as the detector counts them.
func TestLagsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	period := slo.Span{From: epoch.Add(time.Hour), To: epoch.Add(3 * time.Hour)}
	axis := NewAxis(epoch, epoch.Add(4*time.Hour))
	e := NewErrors(axis, period, []score.Fingerprint{syn})
	units := []*observe.Unit{{ID: 0, TargetID: 0, Route: "a", DeltaMillis: 1000}, {ID: 1, TargetID: 1, Route: "a", DeltaMillis: 1000}}
	p := observe.Piece{FromMillis: at(0), ToMillis: at(240)}
	for range 3000 {
		p.Events = append(p.Events, observe.Event{AtMillis: at(0) + 1 + random.Int64N(4*3600_000), Unit: units[random.IntN(2)], Increment: 2})
	}
	slices.SortFunc(p.Events, func(a, b observe.Event) int { return int(a.AtMillis - b.AtMillis) })
	half := len(p.Events) / 2 // in two pieces: lags across the cut count as well
	e.Add(observe.Piece{Events: p.Events[:half]})
	e.Add(observe.Piece{Events: p.Events[half:]})
	bins := estimate.Bins(1000, syn)
	want := [2][]int{make([]int, bins), make([]int, bins)}
	cells := 0
	for i, b := range p.Events {
		if !e.inPeriod(b.AtMillis) {
			continue
		}
		cells++
		for _, a := range p.Events[:i] {
			k := int(2*(b.AtMillis-a.AtMillis)+1000) / 2000
			if k >= bins || !e.inPeriod(a.AtMillis) {
				continue
			}
			want[estimate.Any][k]++
			if a.Unit == b.Unit {
				want[estimate.Same][k]++
			}
		}
	}
	c := e.routes["a"].clocks[1000]
	for level := range want {
		if !slices.Equal(c.lanes[0].hist[level], want[level]) {
			t.Errorf("%s: %v, want %v", estimate.Level(level), c.lanes[0].hist[level], want[level])
		}
	}
	if c.cells != cells || c.errors != 2*float64(cells) {
		t.Errorf("%d cells with %v errors, want %d with two each", c.cells, c.errors, cells)
	}
}

// An error that has several others at the lag is marked once.
func TestMatesAreMarkedOnce(t *testing.T) {
	t.Parallel()
	axis := NewAxis(epoch, epoch.Add(time.Hour))
	e := NewErrors(axis, slo.Span{From: epoch, To: epoch.Add(time.Hour)}, []score.Fingerprint{syn})
	unit := &observe.Unit{Route: "a", DeltaMillis: 1000}
	var p observe.Piece
	for _, second := range []int64{10, 15, 16, 21, 300} { // 10-15, 10-16, 15-21, 16-21; one alone
		p.Events = append(p.Events, observe.Event{AtMillis: at(0) + second*1000, Unit: unit, Increment: 1})
	}
	e.Add(p)
	got := e.routes["a"].clocks[1000].lanes[0].mates[estimate.Same]
	if want := []float64{4, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("errors with a mate by slot: %v, want %v", got, want)
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	axis := NewAxis(epoch, epoch.Add(2*time.Hour))
	c := NewCoverage(axis)
	c.Mark([]observe.Run{{FirstMillis: at(16), StepMillis: 15_000, Count: 80, Value: 1}, {FirstMillis: at(61), StepMillis: 1000, Count: 600, Value: 0}})
	c.Mark([]observe.Run{{FirstMillis: at(90), Count: 1, Value: 1}, {FirstMillis: at(-100), StepMillis: 1000, Count: 10, Value: 1}})
	// scrapes from 00:16 to 00:36 in slots 1 and 2, and one at 01:30, which ends slot 5
	if want := []bool{false, true, true, false, false, true, false, false}; !slices.Equal(c.seen, want) {
		t.Errorf("%v, want %v", c.seen, want)
	}
	missing := c.spans(slo.Span{From: epoch, To: epoch.Add(2 * time.Hour)}, false)
	if len(missing) != 3 || missing[1] != (slo.Span{From: axis.start(3), To: axis.start(5)}) {
		t.Errorf("missing: %v", missing)
	}
}

package detector

import (
	"cmp"
	"os"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// world is scripted input: targets with their scrape times, units on them, and events. It answers
// coverage questions by the book, from the scrape times.
type world struct {
	targets   []*worldTarget
	units     []*observe.Unit
	events    []observe.Event
	watermark int64
}

type worldTarget struct {
	delta  int64
	times  []int64 // scrapes
	start  []int64 // of the regular stretch that each scrape ends
	summed []int64 // regular time up to each scrape
}

func (w *world) target(delta int64, times []int64) int32 {
	t := &worldTarget{delta: delta, times: times, start: make([]int64, len(times)), summed: make([]int64, len(times))}
	for i, at := range times {
		t.start[i] = at
		if i == 0 {
			continue
		}
		t.summed[i] = t.summed[i-1]
		if t.regular(i) {
			t.start[i] = t.start[i-1]
			t.summed[i] += at - times[i-1]
		}
	}
	w.targets = append(w.targets, t)
	return int32(len(w.targets) - 1)
}

// regular tells whether the interval that ends at scrape i is one.
func (t *worldTarget) regular(i int) bool {
	return i > 0 && 4*abs(t.times[i]-t.times[i-1]-t.delta) <= t.delta
}

func abs(x int64) int64 { return max(x, -x) }

func (w *world) unit(route string, routeID int32, name string, target int32) *observe.Unit {
	t := w.targets[target]
	u := &observe.Unit{
		ID: int32(len(w.units)), RouteID: routeID, TargetID: target, Route: route, Target: name,
		DeltaMillis: t.delta, SinceMillis: t.times[0],
	}
	w.units = append(w.units, u)
	return u
}

func (w *world) add(u *observe.Unit, at int64, kind observe.Kind, increment float64) {
	left := at - u.DeltaMillis
	w.events = append(w.events, observe.Event{LeftMillis: left, AtMillis: at, Unit: u, Kind: kind, Increment: increment})
}

func (w *world) sort() {
	slices.SortFunc(w.events, func(a, b observe.Event) int {
		return cmp.Or(cmp.Compare(a.AtMillis, b.AtMillis), cmp.Compare(a.Unit.Route, b.Unit.Route),
			cmp.Compare(a.Unit.Target, b.Unit.Target), cmp.Compare(a.Kind, b.Kind))
	})
}

// feed feeds the events of (from, cuts[0]], (cuts[0], cuts[1]], ...
func (w *world) feed(t testing.TB, d *Detector, from int64, cuts ...int64) {
	t.Helper()
	for _, to := range cuts {
		p := observe.Piece{FromMillis: from, ToMillis: to, Events: w.between(from, to)}
		w.watermark = to
		if err := d.Feed(p, w.known(to)); err != nil {
			t.Fatalf("feeding (%d, %d]: %v", from, to, err)
		}
		from = to
	}
}

func (w *world) between(from, to int64) []observe.Event {
	after := func(at int64) int {
		return sort.Search(len(w.events), func(i int) bool { return w.events[i].AtMillis > at })
	}
	return w.events[after(from):after(to)]
}

func (w *world) known(at int64) []*observe.Unit {
	var units []*observe.Unit
	for _, u := range w.units {
		if u.SinceMillis <= at {
			units = append(units, u)
		}
	}
	return units
}

// latest returns the index of the latest scrape at or before a time, -1 for none.
func (t *worldTarget) latest(at int64) int {
	return sort.Search(len(t.times), func(i int) bool { return t.times[i] > at }) - 1
}

func (w *world) Coverage(target int32, before int64) (from, last int64, ok bool) {
	t := w.targets[target]
	i := t.latest(before - 1)
	if i < 0 {
		return 0, 0, false
	}
	return t.start[i], t.times[i], true
}

func (w *world) Covered(target int32, left, right int64) int64 {
	t := w.targets[target]
	to, from := t.latest(right), t.latest(left)
	if to < 0 {
		return 0
	}
	sum := t.summed[to]
	if from >= 0 {
		sum -= t.summed[from]
		if from+1 <= to && t.regular(from+1) {
			sum -= left - t.times[from]
		}
	}
	return sum
}

func (w *world) Span(target int32, left, right int64) int64 {
	t := w.targets[target]
	to := t.latest(right)
	if to < 0 {
		return 0
	}
	return max(0, t.times[to]-max(left, t.times[0]))
}

func (w *world) Exposure(targets []int32, left, right int64) int64 {
	type stretch struct{ from, to int64 }
	var all []stretch
	for _, id := range targets {
		t := w.targets[id]
		for i := t.latest(right); i > 0; i = t.latest(t.start[i]) - 1 {
			if t.times[i] <= left {
				break
			}
			all = append(all, stretch{max(left, t.start[i]), t.times[i]})
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	sum, end := int64(0), left
	for _, s := range all {
		if s.to > end {
			sum += s.to - max(s.from, end)
			end = s.to
		}
	}
	return sum
}

func (w *world) Sampled(unit int32, hour int64) bool {
	t := w.targets[w.units[unit].TargetID]
	i := t.latest((hour+1)*hourMillis - 1)
	return i >= 0 && t.times[i] >= max(hour*hourMillis, w.units[unit].SinceMillis)
}

func (w *world) LastSample(unit int32) int64 {
	t := w.targets[w.units[unit].TargetID]
	if i := t.latest(w.watermark); i >= 0 && t.times[i] >= w.units[unit].SinceMillis {
		return t.times[i]
	}
	return 0
}

// grid returns scrape times first, first+delta, ... up to last.
func grid(first, last, delta int64) []int64 {
	var times []int64
	for at := first; at <= last; at += delta {
		times = append(times, at)
	}
	return times
}

var syn = score.Fingerprint{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}

var gateway = score.Fingerprint{Name: "connect-timeout-10s", Lo: 10 * time.Second, Hi: 11500 * time.Millisecond}

// referenceTables are the tables of the reference, so that no difference between solvers spreads.
func referenceTables(t testing.TB) *score.Cache {
	t.Helper()
	f, err := os.Open("testdata/reference/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tables, err := score.ReadReference(f)
	if err != nil {
		t.Fatal(err)
	}
	cache := score.NewCache()
	for _, table := range tables {
		cache.Add(table)
	}
	return cache
}

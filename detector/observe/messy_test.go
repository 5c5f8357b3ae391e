package observe

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// sample is one raw sample.
type sample struct {
	at    int64
	value float64
}

// world is a simulated source: what Prometheus would have stored.
type world struct {
	ups    map[TargetView][]sample
	series map[SeriesID][]sample
}

// runs packs samples into runs as a reader would.
func runs(samples []sample, from, to int64) []Run {
	var out []Run
	for _, s := range samples {
		if s.at <= from || s.at > to {
			continue
		}
		if n := len(out); n > 0 && math.Float64bits(out[n-1].Value) == math.Float64bits(s.value) {
			last := &out[n-1]
			spacing := s.at - last.LastMillis()
			if spacing > 0 && (last.Count == 1 || spacing == last.StepMillis) {
				last.StepMillis, last.Count = spacing, last.Count+1
				continue
			}
		}
		out = append(out, Run{FirstMillis: s.at, Count: 1, Value: s.value})
	}
	return out
}

// messy makes a world in which everything happens that the observer must stand: jitter, missed scrapes
// and samples, failed scrapes, births, resets, renames, restarts, targets that come and go, changed
// intervals, views that go silent, views without `up`, invalid values.
func messy(seed uint64, end int64) world {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := world{ups: make(map[TargetView][]sample), series: make(map[SeriesID][]sample)}
	for i := range 1 + rng.IntN(4) {
		w.target(rng, fmt.Sprintf("pod-%d", i), end)
	}
	return w
}

// slower stretches time.
func (w world) slower(scale int64) world { return w.mapped(func(t int64) int64 { return t * scale }) }

// shifted moves time.
func (w world) shifted(by int64) world { return w.mapped(func(t int64) int64 { return t + by }) }

func (w world) mapped(f func(int64) int64) world {
	out := world{ups: make(map[TargetView][]sample), series: make(map[SeriesID][]sample)}
	for view, samples := range w.ups {
		out.ups[view] = mapSamples(samples, f)
	}
	for id, samples := range w.series {
		out.series[id] = mapSamples(samples, f)
	}
	return out
}

func mapSamples(samples []sample, f func(int64) int64) []sample {
	out := slices.Clone(samples)
	for i := range out {
		out[i].at = f(out[i].at)
	}
	return out
}

// process is a target: its counters over time.
type process struct {
	restarts []int64
	growth   map[string][]int64 // event times per counter
	renamed  int64              // when the counters change their names, or far away
}

func (w world) target(rng *rand.Rand, name string, end int64) {
	first, last := int64(0), end
	if rng.IntN(2) == 0 {
		first, last = rng.Int64N(end/2), end/2+rng.Int64N(end/2)
	}
	p := process{growth: make(map[string][]int64), renamed: math.MaxInt64}
	if rng.IntN(3) == 0 {
		p.renamed = first + rng.Int64N(last-first)
	}
	for range rng.IntN(3) {
		p.restarts = append(p.restarts, first+rng.Int64N(last-first))
	}
	slices.Sort(p.restarts)
	for r := range 1 + rng.IntN(3) {
		for c := range 1 + rng.IntN(3) {
			var events []int64
			for range rng.IntN(60) {
				events = append(events, first+rng.Int64N(last-first))
			}
			if rng.IntN(4) == 0 { // a burst that is born large
				at := first + rng.Int64N(last-first)
				for range 150 {
					events = append(events, at)
				}
			}
			slices.Sort(events)
			p.growth[fmt.Sprintf("route-%d|c-%d", r, c)] = events
		}
	}
	deltas := []int64{1000, 2000, 5000, 15_000, 1130}
	for v := range 1 + rng.IntN(3) {
		w.view(rng, p, TargetView{Target: name, View: fmt.Sprintf("job-%d", v)}, deltas[rng.IntN(len(deltas))], first, last)
	}
}

// value returns the counter at a time; false when it does not exist yet.
func (p process) value(counter string, at int64) (float64, bool) {
	since := int64(math.MinInt64)
	for _, r := range p.restarts {
		if r <= at {
			since = r
		}
	}
	n := 0.0
	for _, e := range p.growth[counter] {
		if e > since && e <= at {
			n++
		}
	}
	return n, n > 0
}

func (w world) view(rng *rand.Rand, p process, view TargetView, delta, first, last int64) {
	hasUp := rng.IntN(4) > 0
	changes := rng.IntN(3) == 0
	outage := first + rng.Int64N(last-first)
	outageEnd := outage
	if rng.IntN(2) == 0 {
		outageEnd += rng.Int64N(20 * delta)
	}
	hidden, shown := first+rng.Int64N(last-first), last // when a filter takes routes out, and when it is lifted
	routes := [...]string{"", "", "", "route", "route-0", "route-1"}[rng.IntN(6)]
	if rng.IntN(2) == 0 {
		shown = hidden + rng.Int64N(last-hidden)
	}
	if rng.IntN(3) == 0 {
		hidden = first
	}
	jitter := rng.Int64N(3)
	lossy := rng.Float64() * 0.1
	missing := make(map[string]bool)
	at, previous := first+rng.Int64N(delta), int64(0)
	for ; at < last; at += delta {
		if changes && at > (first+last)/2 {
			delta, changes = []int64{1000, 3000, 700}[rng.IntN(3)], false
		}
		t := at
		if jitter > 0 && rng.Float64() < 0.1 {
			t += rng.Int64N(delta/2) - delta/4
		}
		if rng.Float64() < 0.02 || t >= outage && t < outageEnd || t <= previous || t >= last {
			continue
		}
		previous = t
		ok := rng.Float64() > 0.02
		if hasUp && rng.Float64() > 0.005 {
			up := 1.0
			if !ok {
				up = 0
			}
			w.ups[view] = append(w.ups[view], sample{t, up})
		}
		if !ok {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(p.growth)) {
			if missing[name] = rng.Float64() < lossy && (!missing[name] || rng.Float64() < 0.3); missing[name] {
				continue
			}
			v, exists := p.value(name, t)
			if !exists || routes != "" && strings.HasPrefix(name, routes) && t >= hidden && t < shown {
				continue
			}
			if rng.Float64() < 0.005 {
				v = []float64{math.NaN(), math.Inf(1), -1, math.Inf(-1)}[rng.IntN(4)]
			}
			route, counter := name[:7], name[8:]
			if t >= p.renamed {
				counter = "new-" + counter
			}
			id := SeriesID{Route: route, Target: view.Target, View: view.View, Counter: counter}
			w.series[id] = append(w.series[id], sample{t, v})
		}
	}
}

// read hands (from, to] to an observer, in an order of its own.
func (w world) read(rng *rand.Rand, o *Observer, from, to int64) {
	views := slices.SortedFunc(maps.Keys(w.ups), func(a, b TargetView) int {
		return strings.Compare(a.Target+" "+a.View, b.Target+" "+b.View)
	})
	for _, view := range views {
		handUp(rng, o, view, runs(w.ups[view], from-10_000, to+10_000))
	}
	ids := make([]SeriesID, 0, len(w.series))
	for id := range w.series {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b SeriesID) int { return compareStrings(a, b) })
	rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	type part struct {
		id   SeriesID
		runs []Run
	}
	var parts, rest []part
	for _, id := range ids {
		list := runs(w.series[id], from-rng.Int64N(10_000), to+rng.Int64N(10_000))
		if len(list) == 0 {
			continue
		}
		cut := rng.IntN(len(list) + 1)
		parts = append(parts, part{id, list[:cut]})
		rest = append(rest, part{id, list[cut:]})
	}
	for _, p := range append(parts, rest...) {
		if len(p.runs) > 0 {
			o.Series(&p.id, p.runs)
		}
	}
}

func handUp(rng *rand.Rand, o *Observer, view TargetView, list []Run) {
	if len(list) == 0 {
		return
	}
	cut := rng.IntN(len(list))
	o.Scrapes(view, list[:cut])
	o.Scrapes(view, list[cut:])
}

func compareStrings(a, b SeriesID) int {
	for _, p := range [][2]string{{a.Route, b.Route}, {a.Target, b.Target}, {a.View, b.View}, {a.Counter, b.Counter}} {
		if p[0] != p[1] {
			if p[0] < p[1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

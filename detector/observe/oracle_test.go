package observe

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The oracle says what the events of a world are, sample by sample and all at once, as slowly and
// plainly as possible. It shares only the interval rules with the code under test.

// oracleView is a view of a target with the scrape interval after each of its scrapes.
type oracleView struct {
	name    string
	times   []int64
	found   map[int64]int64       // by scrape
	carried int64                 // first sample of a series
	lost    map[string][][2]int64 // by route, "" for all: stretches [from, until) in which it was without
	values  map[[2]string]map[int64]float64
}

// oracleScrape is a scrape of the timeline.
type oracleScrape struct {
	at       int64
	view     *oracleView
	delta    int64 // in force after it
	switched bool  // it is the first of its view
}

type oracleEvent struct {
	at, left, delta int64
	route, target   string
	kind            Kind
	increment       float64
}

func oracle(w world, options Options) []oracleEvent {
	targets := make(map[string]map[string]*oracleView)
	view := func(target, name string) *oracleView {
		if targets[target] == nil {
			targets[target] = make(map[string]*oracleView)
		}
		if targets[target][name] == nil {
			targets[target][name] = &oracleView{name: name, carried: math.MaxInt64, values: make(map[[2]string]map[int64]float64)}
		}
		return targets[target][name]
	}
	for id, samples := range w.ups {
		v := view(id.Target, id.View)
		for _, s := range samples {
			if s.value == 1 {
				v.times = append(v.times, s.at)
			}
		}
	}
	for id, samples := range w.series {
		v := view(id.Target, id.View)
		key := [2]string{id.Route, id.Counter}
		v.values[key] = make(map[int64]float64)
		for _, s := range samples {
			v.times = append(v.times, s.at)
			if s.value >= 0 && !math.IsInf(s.value, 0) {
				v.values[key][s.at] = s.value
				v.carried = min(v.carried, s.at)
			}
		}
	}
	var out []oracleEvent
	for target, views := range targets {
		for _, v := range views {
			v.finish()
		}
		out = append(out, oracleTarget(target, slices.Collect(maps.Values(views)), options)...)
	}
	return mergeOracle(out)
}

// finish finds the scrape interval of the view, spacing by spacing.
func (v *oracleView) finish() {
	slices.Sort(v.times)
	v.times = slices.Compact(v.times)
	v.found = make(map[int64]int64)
	var spacings []int64
	delta := int64(0)
	for i, t := range v.times {
		if i > 0 {
			spacings = append(spacings, t-v.times[i-1])
		}
		if delta == 0 && len(spacings) == 7 {
			sorted := slices.Sorted(slices.Values(spacings))
			delta, spacings = snap(sorted[3]), nil
		} else if n := len(spacings); delta > 0 && n >= 31 {
			agree := snap(spacings[n-1])
			for _, s := range spacings[n-31:] {
				if snap(s) != agree {
					agree = 0
				}
			}
			if agree > 0 && agree != delta {
				delta, spacings = agree, nil
			}
		}
		v.found[t] = delta
	}
}

// at returns the latest scrape at or before t, and the interval found by then.
func (v *oracleView) at(t int64) (last, found int64, ok bool) {
	i, exact := slices.BinarySearch(v.times, t)
	if exact {
		i++
	}
	if i == 0 {
		return 0, 0, false
	}
	return v.times[i-1], v.found[v.times[i-1]], true
}

// inUse returns the view in use at t.
func inUse(views []*oracleView, t int64, configured time.Duration) *oracleView {
	var best *oracleView
	bestRank := int64(0)
	for _, v := range views {
		last, found, ok := v.at(t)
		if !ok || t < v.carried {
			continue
		}
		rank, fresh := found, found
		if found == 0 {
			rank, fresh = math.MaxInt64, cmp.Or(configured.Milliseconds(), 60_000)
		}
		if t-last > 3*fresh {
			continue
		}
		if best == nil || rank < bestRank || rank == bestRank && v.name < best.name {
			best, bestRank = v, rank
		}
	}
	return best
}

func oracleTarget(target string, views []*oracleView, options Options) []oracleEvent {
	var all []int64
	counters := make(map[[2]string]bool)
	for _, v := range views {
		all = append(all, v.times...)
		for key := range v.values {
			counters[key] = true
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	routes := map[string]bool{}
	for key := range counters {
		routes[key[0]] = true
	}
	for _, v := range views {
		v.lost = map[string][][2]int64{"": oracleLosses(views, v, "", all, options)}
		for route := range routes {
			v.lost[route] = oracleLosses(views, v, route, all, options)
		}
	}
	var out []oracleEvent
	for route := range routes {
		of := map[[2]string]bool{}
		for key := range counters {
			if key[0] == route {
				of[key] = true
			}
		}
		line, since := oracleLine(views, route, all, options)
		out = append(out, oracleCounters(target, line, since, views, of)...)
	}
	return out
}

// has says whether the view had a sample of a route, or of any, at t.
func (v *oracleView) has(route string, t int64) bool {
	for key, samples := range v.values {
		if _, ok := samples[t]; ok && (route == "" || route == key[0]) {
			return true
		}
	}
	return false
}

// oracleLosses says when a view was without a route that a view of lower rank had.
func oracleLosses(views []*oracleView, v *oracleView, route string, all []int64, options Options) (out [][2]int64) {
	missing, since, fresh, lost := int64(-1), int64(-1), int64(0), int64(-1)
	for _, t := range all {
		if t < v.carried {
			continue
		}
		last, found, ok := v.at(t)
		if ok && last == t && v.has(route, t) {
			if lost >= 0 {
				out = append(out, [2]int64{lost, t})
			}
			missing, since, lost = -1, -1, -1
		} else if ok && last == t && missing < 0 {
			missing = t
		}
		for _, w := range views {
			_, foundW, _ := w.at(t)
			lower := found != foundW && (foundW == 0 || found > 0 && found < foundW) || found == foundW && v.name < w.name
			if w == v || !lower || missing < 0 || t <= missing || !w.has(route, t) {
				continue
			}
			if since < 0 {
				since, fresh = t, 3*cmp.Or(found, options.ScrapeInterval.Milliseconds(), 60_000)
			}
			if lost < 0 && t >= since+fresh && last >= since+fresh*2/3 {
				lost = t
			}
		}
	}
	if lost >= 0 {
		out = append(out, [2]int64{lost, math.MaxInt64})
	}
	return out
}

func (v *oracleView) isLost(route string, t int64) bool {
	for _, l := range v.lost[route] {
		if l[0] <= t && t < l[1] {
			return true
		}
	}
	return false
}

// oracleLine is the timeline for a route, and since when it is one of its own.
func oracleLine(views []*oracleView, route string, all []int64, options Options) (line []oracleScrape, since int64) {
	since = math.MaxInt64
	for _, t := range all {
		for _, v := range views {
			if v.isLost(route, t) && !v.isLost("", t) {
				since = min(since, t)
			}
		}
	}
	for _, t := range all {
		fit := slices.DeleteFunc(slices.Clone(views), func(v *oracleView) bool { return v.isLost("", t) || v.isLost(route, t) })
		v := inUse(fit, t, options.ScrapeInterval)
		if v == nil {
			continue
		}
		if _, scraped := v.found[t]; !scraped {
			continue
		}
		if len(line) == 0 { // the scrape before the first series
			if last, found, ok := v.at(t - 1); ok {
				line = append(line, oracleScrape{at: last, view: v, delta: cmp.Or(options.ScrapeInterval.Milliseconds(), found)})
			}
		}
		s := oracleScrape{at: t, view: v, delta: cmp.Or(options.ScrapeInterval.Milliseconds(), v.found[t])}
		if n := len(line); n > 0 {
			s.switched = line[n-1].view != v || t >= since && line[n-1].at < since
		}
		line = append(line, s)
	}
	return line, since
}

// oracleBase is what a counter had counted before it was seen, as far as one can tell: at the first scrape
// of a view, and if it is much.
func oracleBase(views []*oracleView, key [2]string, before int64) float64 {
	first, base := before, 0.0
	for _, v := range views {
		for t, value := range v.values[key] {
			if t < first || t == first && t < before {
				known := base
				base = 0
				if t == v.times[0] || value > 100 {
					base = value
				}
				if t == first {
					base = min(base, known)
				}
				first = t
			}
		}
	}
	return base
}

func oracleCounters(target string, line []oracleScrape, since int64, views []*oracleView, counters map[[2]string]bool) []oracleEvent {
	present := func(key [2]string, i int) (float64, bool) {
		v, ok := line[i].view.values[key][line[i].at]
		return v, ok
	}
	var out []oracleEvent
	var births []birthOracle
	for _, key := range slices.SortedFunc(maps.Keys(counters), func(a, b [2]string) int {
		return strings.Compare(a[0]+"|"+a[1], b[0]+"|"+b[1])
	}) {
		value, sampled, last := 0.0, 0.0, -1 // last: scrape of the last sample
		for i := range line {
			v, ok := present(key, i)
			if !ok {
				if last >= 0 && last <= i-2 {
					value = 0
				}
				continue
			}
			if i == 0 {
				value, sampled, last = v, v, 0
				continue
			}
			left, alive := i-1, last >= i-2 && last >= 0
			if last == i-2 && alive {
				left = last
			}
			crossed := false
			for j := left + 1; j <= i; j++ {
				crossed = crossed || line[j].switched
			}
			delta := line[i-1].delta
			if line[i].switched {
				delta = line[i].delta
			}
			e := oracleEvent{at: line[i].at, left: line[left].at, delta: delta, route: key[0], target: target, kind: Growth}
			if !crossed && regular(e.at-e.left, delta) {
				e.kind = Cell
			}
			if left == i-2 && e.kind == Growth && delta > 0 {
				b := e
				b.kind = Break
				out = append(out, b)
			}
			base := 0.0
			if last < 0 && line[i].at >= since {
				base = oracleBase(views, key, e.at)
			}
			entered := int64(-1) // the scrape of the view before it was taken into use
			if line[i].switched {
				if before, _, ok := line[i].view.at(e.at - 1); ok && (last < 0 || before > line[last].at) {
					if _, there := line[i].view.values[key][before]; !there {
						entered = before
					}
				}
			}
			switch {
			case base > 0:
				e.kind, e.increment = Growth, grown(base, v, crossed)
			case !alive && entered >= 0:
				e.left, e.kind = entered, Growth
				if regular(e.at-entered, delta) {
					e.kind = Cell
				}
				births = append(births, birthOracle{e, i, v, key[1]})
			case !alive && crossed && last >= 0:
				e.increment = grown(sampled, v, true)
			case !alive:
				births = append(births, birthOracle{e, i, v, key[1]})
			default:
				e.increment = grown(value, v, crossed)
			}
			value, sampled, last = v, v, i
			if e.increment > 0 {
				out = append(out, e)
			}
		}
	}
	slices.SortStableFunc(births, func(a, b birthOracle) int { return a.scrape - b.scrape })
	used := make(map[string]bool)
	for _, b := range births {
		// Candidates: counters there at the scrape before, not at this one.
		best, bestKey := -1.0, ""
		for key := range counters {
			before, there := present(key, b.scrape-1)
			_, still := present(key, b.scrape)
			id := fmt.Sprint(key, b.scrape)
			if key[0] == b.event.route && there && !still && !used[id] && before <= b.value && before > best {
				best, bestKey = before, id
			}
		}
		e := b.event
		switch {
		case best >= 0:
			used[bestKey] = true
			e.increment = b.value - best
		case b.value <= 100:
			e.increment = b.value
		}
		if e.increment > 0 {
			out = append(out, e)
		}
	}
	return out
}

type birthOracle struct {
	event   oracleEvent
	scrape  int
	value   float64
	counter string
}

func grown(from, to float64, crossed bool) float64 {
	switch {
	case to >= from:
		return to - from
	case crossed && to > 100:
		return 0
	default:
		return to
	}
}

// mergeOracle adds what belongs to one unit, time and kind.
func mergeOracle(events []oracleEvent) []oracleEvent {
	slices.SortStableFunc(events, func(a, b oracleEvent) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.route, b.route), strings.Compare(a.target, b.target), cmp.Compare(a.kind, b.kind))
	})
	var out []oracleEvent
	for _, e := range events {
		if n := len(out); n > 0 && out[n-1].at == e.at && out[n-1].route == e.route && out[n-1].target == e.target && out[n-1].kind == e.kind {
			out[n-1].increment += e.increment
			out[n-1].left = min(out[n-1].left, e.left)
			continue
		}
		out = append(out, e)
	}
	return out
}

// TestOracle compares the events of messy worlds with those of the oracle.
func TestOracle(t *testing.T) {
	t.Parallel()
	const end = 600_000
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := messy(seed, end)
			options := Options{}
			if seed%5 == 0 {
				options.ScrapeInterval = time.Second
			}
			o := New(options)
			o.Begin(-1, end)
			w.read(rand.New(rand.NewPCG(seed, 5)), o, -1, end)
			var got, want []string
			for _, e := range o.End().Events {
				got = append(got, fmt.Sprint(oracleEvent{e.AtMillis, e.LeftMillis, e.Unit.DeltaMillis, e.Unit.Route, e.Unit.Target, e.Kind, e.Increment}))
			}
			for _, e := range oracle(w, options) {
				want = append(want, fmt.Sprint(e))
			}
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Fatalf("event %d:\n got %v\nwant %v", i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
				}
			}
		})
	}
}

package detector

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// laterCells finds by brute force what Mates should say: the later cells of all pairs of cells of a route
// in the hot bins, of which the later one had entered the histograms at a time.
func laterCells(events []observe.Event, shape estimate.Shape, closeMillis, atMillis int64) []Later {
	hot := shape.HotBins()
	var all []Later
	for i, b := range events {
		for _, a := range events[:i] {
			bin := int((2*(b.AtMillis-a.AtMillis) + shape.DeltaMillis) / (2 * shape.DeltaMillis))
			if bin < hot[0] || bin > hot[len(hot)-1] || shape.Level == estimate.Same && a.Unit != b.Unit || b.AtMillis+closeMillis > atMillis {
				continue
			}
			all = append(all, Later{b.Unit.Target, b.AtMillis - shape.DeltaMillis*5/4, b.AtMillis})
		}
	}
	return all
}

// sorted is in order of time, then target.
func sorted(all []Later) []Later {
	slices.SortFunc(all, func(a, b Later) int {
		return cmp.Or(cmp.Compare(a.RightMillis, b.RightMillis), cmp.Compare(a.Target, b.Target))
	})
	return all
}

// The mates are those that the histogram counts, at both levels, and also across a midnight; the pooled stream
// has those of all routes.
func TestMates(t *testing.T) {
	t.Parallel()
	for _, across := range []bool{false, true} {
		rng := rand.New(rand.NewPCG(4, 4))
		g := newGrid(1000, 4, rng)
		g.onRoute(0, 0, 4)
		g.onRoute(1, 0, 1)
		d := New(Options{Fingerprints: []score.Fingerprint{syn, gateway}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
		const hours = 30
		var stamps []stamp
		for _, s := range scatter(rng, 12, hours, 4) {
			second := stamp{s.at + (5+rng.Float64()*1.5)*second, s.target}
			if across {
				second.target = rng.Int32N(4)
			}
			stamps = append(stamps, s, second)
		}
		events := g.cellsOf(append(stamps, scatter(rng, 6, hours, 4)...), g.units[:4])
		other := g.cellsOf(pairs(rng, 4, hours, 1, 5, 6.5), g.units[4:])
		all := slices.Concat(events, other)
		slices.SortFunc(all, func(a, b observe.Event) int {
			return cmp.Or(cmp.Compare(a.AtMillis, b.AtMillis), cmp.Compare(a.Unit.ID, b.Unit.ID))
		})
		end := int64(origin + hours*hourMillis - 600_000)
		all = slices.DeleteFunc(all, func(e observe.Event) bool { return e.AtMillis > end })
		feedGrid(t, d, g, all, origin, end)
		for _, f := range d.Findings(end) {
			m, ok := d.Mates(f.Key)
			if f.Fingerprint != syn.Name {
				if ok {
					t.Errorf("%s %s is %s and has mates", f.Route, f.Fingerprint, f.Verdict)
				}
				continue
			}
			if !ok {
				t.Errorf("%s is %s and has no mates", f.Route, f.Verdict)
				continue
			}
			level := estimate.Any
			if f.Level == "same" {
				level = estimate.Same
			}
			shape := estimate.Shape{Level: level, DeltaMillis: 1000, Fingerprint: syn}
			closeMillis, labelled := d.clocks[0].closeMillis, d.stream(f.Key).basis.atMillis
			if labelled < end/hourMillis*hourMillis {
				t.Errorf("%s: labels are from %d ms before the end, want the latest hour or a later confirmation", f.Route, end-labelled)
			}
			want := laterCells(events, shape, closeMillis, labelled)
			switch f.Route {
			case "route001":
				want = laterCells(other, shape, closeMillis, labelled)
			case finding.PooledRoute:
				want = append(want, laterCells(other, shape, closeMillis, labelled)...)
			}
			if m.Count != len(want) || !slices.Equal(sorted(m.Sample), sorted(want)) {
				t.Errorf("across %v: %s %s: %d mates of %d, want %d", across, f.Route, f.Level, len(m.Sample), m.Count, len(want))
			}
		}
	}
}

// A finding that is not paired, or none at all, has no mates.
func TestNoMates(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	d, g := oneRoute(t, syn)
	feedGrid(t, d, g, g.cellsOf(scatter(rng, 30, 5, 1), g.units), origin, origin+6*hourMillis)
	for _, key := range []finding.Key{
		{Route: "route000", Fingerprint: syn.Name},
		{Route: finding.PooledRoute, Fingerprint: syn.Name},
		{Route: "route000", Fingerprint: "no such"},
		{Route: "no such", Fingerprint: syn.Name},
	} {
		if m, ok := d.Mates(key); ok {
			t.Errorf("%+v has %d mates", key, m.Count)
		}
	}
}

// What is kept of a route is bounded: a little of one without pairs, more of one that is paired, whatever the
// number of targets; and it leaves with the histograms. What is kept is a fair sample, of which it is enough to know
// that all are quick.
func TestMatesAreBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pairsPerHour float64
		limit        int
	}{{0, matesKept}, {60, matesKeptNear}} {
		rng := rand.New(rand.NewPCG(4, 4))
		const targets, hours = 20, 40
		g := newGrid(1000, targets, rng)
		g.onRoute(0, 0, targets)
		d := New(Options{Fingerprints: []score.Fingerprint{syn}, Tables: referenceTables(t), FalseAlarmsPerMonth: 1}, g)
		events := scatter(rng, 90, hours, targets)
		if c.pairsPerHour > 0 {
			events = append(events, pairs(rng, c.pairsPerHour, hours, targets, 5, 6.5)...)
		}
		end := int64(origin + (hours+1)*hourMillis)
		feedGrid(t, d, g, g.cellsOf(events, g.units), origin, end)
		kept := &d.routes[0].tallies[0].mates[0]
		if n := kept.ring.len(); n > c.limit || n < c.limit/4 || len(kept.ring.items) > c.limit || len(kept.places) > targets {
			t.Errorf("%v pairs an hour: %d mates in room for %d, of %d targets, want at most %d of %d",
				c.pairsPerHour, n, len(kept.ring.items), len(kept.places), c.limit, targets)
		}
		m, ok := d.Mates(finding.Key{Route: "route000", Fingerprint: syn.Name})
		if ok != (c.pairsPerHour > 0) {
			t.Fatalf("%v pairs an hour: paired %v", c.pairsPerHour, ok)
		}
		if n := len(m.Sample); ok && (m.Count < 2000 || m.sampled != m.Count || n < c.limit/4 || !m.Fast(n) || m.Fast(n/2)) {
			t.Errorf("a sample of %d of %d mates, of which %d are known: fast %v if all are quick, %v if half are",
				n, m.Count, m.sampled, m.Fast(n), m.Fast(n/2))
		}
		feedGrid(t, d, g, nil, end, end+9*dayMillis)
		if n := len(kept.ring.items) + len(kept.places); n != 0 {
			t.Errorf("%d remain after the histograms are empty", n)
		}
	}
}

// Mates that are lost count as slow.
func TestLostMates(t *testing.T) {
	t.Parallel()
	m := Mates{Count: 100, Sample: make([]Later, 95), sampled: 95, needs: estimate.Estimate{MateShareLower: 0.8, Pairs: 100}}
	if !m.Fast(95) { // 5 of 100: surely less than 0.12
		t.Error("5 lost of 100 withhold the label")
	}
	if m.Fast(60) { // 40 of 100: perhaps half, which is all that 80 sure pairs need
		t.Error("35 slow and 5 lost do not withhold the label")
	}
	m.Sample, m.sampled = m.Sample[:50], 50
	if m.Fast(50) {
		t.Error("half are lost, and the label is given")
	}
	if l := (&look{mates: 50}); l.sampled(60) != 50 || l.sampled(40) != 0 { // pairs of a time when the route was ignored
		t.Error("what is not a sample of the pooled pairs is taken for one")
	}
	m.Sample, m.sampled = nil, 0
	if m.Fast(0) {
		t.Error("all are lost, and the label is given")
	}
}

// The sample is just what would have been kept all along, however many come a day.
func TestSampleIsFair(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	var m mates
	var all []mate
	limit, most := matesKept, uint8(0)
	eased := false
	for day := int64(20_000); day < 20_060; day++ {
		for range []int{5, 100, 3000, 20, 0, 700}[rng.IntN(6)] {
			x := mate{bits: uint32(rng.IntN(dayMillis)) | mateAny, day: uint16(day)}
			if rng.IntN(50) == 0 {
				x.bits |= mateBefore
			}
			all = append(all, x)
		}
		slices.SortStableFunc(all, func(a, b mate) int { return cmp.Compare(a.atMillis(), b.atMillis()) })
		for _, x := range all {
			if int64(x.day) == day {
				m.take(x, "pod", limit)
			}
		}
		oldest := day - historyDays + 1
		m.prune(oldest)
		all = slices.DeleteFunc(all, func(x mate) bool { return int64(x.day) < oldest })
		want := []int64{}
		for _, x := range all {
			if x.survives(m.thinned) {
				want = append(want, x.atMillis())
			}
		}
		got := []int64{}
		for i := range m.ring.len() {
			if x := m.ring.at(i); x.survives(m.thinned) {
				got = append(got, x.atMillis())
			}
		}
		if !slices.Equal(got, want) || m.ring.len() > matesKeptNear {
			t.Fatalf("day %d: a sample of %d of %d, thinned by %d; want %d", day, len(got), len(all), m.thinned, len(want))
		}
		most, eased = max(most, m.thinned), eased || m.thinning < m.thinned
		limit = []int{matesKept, matesKeptNear}[rng.IntN(2)]
	}
	if most < 3 || !eased {
		t.Errorf("thinned by at most %d, eased %v: no test", most, eased)
	}
}

// Targets that come and go leave no more names than there are mates.
func TestMatesForgetTargets(t *testing.T) {
	t.Parallel()
	var m mates
	name := func(i int64) string { return string(rune('a' + i%20_000)) }
	for i := range int64(3 * maxPlaces) {
		m.take(mate{bits: uint32(i), day: 20_000}, name(i), matesKept)
	}
	if m.ring.len() > matesKept || len(m.places) > maxPlaces {
		t.Errorf("%d mates of %d targets", m.ring.len(), len(m.places))
	}
	for i := range m.ring.len() {
		if x := m.ring.at(i); m.places[x.place] != name(x.atMillis()%dayMillis) {
			t.Fatalf("mate %d is of target %q", i, m.places[x.place])
		}
	}
}

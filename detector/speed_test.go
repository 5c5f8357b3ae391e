package detector

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// gridCoverage covers everything from the beginning of time, with targets that are scraped at their
// phase plus whole intervals.
type gridCoverage struct {
	delta  int64
	phases []int64 // by target
	units  []*observe.Unit
}

func (g *gridCoverage) last(target int32, at int64) int64 {
	phase := g.phases[target]
	return (at-phase)/g.delta*g.delta + phase
}

func (g *gridCoverage) Coverage(target int32, before int64) (int64, int64, bool) {
	return 0, g.last(target, before-1), true
}

func (g *gridCoverage) Covered(_ int32, left, right int64) int64 { return right - left }

func (g *gridCoverage) Span(_ int32, left, right int64) int64 { return right - left }

func (g *gridCoverage) Exposure(_ []int32, left, right int64) int64 { return right - left }

func (g *gridCoverage) Sampled(int32, int64) bool { return true }

func (g *gridCoverage) LastSample(int32) int64 { return 1 << 60 }

// observed is the first scrape of a target at or after a time.
func (g *gridCoverage) observed(target int32, at int64) int64 {
	if last := g.last(target, at); last < at {
		return last + g.delta
	}
	return at
}

func newGrid(delta int64, targets int, rng *rand.Rand) *gridCoverage {
	g := &gridCoverage{delta: delta}
	for range targets {
		g.phases = append(g.phases, rng.Int64N(delta))
	}
	return g
}

// onRoute adds a unit of a route on each of some targets.
func (g *gridCoverage) onRoute(route int32, first, targets int32) {
	for i := range targets {
		g.units = append(g.units, &observe.Unit{
			ID: int32(len(g.units)), RouteID: route, TargetID: first + i, DeltaMillis: g.delta,
			Route: fmt.Sprintf("route%03d", route), Target: fmt.Sprintf("pod%03d", first+i), SinceMillis: 1,
		})
	}
}

// steady returns events of a Poisson process of one unit, perHour an hour.
func (g *gridCoverage) steady(rng *rand.Rand, u *observe.Unit, from int64, perHour float64, n int) []observe.Event {
	events := make([]observe.Event, 0, n)
	at, last := float64(from), int64(0)
	for len(events) < n {
		at += rng.ExpFloat64() * hourMillis / perHour
		if cell := g.observed(u.TargetID, int64(at)); cell > last {
			events = append(events, observe.Event{LeftMillis: cell - g.delta, AtMillis: cell, Unit: u, Kind: observe.Cell, Increment: 1})
			last = cell
		}
	}
	return events
}

func oneRoute(tb testing.TB, fingerprints ...score.Fingerprint) (*Detector, *gridCoverage) {
	g := newGrid(1000, 1, rand.New(rand.NewPCG(1, 1)))
	g.onRoute(0, 0, 1)
	d := New(Options{Fingerprints: fingerprints, Tables: referenceTables(tb), FalseAlarmsPerMonth: 1}, g)
	return d, g
}

// TestNoAllocationPerEvent: once the rings have their size, an event allocates nothing. Hours are
// kept off: they allocate their counts.
func TestNoAllocationPerEvent(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates on its own")
	}
	d, g := oneRoute(t, syn, gateway)
	rng := rand.New(rand.NewPCG(2, 2))
	events := g.steady(rng, g.units[0], origin, 60, 200_000)
	if err := d.Feed(observe.Piece{FromMillis: origin, ToMillis: origin + 1}, g.units); err != nil {
		t.Fatal(err)
	}
	i := 0
	step := func() {
		d.advance(events[i].AtMillis)
		d.take(&events[i])
		i++
	}
	for range 100_000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%g allocations per event", n)
	}
}

// BenchmarkEvent measures one cell on one route and target, at 60 cells an hour: placing and settling
// its trial for the stream of the route and for the pooled one, and the histograms; with the hour steps
// and without. The CPU time is what counts on a machine that is busy otherwise.
func BenchmarkEvent(b *testing.B) {
	for _, fingerprints := range [][]score.Fingerprint{{syn}, {syn, gateway}} {
		for _, hours := range []bool{false, true} {
			b.Run(fmt.Sprintf("fingerprints=%d/hours=%t", len(fingerprints), hours), func(b *testing.B) {
				benchmarkEvent(b, hours, fingerprints)
			})
		}
	}
}

func benchmarkEvent(b *testing.B, hours bool, fingerprints []score.Fingerprint) {
	d, g := oneRoute(b, fingerprints...)
	rng := rand.New(rand.NewPCG(2, 2))
	events := g.steady(rng, g.units[0], origin, 60, 100_000)
	if err := d.Feed(observe.Piece{FromMillis: origin, ToMillis: origin + 1}, g.units); err != nil {
		b.Fatal(err)
	}
	if !hours {
		d.nextHour = 1 << 62
	}
	span := (events[len(events)-1].AtMillis - origin) / 1000 * 1000
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuNanos()
	for i := range b.N {
		e := events[i%len(events)]
		e.AtMillis += int64(i/len(events)) * span
		d.advance(e.AtMillis)
		d.take(&e)
	}
	perEvent := float64(cpuNanos()-before) / float64(b.N)
	b.ReportMetric(perEvent, "cpu-ns/op")
	b.ReportMetric(perEvent/float64(2*len(fingerprints)), "cpu-ns/stream-event")
}

// cpuNanos is the CPU time that the process has used.
func cpuNanos() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkHour measures the hour step of routes without errors.
func BenchmarkHour(b *testing.B) {
	g := newGrid(1000, 1, rand.New(rand.NewPCG(1, 1)))
	const routes = 1000
	for r := range int32(routes) {
		g.onRoute(r, 0, 1)
	}
	d := New(Options{Fingerprints: []score.Fingerprint{syn, gateway}, Tables: referenceTables(b), FalseAlarmsPerMonth: 1}, g)
	at := int64(origin)
	for b.Loop() {
		if err := d.Feed(observe.Piece{FromMillis: at, ToMillis: at + hourMillis}, g.units); err != nil {
			b.Fatal(err)
		}
		at += hourMillis
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/routes/2, "ns/stream-hour")
}

// BenchmarkFindings measures a live tick over routes with an error a minute: the first findings after
// new errors, which fit a background to every histogram, and the same again.
func BenchmarkFindings(b *testing.B) {
	const routes = 500
	rng := rand.New(rand.NewPCG(7, 7))
	g := newGrid(1000, 5, rng)
	w := world{}
	for r := range int32(routes) {
		g.onRoute(r, 0, 5)
		w.events = append(w.events, g.steady(rng, g.units[5*r], origin, 60, 60*24)...)
	}
	w.sort()
	w.units = g.units
	d := New(Options{Fingerprints: []score.Fingerprint{syn, gateway}, Tables: referenceTables(b), FalseAlarmsPerMonth: 1}, g)
	end := int64(origin + dayMillis)
	w.feed(b, d, origin, end)
	for _, fresh := range []bool{true, false} {
		b.Run(fmt.Sprintf("fresh=%t", fresh), func(b *testing.B) {
			before := cpuNanos()
			for b.Loop() {
				if fresh {
					for _, r := range d.routes {
						r.streams[0].cache, r.streams[1].cache = nil, nil
					}
				}
				d.Findings(end)
			}
			b.ReportMetric(float64(cpuNanos()-before)/float64(b.N)/routes/2, "cpu-ns/finding")
		})
	}
}

// BenchmarkMemory reports the bytes per stream of idle routes, and of routes with an error every
// minute on one of five targets for a week, both for two fingerprints.
func BenchmarkMemory(b *testing.B) {
	for _, c := range []struct {
		name    string
		perHour float64
		targets int32
	}{{"idle", 0, 1}, {"one target", 60, 1}, {"five targets", 60, 5}, {"five targets, one an hour", 1, 5}} {
		b.Run(c.name, func(b *testing.B) {
			const routes = 100
			for b.Loop() {
				rng := rand.New(rand.NewPCG(3, 3))
				g := newGrid(1000, int(c.targets), rng)
				for r := range int32(routes) {
					g.onRoute(r, 0, c.targets)
				}
				tables := referenceTables(b)
				before := heap()
				d := New(Options{Fingerprints: []score.Fingerprint{syn, gateway}, Tables: tables, FalseAlarmsPerMonth: 1}, g)
				end := int64(origin + 8*dayMillis)
				w := world{units: g.units}
				for r := range int32(routes) {
					if c.perHour == 0 {
						break
					}
					for i := range c.targets {
						u := g.units[r*c.targets+i]
						w.events = append(w.events, g.steady(rng, u, origin, c.perHour/float64(c.targets), int(c.perHour*8*24)/int(c.targets))...)
					}
				}
				w.sort()
				w.feed(b, d, origin, end)
				w.events = nil
				b.ReportMetric(float64(heap()-before)/routes/2, "B/stream")
				runtime.KeepAlive(d)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

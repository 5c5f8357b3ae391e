package observe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/finding"
)

// outcome is what must not depend on how time was cut.
type outcome struct {
	events  []Event
	quality finding.Quality
	state   []byte
	units   []Unit
	asked   []string // answers about coverage
}

// advance reads (0, end] in pieces.
func (w world) advance(t testing.TB, rng *rand.Rand, options Options, cuts []int64) outcome {
	t.Helper()
	o := New(options)
	var out outcome
	from := int64(0)
	for _, to := range cuts {
		o.Begin(from, to)
		w.read(rng, o, from, to)
		if rng.IntN(4) == 0 { // a reader that dies in the middle
			abort(t, o)
			o.Begin(from, to)
			w.read(rng, o, from, to)
		}
		p := o.End()
		for _, e := range p.Events {
			if e.AtMillis <= from || e.AtMillis > to {
				t.Fatalf("event at %d outside (%d, %d]", e.AtMillis, from, to)
			}
		}
		out.events = append(out.events, p.Events...)
		p.Quality.Series = 0 // per piece by definition
		out.quality.Add(p.Quality)
		out.asked = append(out.asked, ask(o, from, to)...)
		if rng.IntN(4) == 0 {
			o = reload(t, o, options)
		}
		from = to
	}
	for _, u := range o.Units() {
		out.units = append(out.units, *u)
	}
	out.state = marshal(t, o)
	return out
}

func abort(t testing.TB, o *Observer) {
	t.Helper()
	open := o.stage.open
	o.Abort()
	before := marshal(t, o)
	o.Begin(o.state.watermark, o.state.watermark+1_000_000)
	o.Series(&SeriesID{Route: "x", Target: "x", Counter: "x"}, flat(1, o.state.watermark+1000))
	o.Abort()
	if after := marshal(t, o); !open || !bytes.Equal(before, after) {
		t.Fatal("state changed by Abort")
	}
}

func reload(t testing.TB, o *Observer, options Options) *Observer {
	t.Helper()
	data := marshal(t, o)
	fresh := New(options)
	if err := fresh.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, marshal(t, fresh)) {
		t.Fatal("state changed by a round trip")
	}
	return fresh
}

func marshal(t testing.TB, o *Observer) []byte {
	t.Helper()
	data, err := o.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func compareOutcomes(t testing.TB, want, got outcome) {
	t.Helper()
	if a, b := describe(want.events), describe(got.events); !slices.Equal(a, b) {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("event %d: %s, want %s", i, b[i], a[i])
			}
		}
		t.Fatalf("%d events, want %d", len(b), len(a))
	}
	if want.quality != got.quality {
		t.Fatalf("quality %+v, want %+v", got.quality, want.quality)
	}
	if !slices.Equal(want.units, got.units) {
		t.Fatalf("units %v, want %v", got.units, want.units)
	}
	if !bytes.Equal(want.state, got.state) {
		t.Fatal("state differs")
	}
	for i := range want.asked {
		if want.asked[i] != got.asked[i] {
			t.Fatalf("coverage %s, want %s", got.asked[i], want.asked[i])
		}
	}
}

// ask asks about the coverage at fixed times in (from, to] of every unit that had been seen by then, as
// a detector does that processes the piece in time order.
func ask(o *Observer, from, to int64) []string {
	const every = 7777
	var out []string
	if to > 700_000 {
		return nil // of slow worlds the answers would be too many
	}
	for at := (floorDiv(from, every) + 1) * every; at <= to; at += every {
		var ids []int32
		for _, u := range o.Units() {
			if u.SinceMillis > at {
				continue
			}
			ids = append(ids, u.TargetID)
			covered, last, ok := o.Coverage(u.TargetID, at-every/2)
			out = append(out, fmt.Sprint(at, u.TargetID, covered, last, ok,
				o.Covered(u.TargetID, at-60_000, at), o.Span(u.TargetID, at-60_000, at)))
		}
		out = append(out, fmt.Sprint(at, o.Exposure(ids, at-60_000, at)))
	}
	return out
}

func describe(events []Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprintf("(%d,%d] %s %s %d #%d %v %v", e.LeftMillis, e.AtMillis, e.Unit.Route, e.Unit.Target, e.Unit.DeltaMillis, e.Unit.ID, e.Kind, e.Increment))
	}
	return out
}

// randomCuts cuts (0, end] at random places; some pieces are very short.
func randomCuts(rng *rand.Rand, end int64) []int64 {
	cuts := []int64{end}
	for range rng.IntN(40) {
		at := 1 + rng.Int64N(end-1)
		cuts = append(cuts, at)
		if rng.IntN(3) == 0 {
			cuts = append(cuts, min(end, at+1+rng.Int64N(3000)))
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// seeds returns how many worlds a test looks at: more with GHOSTPAIR_LONG_TESTS.
func seeds() uint64 {
	if os.Getenv("GHOSTPAIR_LONG_TESTS") != "" {
		return 3000
	}
	return 120
}

// TestCuts advances through messy worlds at once and in random pieces, with series in random order,
// readers that die, and restarts from the state in between.
func TestCuts(t *testing.T) {
	t.Parallel()
	const end = 600_000
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 2))
			w := messy(seed, end)
			options := Options{RouteLimit: int(seed % 4)}
			if seed%5 == 0 {
				options.ScrapeInterval = millis(1000)
			}
			want := w.advance(t, rng, options, []int64{end})
			for range 4 {
				compareOutcomes(t, want, w.advance(t, rng, options, randomCuts(rng, end)))
			}
			compareOutcomes(t, want, w.advance(t, rng, options, evenCuts(15_000, end)))
		})
	}
}

func evenCuts(every, end int64) []int64 {
	var cuts []int64
	for at := every; at <= end; at += every {
		cuts = append(cuts, at)
	}
	return cuts
}

// TestCutsOverWeeks does the same with worlds so slow that series, targets and routes are forgotten and
// come back. The reference is read in pieces as long as they may be.
func TestCutsOverWeeks(t *testing.T) {
	t.Parallel()
	const scale, end = 8000, 600_000 * 8000
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 3))
			w := messy(seed, end/scale).slower(scale)
			options := Options{RouteLimit: int(seed % 4)}
			longest := append(evenCuts(retentionMillis/2, end), end)
			want := w.advance(t, rng, options, longest)
			for range 3 {
				cuts := slices.Concat(randomCuts(rng, end), longest)
				slices.Sort(cuts)
				compareOutcomes(t, want, w.advance(t, rng, options, slices.Compact(cuts)))
			}
		})
	}
}

// TestShift adds a constant to all times: nothing else may change.
func TestShift(t *testing.T) {
	t.Parallel()
	const end = 600_000
	for seed := range seeds() / 4 {
		rng := rand.New(rand.NewPCG(seed, 4))
		w := messy(seed, end)
		plain := w.eventsAt(rng, 0, end)
		for _, shift := range []int64{1, 999, 1_790_000_000_123} {
			moved := w.shifted(shift).eventsAt(rng, shift, end)
			for i := range moved {
				moved[i].LeftMillis -= shift
				moved[i].AtMillis -= shift
			}
			if a, b := describe(plain), describe(moved); !slices.Equal(a, b) {
				t.Fatalf("seed %d, shift %d: events differ", seed, shift)
			}
		}
	}
}

// eventsAt returns the events of (origin, origin + length].
func (w world) eventsAt(rng *rand.Rand, origin, length int64) []Event {
	o := New(Options{})
	o.Begin(origin, origin+length)
	w.read(rng, o, origin, origin+length)
	return o.End().Events
}

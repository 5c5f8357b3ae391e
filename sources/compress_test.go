package sources

import (
	"math"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/value"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// keepRuns is a sink that counts runs.
type keepRuns struct{ runs int }

func (k *keepRuns) Scrapes(_ observe.TargetView, runs []observe.Run) { k.runs += len(runs) }
func (k *keepRuns) Series(_ *observe.SeriesID, runs []observe.Run)   { k.runs += len(runs) }

func run(first, step, count int64, v float64) observe.Run {
	return observe.Run{FirstMillis: first, StepMillis: step, Count: count, Value: v}
}

func list(runs ...observe.Run) []observe.Run { return runs }

func TestCompressor(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	stale := math.Float64frombits(value.StaleNaN)
	for _, c := range []struct {
		name string
		in   []point
		want []observe.Run
	}{
		{"nothing", nil, nil},
		{"one", []point{{5, 1}}, list(run(5, 0, 1, 1))},
		{"flat", every(10, 5, 4, 2), list(run(10, 5, 4, 2))},
		{"edges: (0, 100]", []point{{0, 1}, {1, 1}, {100, 1}, {101, 1}}, list(run(1, 99, 2, 1))},
		{"growth", []point{{1, 1}, {2, 1}, {3, 2}, {4, 2}}, list(run(1, 1, 2, 1), run(3, 1, 2, 2))},
		{"a jump in time ends a run", []point{{1, 1}, {2, 1}, {4, 1}}, list(run(1, 1, 2, 1), run(4, 0, 1, 1))},
		{"stale markers are not there", []point{{1, 1}, {2, stale}, {3, 1}}, list(run(1, 2, 2, 1))},
		{"out of order, first of a time wins", []point{{3, 3}, {1, 1}, {3, 9}, {2, 1}}, list(run(1, 1, 2, 1), run(3, 0, 1, 3))},
		{"minus zero is not zero", []point{{1, 0}, {2, math.Copysign(0, -1)}}, list(run(1, 0, 1, 0), run(2, 0, 1, math.Copysign(0, -1)))},
	} {
		var k compressor
		k.reset(0, 100)
		for _, p := range c.in {
			k.add(p.t, p.v)
		}
		if got := k.finish(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	var k compressor
	k.reset(0, 100)
	k.add(1, nan)
	k.add(2, math.Float64frombits(0x7ff8000000000123))
	if got := k.finish(); len(got) != 1 || got[0].Count != 2 || !math.IsNaN(got[0].Value) {
		t.Errorf("NaN of two kinds: %+v", got)
	}
}

// FuzzCompressor: the runs hold exactly the samples of the window, in order, and say the same
// whatever order overlapping parts come in.
func FuzzCompressor(f *testing.F) {
	f.Add([]byte{1, 1, 1, 1, 2, 1, 0, 0})
	f.Add([]byte{5, 1, 5, 1, 250, 1, 5, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		var in []point
		at := int64(-20)
		for i := 0; i+1 < len(data); i += 2 {
			at += int64(int8(data[i]))
			in = append(in, point{at, float64(data[i+1] % 3)})
		}
		var k compressor
		k.reset(0, 200)
		for _, p := range in {
			k.add(p.t, p.v)
		}
		got := expand(k.finish())
		want := map[int64]float64{}
		for _, p := range slices.Backward(in) {
			if p.t > 0 && p.t <= 200 {
				want[p.t] = p.v
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d samples of %d", len(got), len(want))
		}
		last := int64(0)
		for _, p := range got {
			if p.t <= last || want[p.t] != p.v {
				t.Fatalf("sample %v after %d, want value %v", p, last, want[p.t])
			}
			last = p.t
		}
	})
}

func BenchmarkCompressorFlat(b *testing.B) {
	var k compressor
	k.reset(0, math.MaxInt64)
	t := int64(1)
	for b.Loop() {
		k.add(t, 5)
		t += 1000
	}
}

package sources

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// Taking samples by stretches makes the same runs as taking them one by one, wherever the window cuts
// them and whatever their values and spacings are.
func TestStretchEqualsSamples(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	values := []float64{0, 1, 2, math.NaN(), math.Inf(1), -1}
	for range 5000 {
		var whole, single compressor
		lo := rng.Int64N(60)
		hi := lo + rng.Int64N(60)
		whole.reset(lo, hi)
		single.reset(lo, hi)
		at := rng.Int64N(20)
		for range 1 + rng.IntN(6) {
			step, count, v := int64(rng.IntN(5)), 1+rng.IntN(12), values[rng.IntN(len(values))]
			if rng.IntN(20) == 0 {
				step = -step // only a damaged chunk goes back in time
			}
			whole.stretch(at, step, count, v)
			for i := range count {
				single.add(at+int64(i)*step, v)
			}
			at += int64(count)*step + rng.Int64N(3)
		}
		got, want := whole.finish(), single.finish()
		same := func(a, b observe.Run) bool {
			return a.FirstMillis == b.FirstMillis && a.StepMillis == b.StepMillis && a.Count == b.Count &&
				math.Float64bits(a.Value) == math.Float64bits(b.Value)
		}
		if !slices.EqualFunc(got, want, same) || whole.samples != single.samples {
			t.Fatalf("in (%d, %d]: stretches give %v, samples %v", lo, hi, got, want)
		}
	}
}

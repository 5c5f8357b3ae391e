package score

import (
	"math"
	"testing"
)

// A pair is seen by exactly one scrape, so over all right ends the probabilities sum to 1, at any
// phase; and the mean right end is the mean lag, since the two errors are smeared alike.
func FuzzKernel(f *testing.F) {
	f.Add(5.0, 1.5, 1.0, 0.0)
	f.Add(5.0, 0.3, 2.0, 0.4)
	f.Add(10.0, 1.5, 0.25, 0.99)
	f.Add(7.0, 0.0, 3.0, 0.5)
	f.Fuzz(func(t *testing.T, lo, width, delta, phase float64) {
		if !(lo > 0 && lo < 100 && width >= 0 && width < 20 && delta > 0.05 && delta < 100 && phase >= 0 && phase < 1) {
			t.Skip()
		}
		if width < 1e-3 {
			width = 0 // the second difference of a parabola this narrow is all rounding
		}
		kernel := Kernel{Lo: lo, Hi: lo + width}
		for name, at := range map[string]func(lag, delta float64) float64{"At": kernel.At, "AtAnyPhase": kernel.AtAnyPhase} {
			total, mean := 0.0, 0.0
			for k := -3; float64(k-3)*delta < kernel.Hi; k++ {
				lag := (float64(k) + phase) * delta
				p := at(lag, delta)
				if p < 0 || p > 1+1e-9 {
					t.Fatalf("%s(%v, %v) = %v of [%v, %v]", name, lag, delta, p, kernel.Lo, kernel.Hi)
				}
				total += p
				mean += p * lag
			}
			if math.Abs(total-1) > 1e-6 || math.Abs(mean-(kernel.Lo+kernel.Hi)/2) > 1e-6*(1+kernel.Hi) {
				t.Errorf("%s of [%v, %v] at Δ %v, phase %v: sum %v, mean %v", name, kernel.Lo, kernel.Hi, delta, phase, total, mean)
			}
		}
	})
}

// By hand: a lag of exactly 5 s at Δ = 1 s and phase 0 lands five intervals on; at phase ½ it lands
// half the time in either neighbour.
func TestKernelOfOneLag(t *testing.T) {
	t.Parallel()
	kernel := Kernel{Lo: 5, Hi: 5}
	for _, c := range []struct{ lag, want float64 }{{4, 0}, {4.5, 0.5}, {5, 1}, {5.25, 0.75}, {5.5, 0.5}, {6, 0}} {
		if got := kernel.At(c.lag, 1); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("At(%v, 1) = %v, want %v", c.lag, got, c.want)
		}
	}
	// Averaged over the phase: the triangle's share within half an interval is ¾.
	if got := kernel.AtAnyPhase(5, 1); math.Abs(got-0.75) > 1e-12 {
		t.Errorf("AtAnyPhase(5, 1) = %v, want 0.75", got)
	}
}

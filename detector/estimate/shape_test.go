package estimate

import (
	"math"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

var fiveSeconds = score.Fingerprint{Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}

// [5, 6.5] at 1 s: twice 6.5 and 4 are 17 bins beside bin 0; 9.5 times 7 are 66.5, rounded up and one
// more, beside bin 0. A lag of 5 .. 6.5 s smeared by a second either way is in bins 5, 6 and 7 of one
// target; across targets, smeared by half a second more, also in 4. Bin 8 would take a lag of 6.5 s.
func TestShape(t *testing.T) {
	t.Parallel()
	if bins, long := Bins(1000, fiveSeconds), LongBins(1000, fiveSeconds); bins != 18 || long != 69 {
		t.Errorf("%d and %d bins, want 18 and 69", bins, long)
	}
	for _, c := range []struct {
		shape             Shape
		first, last       int
		hotFirst, hotLast int
	}{
		{Shape{Same, 1000, fiveSeconds}, 1, 11, 5, 7},
		{Shape{Any, 1000, fiveSeconds}, 2, 11, 4, 7},
		{Shape{Same, 2000, fiveSeconds}, 1, 5, 2, 4},
	} {
		hot := c.shape.HotBins()
		first, last := c.shape.Window()
		if first != c.first || last != c.last || hot[0] != c.hotFirst || hot[len(hot)-1] != c.hotLast {
			t.Errorf("%v at %d ms: window %d..%d, hot bins %v", c.shape.Level, c.shape.DeltaMillis, first, last, hot)
		}
	}
}

// The hot bins are consecutive, inside the window, and see nearly all pairs where the lag is
// resolvable.
func TestHotBinsAreConsecutive(t *testing.T) {
	t.Parallel()
	for _, fp := range []score.Fingerprint{fiveSeconds, {Lo: 10 * time.Second, Hi: 11500 * time.Millisecond}, {Lo: 700 * time.Millisecond, Hi: 800 * time.Millisecond}} {
		for _, deltaMillis := range score.UsualMillis() {
			for _, level := range []Level{Any, Same} {
				s := Shape{level, deltaMillis, fp}
				hot := s.HotBins()
				first, last := s.Window()
				for i, k := range hot {
					if k < first || k > last || i > 0 && k != hot[i-1]+1 {
						t.Errorf("%v of [%v, %v] at %d ms: hot bins %v in %d..%d", level, fp.Lo, fp.Hi, deltaMillis, hot, first, last)
					}
				}
				if deltaMillis <= 1000 && fp.Lo >= 5*time.Second && math.Abs(s.hotMass(hot)-1) > 1e-9 {
					t.Errorf("%v of [%v, %v] at %d ms: hot bins see %v", level, fp.Lo, fp.Hi, deltaMillis, s.hotMass(hot))
				}
			}
		}
	}
}

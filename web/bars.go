package web

import (
	"fmt"
	"math"

	"github.com/ghostpair/ghostpair/finding"
)

// A drawing of lags is barsHigh high, and has a column barWide wide for each lag.
const (
	barsHigh = 56.0
	barWide  = 22.0
	barThick = 16.0 // the rest of its column is empty
)

// bar is one column of a drawing of lags, in the units of the drawing.
type bar struct {
	X, Y, Height float64 // of what was seen
	ExpectedY    float64 // of what would be expected without pairs
	At           bool    // it is at the lag of the pairs
	Lag, Title   string
}

// bars draws a histogram; nil where there is none.
func bars(h *finding.Histogram, lag *finding.Interval) []bar {
	if h == nil || len(h.Observed) == 0 || len(h.Expected) != len(h.Observed) {
		return nil
	}
	most := 1.0
	for i, n := range h.Observed {
		most = max(most, float64(n), h.Expected[i])
	}
	all := make([]bar, len(h.Observed))
	for i, n := range h.Observed {
		at := h.FirstLagSeconds + float64(i)*h.BinSeconds
		height := barsHigh * float64(n) / most
		all[i] = bar{
			X: float64(i) * barWide, Y: barsHigh - height, Height: height,
			ExpectedY: barsHigh - barsHigh*h.Expected[i]/most,
			At:        lag != nil && math.Abs(at-lag.Estimate) < h.BinSeconds,
			Lag:       fmt.Sprintf("%g", math.Round(100*at)/100),
			Title:     fmt.Sprintf("%g s: %d, expected %.1f", math.Round(100*at)/100, n, h.Expected[i]),
		}
	}
	return all
}

// Right returns the right end of the bar.
func (b bar) Right() float64 { return b.X + barThick }

// Middle returns the middle of the bar.
func (b bar) Middle() float64 { return b.X + barThick/2 }

// Width returns how wide a drawing is.
func (r row) Width() float64 { return barWide * float64(len(r.Bars)) }

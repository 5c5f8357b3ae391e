package chart

import (
	"math"
	"time"

	"gonum.org/v1/plot/vg"

	"github.com/ghostpair/ghostpair/slo"
)

// BurnDown is what was left of an error budget in the course of its window.
type BurnDown struct {
	Start        time.Time // of the window, in the time zone of the labels
	Step         time.Duration
	Remaining    []float64 // share left at the end of each step, from 1 downwards; NaN: not known
	WithoutPairs []float64 // the same had there been no pairs; nil: not drawn
	Period       slo.Span  // of the report, pointed out
	Absent       []slo.Span
}

// deepest is how far below nothing a burn-down is drawn: what is spent ten times over is not worth
// ten times the height.
const deepest = -2.0

// SVG draws the burn-down. The line at 0 is where the budget is spent.
func (b BurnDown) SVG(c Caption) []byte {
	p := newPlot()
	end := b.Start.Add(time.Duration(len(b.Remaining)) * b.Step)
	p.X.Min, p.X.Max = seconds(b.Start), seconds(end)
	lowest := 0.0
	for _, v := range b.Remaining {
		if v < lowest {
			lowest = v
		}
	}
	p.Y.Min, p.Y.Max = max(deepest, 1.1*lowest), 1.03
	if lowest == 0 {
		p.Y.Min = -0.04
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = timeTicks(b.Start, end), percentTicks(p.Y.Min, 1)
	var x []float64
	for i := range b.Remaining {
		x = append(x, min(p.X.Min+float64(i+1)*b.Step.Seconds(), p.X.Max))
	}
	p.Add(bands(b.Absent, hueAbsent), bands([]slo.Span{b.Period}, hueBand), grid{},
		line{x: []float64{p.X.Min, p.X.Max}, y: []float64{0, 0}, hue: hueLimit, width: 1.3})
	if b.WithoutPairs != nil {
		p.Add(line{x: x, y: b.above(p.Y.Min, b.WithoutPairs), hue: huePaired, width: 1.8, dashes: []vg.Length{5, 3}})
	}
	p.Add(line{x: x, y: b.above(p.Y.Min, b.Remaining), hue: hueData, width: 2.2})
	return render(p, c)
}

// above leaves out what is below the chart: the line ends where it leaves it.
func (b BurnDown) above(bottom float64, values []float64) []float64 {
	shown := make([]float64, len(values))
	for i, v := range values {
		if shown[i] = v; v < bottom && (i == 0 || values[i-1] < bottom) {
			shown[i] = math.NaN()
		}
	}
	return shown
}

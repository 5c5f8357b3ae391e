package chart

import (
	"math"
	"time"

	"github.com/ghostpair/ghostpair/slo"
)

// Timeline is errors over time.
type Timeline struct {
	Start  time.Time // in the time zone of the labels
	Step   time.Duration
	Errors []float64 // of each step
	Paired []float64 // of these, those to be marked; nil: none
	Absent []slo.Span
	Left   []slo.Span // out of the count: maintenance
}

// SVG draws the timeline as bars.
func (t Timeline) SVG(c Caption) []byte {
	p := newPlot()
	end := t.Start.Add(time.Duration(len(t.Errors)) * t.Step)
	p.X.Min, p.X.Max = seconds(t.Start), seconds(end)
	p.Y.Min, p.Y.Max = 0, max(1, 1.08*largest(t.Errors))
	p.X.Tick.Marker, p.Y.Tick.Marker = timeTicks(t.Start, end), countTicks(p.Y.Max)
	var rest, paired []box
	for i, n := range t.Errors {
		left := seconds(t.Start) + float64(i)*t.Step.Seconds()
		bar := box{left: left, right: left + 0.9*t.Step.Seconds(), top: n}
		marked := bar
		if i < len(t.Paired) && t.Paired[i] > 0 {
			marked.top = min(t.Paired[i], n)
			bar.bottom = marked.top
			paired = append(paired, marked)
		}
		if n > 0 {
			rest = append(rest, bar)
		}
	}
	p.Add(bands(t.Absent, hueAbsent), bands(t.Left, hueBand), grid{}, boxes{all: rest, hue: hueData}, boxes{all: paired, hue: huePaired})
	return render(p, c)
}

func bands(spans []slo.Span, h hue) boxes {
	b := boxes{hue: h, whole: true}
	for _, s := range spans {
		b.all = append(b.all, box{left: seconds(s.From), right: seconds(s.To)})
	}
	return b
}

// largest is the largest number of values, 0 when there is none.
func largest(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			top = max(top, v)
		}
	}
	return top
}

package chart

import (
	"strconv"

	"gonum.org/v1/plot"

	"github.com/ghostpair/ghostpair/finding"
)

// Histogram draws how often two errors were how far apart: what was counted as bars, the expected
// background as a line, and the lags of the fingerprint as a band. The bars in the band are those
// that pairs fill.
func Histogram(c Caption, h finding.Histogram, fingerprint Range) []byte {
	p := newPlot()
	p.X.Label.Text = "seconds between two errors"
	half := h.BinSeconds / 2
	p.X.Min, p.X.Max = h.FirstLagSeconds-half, h.FirstLagSeconds+(float64(len(h.Observed))-0.5)*h.BinSeconds
	top := 1.0
	var plain, hot []box
	for i, n := range h.Observed {
		lag := h.FirstLagSeconds + float64(i)*h.BinSeconds
		bar := box{left: lag - 0.85*half, right: lag + 0.85*half, top: float64(n)}
		if lag > fingerprint.Lower-h.BinSeconds && lag < fingerprint.Upper+h.BinSeconds {
			hot = append(hot, bar)
		} else {
			plain = append(plain, bar)
		}
		top = max(top, float64(n), expected(h, i))
	}
	p.Y.Min, p.Y.Max = 0, 1.08*top
	p.Y.Tick.Marker = countTicks(p.Y.Max)
	p.X.Tick.Marker = secondTicks(p.X.Min, p.X.Max)
	p.Add(boxes{all: []box{{left: fingerprint.Lower, right: fingerprint.Upper}}, hue: hueBand, whole: true}, grid{},
		boxes{all: plain, hue: hueData}, boxes{all: hot, hue: huePaired}, backgroundLine(h))
	return render(p, c)
}

// backgroundLine is the expected background as steps as wide as the bars.
func backgroundLine(h finding.Histogram) line {
	l := line{hue: hueModel, width: 1.8, steps: true}
	for i := range h.Expected {
		left := h.FirstLagSeconds + (float64(i)-0.5)*h.BinSeconds
		l.x = append(l.x, left)
		l.y = append(l.y, h.Expected[i])
	}
	if n := len(l.x); n > 0 {
		l.x, l.y = append(l.x, l.x[n-1]+h.BinSeconds), append(l.y, l.y[n-1])
	}
	return l
}

func secondTicks(from, to float64) plot.ConstantTicks {
	step := roundStep((to-from)/8, 1)
	var ticks plot.ConstantTicks
	for i := 0; float64(i)*step <= to; i++ {
		if v := float64(i) * step; v >= from {
			ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 4, 64)})
		}
	}
	return ticks
}

package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// box is a rectangle in the units of the axes.
type box struct{ left, right, bottom, top float64 }

// boxes draws rectangles of one colour as a single path, which keeps a chart of hundreds of bars
// small.
type boxes struct {
	all   []box
	hue   hue
	whole bool // from the bottom of the plot to its top
}

// Plot implements plot.Plotter.
func (b boxes) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var path vg.Path
	for _, r := range b.all {
		left, right := x(max(r.left, p.X.Min)), x(min(r.right, p.X.Max))
		bottom, top := y(r.bottom), y(min(r.top, p.Y.Max))
		if b.whole {
			bottom, top = c.Min.Y, c.Max.Y
		}
		if right <= left || top <= bottom {
			continue
		}
		path.Move(vg.Point{X: left, Y: bottom})
		path.Line(vg.Point{X: left, Y: top})
		path.Line(vg.Point{X: right, Y: top})
		path.Line(vg.Point{X: right, Y: bottom})
		path.Close()
	}
	if len(path) > 0 {
		c.SetColor(b.hue.color())
		c.Fill(path)
	}
}

// line is a polygonal line. NaN interrupts it.
type line struct {
	x, y   []float64
	hue    hue
	width  float64
	dashes []vg.Length
	steps  bool // level between the points
}

// Plot implements plot.Plotter.
func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var path vg.Path
	open := false
	for i := range l.x {
		if math.IsNaN(l.y[i]) {
			open = false
			continue
		}
		at := vg.Point{X: toX(l.x[i]), Y: toY(min(max(l.y[i], p.Y.Min), p.Y.Max))}
		switch {
		case !open:
			path.Move(at)
		case l.steps:
			path.Line(vg.Point{X: at.X, Y: toY(min(max(l.y[i-1], p.Y.Min), p.Y.Max))})
			path.Line(at)
		default:
			path.Line(at)
		}
		open = true
	}
	if len(path) > 0 {
		c.SetLineStyle(draw.LineStyle{Color: l.hue.color(), Width: points(l.width), Dashes: l.dashes})
		c.Stroke(path)
	}
}

// grid draws a line behind the data at every labelled tick of the y axis.
type grid struct{}

// Plot implements plot.Plotter.
func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	var path vg.Path
	for _, tick := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if tick.IsMinor() || tick.Value < p.Y.Min || tick.Value > p.Y.Max {
			continue
		}
		path.Move(vg.Point{X: c.Min.X, Y: y(tick.Value)})
		path.Line(vg.Point{X: c.Max.X, Y: y(tick.Value)})
	}
	if len(path) > 0 {
		c.SetLineStyle(draw.LineStyle{Color: hueGrid.color(), Width: points(0.7)})
		c.Stroke(path)
	}
}

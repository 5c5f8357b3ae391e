package chart

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Caption says in words what a chart shows, for those who cannot see it.
type Caption struct {
	Title       string // a few words
	Description string // what there is to see in it, with the numbers that matter
}

// A hue is a colour by its role. Charts are drawn in stand-ins, which are then replaced by CSS
// variables, so that the page that holds the chart decides on the colours, for light and dark.
type hue uint8

const (
	hueText   hue = iota + 1 // labels
	hueGrid                  // lines behind the data
	hueData                  // what was counted
	huePaired                // what is in pairs, or can be
	hueModel                 // what a model says
	hueBand                  // a stretch that is pointed out
	hueAbsent                // a stretch without data
	hueLimit                 // the line that should not be crossed
)

// variables are the names of the CSS variables, which the page has to set.
var variables = map[hue]string{
	hueText: "--chart-text", hueGrid: "--chart-grid", hueData: "--chart-data", huePaired: "--chart-paired",
	hueModel: "--chart-model", hueBand: "--chart-band", hueAbsent: "--chart-absent", hueLimit: "--chart-limit",
}

// color is the stand-in: no shade of grey, so that nothing else is mistaken for one.
func (h hue) color() color.Color { return color.NRGBA{R: 1, G: 2, B: uint8(h), A: 255} }

// css is how the hue is written in a style.
func (h hue) css() string { return "var(" + variables[h] + ")" }

// Width and height of the large charts, in units of a CSS pixel before scaling: small enough to be
// read on a phone, where two columns become one.
const (
	width    = 460
	height   = 190
	fontSize = 12
)

// measured is the font with which room for labels is reserved: the page shows its own sans-serif font,
// which may be a little wider.
var measured = font.Font{Typeface: "Liberation", Variant: "Sans", Size: font.Length(fontSize * 1.08)}

// newPlot returns an empty plot in the style that all charts share.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color = hueGrid.color()
		axis.Tick.Color = hueGrid.color()
		axis.Tick.Label.Color = hueText.color()
		axis.Tick.Label.Font = measured
		axis.Label.TextStyle.Color = hueText.color()
		axis.Label.TextStyle.Font = measured
		axis.Label.Padding = 2
		axis.Padding = 0
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.LineStyle.Width = 0
	p.Y.Tick.Length = 2
	p.X.Tick.Length = 3
	return p
}

var (
	fontStyle  = regexp.MustCompile(`font-family:[^;"]*;font-variant:[^;"]*;font-weight:[^;"]*;font-style:[^;"]*;`)
	oddSpaces  = regexp.MustCompile(`\s*\n\s*`)
	betweenTag = regexp.MustCompile(`>\s+<`)
)

// render draws a plot as an SVG element to be placed in a page: scaled by its container, described
// for screen readers, in the font and the colours of the page.
func render(p *plot.Plot, c Caption) []byte {
	canvas := vgsvg.New(width, height)
	p.Draw(draw.New(canvas))
	var drawn bytes.Buffer
	if _, err := canvas.WriteTo(&drawn); err != nil {
		return nil // cannot be: a buffer takes everything
	}
	text := drawn.String()
	text = text[strings.Index(text, "<svg"):]
	text = text[strings.Index(text, ">")+1:]
	text = strings.ReplaceAll(text, fmt.Sprintf("font-size:%.5gpx", fontSize*1.08), fmt.Sprintf("font-size:%dpx", fontSize))
	text = betweenTag.ReplaceAllString(oddSpaces.ReplaceAllString(fontStyle.ReplaceAllString(text, ""), " "), "><")
	for h := range variables {
		r, g, b, _ := h.color().RGBA()
		text = strings.ReplaceAll(text, fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8), h.css())
	}
	return []byte(opening(width, height, c) + strings.TrimSpace(text))
}

// opening is the start tag of an SVG element and its description.
func opening(w, h int, c Caption) string {
	return fmt.Sprintf(`<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg"><title>%s</title>`,
		w, h, html.EscapeString(clean(c.Title+". "+c.Description)), html.EscapeString(clean(c.Title)))
}

// clean drops what XML cannot hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// points converts numbers of a style to lengths on the canvas.
func points(v float64) vg.Length { return vg.Points(v) }

package chart

import (
	"fmt"
	"html"
	"strings"
)

// Sparkline draws values as small bars, with a part of each marked. It is for tables: no axes, a
// few hundred bytes.
func Sparkline(c Caption, values, marked []float64) []byte {
	const h = 22
	top := max(largest(values), 1e-9)
	var rest, paired strings.Builder
	for i, v := range values {
		if v <= 0 {
			continue
		}
		m := 0.0
		if i < len(marked) {
			m = min(marked[i], v)
		}
		whole, part := max(1, h*v/top), h*m/top
		if part > 0 {
			fmt.Fprintf(&paired, "M%d,%dh1v%sh-1z", i, h, tenths(-part))
		}
		if whole > part {
			fmt.Fprintf(&rest, "M%d,%sh1v%sh-1z", i, tenths(h-part), tenths(part-whole))
		}
	}
	w := max(len(values), 1)
	title := html.EscapeString(clean(c.Title + ". " + c.Description))
	svg := fmt.Sprintf(`<svg class="spark" viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg">`, w, h, title)
	svg += pathOf(rest.String(), hueData) + pathOf(paired.String(), huePaired)
	return []byte(svg + "</svg>")
}

func pathOf(data string, h hue) string {
	if data == "" {
		return ""
	}
	return fmt.Sprintf(`<path d="%s" style="fill:%s"/>`, data, h.css())
}

// tenths writes a coordinate with at most one decimal.
func tenths(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// Column is one bar of Columns.
type Column struct {
	Label string
	Value float64 // 1 reaches the limit
	Part  float64 // of Value, marked
	Known bool    // else there was no data
}

// Columns draws a few labelled bars with the limit at 1: the last weeks of one route.
func Columns(c Caption, all []Column) []byte {
	const w, h, foot, head = 180, 92, 16, 14
	top := 1.0
	for _, column := range all {
		top = max(top, min(column.Value, 10))
	}
	scale := float64(h-foot-head) / top
	step := float64(w) / float64(max(len(all), 1))
	var b strings.Builder
	b.WriteString(opening(w, h, c))
	limit := tenths(h - foot - scale)
	fmt.Fprintf(&b, `<path d="M0,%sH%d" style="stroke:%s;stroke-width:1;stroke-dasharray:3 2"/>`, limit, w, hueLimit.css())
	for i, column := range all {
		x := float64(i)*step + 0.15*step
		if column.Known {
			whole, part := min(column.Value, 10)*scale, min(column.Part, 10)*scale
			fmt.Fprintf(&b, `<rect x="%s" y="%s" width="%s" height="%s" style="fill:%s"/>`, tenths(x), tenths(h-foot-whole), tenths(0.7*step), tenths(whole-part), hueData.css())
			if part > 0 {
				fmt.Fprintf(&b, `<rect x="%s" y="%s" width="%s" height="%s" style="fill:%s"/>`, tenths(x), tenths(h-foot-part), tenths(0.7*step), tenths(part), huePaired.css())
			}
			b.WriteString(label(x+0.35*step, h-foot-whole-3, fmt.Sprintf("%.3g×", column.Value)))
		} else {
			b.WriteString(label(x+0.35*step, h-foot-4, "–"))
		}
		b.WriteString(label(x+0.35*step, h-4, column.Label))
	}
	b.WriteString("</svg>")
	return []byte(b.String())
}

func label(x, y float64, text string) string {
	return fmt.Sprintf(`<text x="%s" y="%s" text-anchor="middle" style="font-size:10px;fill:%s">%s</text>`,
		tenths(x), tenths(y), hueText.css(), html.EscapeString(clean(text)))
}

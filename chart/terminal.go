// Package chart draws what ghostpair found. It takes data and gives text: no clock, no I/O.
package chart

import (
	"fmt"
	"math"
	"strings"

	"github.com/ghostpair/ghostpair/finding"
)

// Range is a stretch of lags in seconds, both ends included.
type Range struct{ Lower, Upper float64 }

// eighths are the left-aligned blocks of one to seven eighths of a column.
var eighths = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// TerminalHistogram draws the histogram of lags as lines of text that are at most width columns
// wide, one lag a line, with the expected background as a mark on the bar and the bins that the
// fingerprint can fill pointed out. Width below 40 is taken as 40.
func TerminalHistogram(h finding.Histogram, fingerprint Range, width int) []string {
	bars := max(width, 40) - len("  12.00 s ▶ ") - len("  1234567 (1234.5)")
	scale := 0.0
	for i, n := range h.Observed {
		scale = max(scale, float64(n), expected(h, i))
	}
	lines := make([]string, 0, len(h.Observed)+1)
	lines = append(lines, fmt.Sprintf("%9s   %s", "lag", "pairs of errors (│ and in brackets: expected without ghosts)"))
	for i, n := range h.Observed {
		lag := h.FirstLagSeconds + float64(i)*h.BinSeconds
		mark := " "
		if lag > fingerprint.Lower-h.BinSeconds && lag < fingerprint.Upper+h.BinSeconds {
			mark = "▶"
		}
		drawn := bar(float64(n), expected(h, i), scale, bars)
		lines = append(lines, fmt.Sprintf("%7.2f s %s %s %d (%.1f)", lag, mark, drawn, n, expected(h, i)))
	}
	return lines
}

// expected returns the background of bin i, 0 where it is not known.
func expected(h finding.Histogram, i int) float64 {
	if i < len(h.Expected) {
		return h.Expected[i]
	}
	return 0
}

// bar draws n of scale as a bar in columns columns, with a mark where the background ends.
func bar(n, background, scale float64, columns int) string {
	if scale <= 0 {
		return strings.Repeat(" ", columns)
	}
	length := int(math.Round(8 * n / scale * float64(columns)))
	cells := make([]string, columns)
	for i := range cells {
		switch left := length - 8*i; {
		case left >= 8:
			cells[i] = "█"
		case left > 0:
			cells[i] = eighths[left]
		default:
			cells[i] = " "
		}
	}
	if background > 0 {
		cells[min(columns-1, int(background/scale*float64(columns)))] = "│"
	}
	return strings.Join(cells, "")
}

package chart

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ghostpair/ghostpair/finding"
)

// Eleven lags of one second, three of which a 5–6.5 s fingerprint can fill: the bins whose intervals
// of (lag − 1, lag + 1) seconds reach into it.
func TestTerminalHistogram(t *testing.T) {
	t.Parallel()
	h := finding.Histogram{
		BinSeconds: 1, FirstLagSeconds: 1,
		Observed: []int{4, 3, 5, 4, 9, 16, 6, 3, 4, 2, 3},
		Expected: []float64{4, 3.9, 3.8, 3.8, 3.7, 3.6, 3.5, 3.5, 3.4, 3.3, 3.2},
	}
	lines := TerminalHistogram(h, Range{5, 6.5}, 80)
	if len(lines) != 12 {
		t.Fatalf("%d lines, want a heading and eleven lags", len(lines))
	}
	marked := 0
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("line %d is %d columns wide, want at most 80", i, n)
		}
		if strings.Contains(line, "▶") {
			marked++
		}
	}
	if marked != 3 {
		t.Errorf("%d lags marked, want 5, 6 and 7 s:\n%s", marked, strings.Join(lines, "\n"))
	}
	if full, empty := strings.Count(lines[6], "█"), strings.Count(lines[11], "█"); full <= 4*empty {
		t.Errorf("16 pairs are %d blocks and 3 are %d: want five times as many", full, empty)
	}
}

// Nothing observed and nothing expected: blank bars, no division by zero.
func TestTerminalHistogramEmpty(t *testing.T) {
	t.Parallel()
	lines := TerminalHistogram(finding.Histogram{BinSeconds: 1, Observed: make([]int, 3)}, Range{5, 6.5}, 10)
	for _, line := range lines[1:] {
		if strings.ContainsAny(line, "█│") {
			t.Errorf("an empty bin draws %q", line)
		}
	}
}

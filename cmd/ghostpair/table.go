package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ghostpair/ghostpair/finding"
)

// table is rows of cells; the first row is the head and the first column the one that gives way
// when the whole is too wide.
type table [][]string

// lines returns the rows in columns, each at most width runes long where that leaves anything of the
// first column.
func (t table) lines(width int) []string {
	columns := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			columns[i] = max(columns[i], utf8.RuneCountInString(cell))
		}
	}
	rest := 2 * (len(columns) - 1)
	for _, c := range columns[1:] {
		rest += c
	}
	columns[0] = min(columns[0], max(width-rest, 16))
	lines := make([]string, len(t))
	for r, row := range t {
		var b strings.Builder
		for i, cell := range row {
			cell = shorten(cell, columns[i])
			b.WriteString(cell + strings.Repeat(" ", columns[i]-utf8.RuneCountInString(cell)+2))
		}
		lines[r] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// shorten takes out the middle of a text that is too long: both ends of a route tell it apart.
func shorten(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	head := (width - 1) / 2
	tail := width - 1 - head
	return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
}

// fold breaks text into lines at spaces. A word that is longer than a line gets one of its own.
func fold(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// routeName returns a route as it may be shown on a terminal: labels may hold anything.
func routeName(route string) string {
	if route == finding.PooledRoute {
		return "* (all routes)"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, route)
}

func lagText(v *finding.Interval) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f s (%.2f–%.2f)", v.Estimate, v.Lower, v.Upper)
}

func ratioText(v *finding.Interval) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f %% (%.0f–%.0f)", 100*v.Estimate, 100*v.Lower, 100*v.Upper)
}

func since(f finding.Finding) string {
	if f.FirstAlarm == nil {
		return "–"
	}
	return minute(*f.FirstAlarm)
}

func peak(f finding.Finding) float64 {
	if f.EvidencePeakLog10 == nil {
		return -1
	}
	return *f.EvidencePeakLog10
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// examples joins the first names and says how many more there are.
func examples(names []string) string {
	more := len(names) - shownExamples
	if more <= 0 {
		return strings.Join(names, ", ")
	}
	return strings.Join(slices.Concat(names[:shownExamples], []string{fmt.Sprintf("and %d more", more)}), ", ")
}

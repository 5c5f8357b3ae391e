package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/finding"
)

// fold breaks text into lines at spaces. A word that is longer than a line gets one of its own.
func fold(text string, width int) []string { return chart.Fold(text, width) }

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

func lagText(v finding.Interval) string {
	return fmt.Sprintf("%.2f s (%.2f to %.2f)", v.Estimate, v.Lower, v.Upper)
}

func errorsText(f finding.Finding) string {
	text := plural(int(f.Errors), "error")
	if f.PairRatio != nil {
		text += fmt.Sprintf(", %.0f %% (%.0f to %.0f) of them in pairs", 100*f.PairRatio.Estimate, 100*f.PairRatio.Lower, 100*f.PairRatio.Upper)
	}
	text += " on " + plural(f.Targets, "target")
	if f.ScrapeIntervalSeconds != nil {
		text += fmt.Sprintf(", scraped every %g s", *f.ScrapeIntervalSeconds)
	}
	return text
}

// since says when the verdict was reached first, or, of a suspicion, when it began.
func since(f finding.Finding) string {
	if f.FirstAlarm != nil {
		return ", found " + minute(*f.FirstAlarm)
	}
	if n := len(f.Transitions); f.Verdict == finding.Suspected && n > 0 {
		return ", suspected since " + minute(f.Transitions[n-1].At)
	}
	return ""
}

// peak is what findings are sorted by.
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

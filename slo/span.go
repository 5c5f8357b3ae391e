package slo

import (
	"slices"
	"time"
)

// Span is a half-open stretch of time (From, To].
type Span struct{ From, To time.Time }

// Duration is the length of s, 0 when it ends before it begins.
func (s Span) Duration() time.Duration { return max(0, s.To.Sub(s.From)) }

// Holds tells whether t is in s.
func (s Span) Holds(t time.Time) bool { return t.After(s.From) && !t.After(s.To) }

// Union returns the same time as spans, in order, without overlaps and empty spans. Overlapping
// maintenance windows are excluded once.
func Union(spans []Span) []Span {
	ordered := slices.Clone(spans)
	slices.SortFunc(ordered, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range ordered {
		if s.Duration() == 0 {
			continue
		}
		if n := len(out); n > 0 && !s.From.After(out[n-1].To) {
			if s.To.After(out[n-1].To) {
				out[n-1].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// Without returns the parts of whole that are in none of excluded, in order.
func Without(whole Span, excluded []Span) []Span {
	var out []Span
	from := whole.From
	for _, s := range Union(excluded) {
		if !s.To.After(from) {
			continue
		}
		if !s.From.Before(whole.To) {
			break
		}
		if s.From.After(from) {
			out = append(out, Span{from, s.From})
		}
		from = s.To
	}
	if from.Before(whole.To) {
		out = append(out, Span{from, whole.To})
	}
	return out
}

// Total is the summed length of spans that do not overlap.
func Total(spans []Span) time.Duration {
	var total time.Duration
	for _, s := range spans {
		total += s.Duration()
	}
	return total
}

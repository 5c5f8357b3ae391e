package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/finding"
)

// maxMembers is how many routes are named that carried a pooled finding.
const maxMembers = 8

// row is a finding as the page shows it.
type row struct {
	found                                                                   bool // paired or suspected
	Verdict, Source, Route, Fingerprint, Lag, Share, Errors, Interval, Note string
	Evidence, Threshold                                                     string
	Percent                                                                 int    // of the way to the threshold
	Since                                                                   string // when the verdict was reached; empty: not known
	Again                                                                   string // when pairs were proven once more; empty: not since
	Members                                                                 string
	Labels                                                                  []string
	Bars                                                                    []bar
	Why                                                                     *why // nil: nothing to say
}

// findingRows returns one row a finding, what needs attention first.
func findingRows(e *finding.Evaluation) []row {
	sorted := slices.Clone(e.Findings)
	slices.SortStableFunc(sorted, func(a, b finding.Finding) int {
		if a.Verdict != b.Verdict {
			return urgency(a.Verdict) - urgency(b.Verdict)
		}
		if pooled := a.Route == finding.PooledRoute; pooled != (b.Route == finding.PooledRoute) {
			if pooled {
				return 1 // a route that is named says more
			}
			return -1
		}
		return -compareEvidence(a.EvidenceLog10, b.EvidenceLog10)
	})
	rows := make([]row, len(sorted))
	for i := range sorted {
		rows[i] = findingRow(&sorted[i], e.ThresholdLog10[sorted[i].Source])
	}
	return rows
}

func urgency(v finding.Verdict) int {
	switch v {
	case finding.Paired:
		return 0
	case finding.Suspected:
		return 1
	case finding.Undecided:
		return 2
	default:
		return 3
	}
}

func compareEvidence(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	case *a < *b:
		return -1
	case *a > *b:
		return 1
	default:
		return 0
	}
}

func findingRow(f *finding.Finding, threshold *float64) row {
	r := row{
		found:   f.Verdict == finding.Paired || f.Verdict == finding.Suspected,
		Verdict: f.Verdict.String(), Source: f.Source + " (" + f.Signal + ")", Route: f.Route, Fingerprint: f.Fingerprint,
		Lag:      interval(f.LagSeconds, 1, "%.2f s (%.2f–%.2f)"),
		Share:    interval(f.PairRatio, 100, "%.0f %% (%.0f–%.0f)"),
		Errors:   fmt.Sprint(f.Errors),
		Interval: number(f.ScrapeIntervalSeconds, "%g s"),
		Evidence: number(f.EvidenceLog10, "%.1f"), Threshold: number(threshold, "%.1f"),
		Labels: f.Labels, Note: f.Advice, Members: members(f.Members),
	}
	r.Since, r.Again = since(f)
	if r.found {
		r.Bars = bars(f.Histogram, f.LagSeconds)
	}
	r.Why = whyOf(f, r.found)
	if f.Route == finding.PooledRoute {
		r.Route = "all routes together"
	}
	if f.Verdict == finding.Undecided && len(f.Reasons) > 0 {
		r.Note = strings.TrimSpace(strings.Join(f.Reasons, ", ") + ": " + f.Advice)
	}
	if f.EvidenceLog10 != nil && threshold != nil && *threshold > 0 {
		r.Percent = int(100 * min(max(*f.EvidenceLog10/(*threshold), 0), 1))
	}
	return r
}

// since returns when the verdict was reached, empty where no transition says so. Pairs are found at their
// first alarm, as the text and the CSV of a backfill say; each later one is another proof.
func since(f *finding.Finding) (first, again string) {
	for _, t := range slices.Backward(f.Transitions) {
		if t.Verdict == f.Verdict.String() {
			first = stamp(t.At)
			break
		}
	}
	if f.Verdict == finding.Paired && f.FirstAlarm != nil && stamp(*f.FirstAlarm) != first {
		return stamp(*f.FirstAlarm), first
	}
	return first, ""
}

// members names the routes that carried a pooled finding, the most active first.
func members(all []finding.Member) string {
	var names []string
	for _, m := range all[:min(len(all), maxMembers)] {
		names = append(names, m.Route)
	}
	if more := len(all) - maxMembers; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

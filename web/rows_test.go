package web

import (
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Pairs are found at the first alarm, and each later alarm is another proof; a suspicion has no alarm
// and begins with its latest transition.
func TestSince(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 1, 5, 13, 0, 0, 0, time.UTC)
	later := first.Add(26 * time.Hour)
	at := func(t time.Time, verdict string) finding.Transition {
		return finding.Transition{At: t, Verdict: verdict}
	}
	for name, test := range map[string]struct {
		finding      finding.Finding
		since, again string
	}{
		"found": {
			finding.Finding{Verdict: finding.Paired, FirstAlarm: &first, Transitions: []finding.Transition{at(first, "paired")}},
			"2026-01-05 13:00:00 UTC", "",
		},
		"proven again": {
			finding.Finding{Verdict: finding.Paired, FirstAlarm: &first, Transitions: []finding.Transition{at(first, "paired"), at(later, "paired")}},
			"2026-01-05 13:00:00 UTC", "2026-01-06 15:00:00 UTC",
		},
		"suspected": {
			finding.Finding{Verdict: finding.Suspected, Transitions: []finding.Transition{at(first, "suspected"), at(first, "undecided"), at(later, "suspected")}},
			"2026-01-06 15:00:00 UTC", "",
		},
		"not known": {finding.Finding{Verdict: finding.Clear}, "", ""},
	} {
		if since, again := since(&test.finding); since != test.since || again != test.again {
			t.Errorf("%s: %q and %q, want %q and %q", name, since, again, test.since, test.again)
		}
	}
}

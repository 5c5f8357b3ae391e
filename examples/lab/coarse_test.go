package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

const (
	// A route is looked at when 20, 40, 80, … of its connects have failed within a UTC day, as far as
	// they are settled: in blocks of eight scrape intervals, each two intervals after its end.
	coarseInterval = 15 * time.Second
	coarseBlock    = 8 * coarseInterval
	settlesAfter   = 2 * coarseInterval
	firstLook      = 20
	// dwellSlack is by how much, in seconds, a 95 % interval may miss the true wait: several are looked at in each run.
	dwellSlack = 0.25
)

// dwell is what a finding says about how long failed connects waited.
func dwell(f finding.Finding) string {
	if c, found := checkOf(f, "dwell-time"); found {
		return c.Text
	}
	return ""
}

func checkOf(f finding.Finding, name string) (finding.Check, bool) {
	i := slices.IndexFunc(f.Checks, func(c finding.Check) bool { return c.Name == name })
	if i < 0 {
		return finding.Check{}, false
	}
	return f.Checks[i], true
}

// checkCoarse looks at what can be told from the 15 s job alone: no gap, but how long connects
// waited, and so which routes are suspected, and why.
func (l *laboratory) checkCoarse(t *testing.T) {
	for _, want := range expectations(l.log) {
		f, found := pick(l.coarse, want.signal, want.Name)
		if f.Errors != int64(want.errors) {
			t.Errorf("%d errors in %s of %s (listed: %t), the clients saw %d", f.Errors, want.signal, want.Name, found, want.errors)
		}
		if want.errors == 0 {
			continue
		}
		switch {
		case want.suspected:
			l.checkSuspected(t, want, f)
		case want.maybe && f.Verdict == finding.Suspected: // its errors do last as long as the timeout
		case f.Verdict != finding.Undecided || !slices.Contains(f.Reasons, finding.ReasonLagNotResolvable):
			t.Errorf("%s of %s is %v, reasons %v; want undecided, %s", want.signal, want.Name, f.Verdict, f.Reasons, finding.ReasonLagNotResolvable)
		}
		if !strings.Contains(strings.ToLower(f.Advice), "scrape") {
			t.Errorf("%s of %s: the advice does not say to scrape faster: %q", want.signal, want.Name, f.Advice)
		}
	}
}

// checkSuspected requires that the suspicion came at the first or second look, and rests on a wait of
// about 5 s.
func (l *laboratory) checkSuspected(t *testing.T, want expectation, f finding.Finding) {
	n := slices.IndexFunc(f.Transitions, func(c finding.Transition) bool { return c.Verdict == finding.Suspected.String() })
	if f.Verdict != finding.Suspected || n < 0 {
		t.Errorf("%s of %s is %v, reasons %v, after %v; want suspected", want.signal, want.Name, f.Verdict, f.Reasons, f.Transitions)
		return
	}
	if looks := l.looks(want.scenario, f.Transitions[n].At); looks > 2 {
		t.Errorf("%s of %s is suspected since %v, at look %d; want the first or the second", want.signal, want.Name, f.Transitions[n].At, looks)
	}
	if c, found := checkOf(f, "dwell-time"); !found || c.Outcome != "supports" || c.Lower == nil || *c.Lower > 5+dwellSlack || *c.Upper < 5-dwellSlack {
		t.Errorf("%s of %s: dwell time %+v, want an interval that covers 5 s", want.signal, want.Name, c)
	}
}

// looks counts the looks at a route's failed connects up to a time. A failure counts from the next
// scrape on, of which the log does not know: it is taken to come as late as it can.
func (l *laboratory) looks(s scenario, at time.Time) (taken int) {
	due := firstLook
	for end := at.Truncate(24 * time.Hour).Add(coarseBlock); !end.Add(settlesAfter).After(at); end = end.Add(coarseBlock) {
		failures := 0
		for _, a := range l.log.Errors(s.Name) {
			if seen := a.End.Add(coarseInterval); !seen.After(end) && !seen.Before(at.Truncate(24*time.Hour)) {
				failures += s.grows[connectTimeouts]
			}
		}
		if failures >= due {
			taken++
		}
		for due <= failures {
			due *= 2
		}
	}
	return taken
}

// checkCauses requires the right first cause: at 15 s everywhere, and at 1 s where errors are paired.
func (l *laboratory) checkCauses(t *testing.T) {
	for _, want := range expectations(l.log) {
		if want.errors == 0 {
			continue
		}
		coarse, _ := pick(l.coarse, want.signal, want.Name)
		checkLeading(t, "15 s", want, coarse)
		if fine, _ := pick(l.document, want.signal, want.Name); fine.Verdict == finding.Paired {
			checkLeading(t, "1 s", want, fine)
		}
	}
}

func checkLeading(t *testing.T, scrape string, want expectation, f finding.Finding) {
	var named []string
	leading := 0
	for _, c := range f.Causes {
		named = append(named, c.Name)
		if c.Score == f.Causes[0].Score {
			leading++
		}
	}
	if !slices.Equal(named[:leading], want.causes) || !slices.Equal(named[leading:], want.alsoNamed) {
		t.Errorf("%s of %s at %s: causes %v lead, then %v; want %v, then %v", want.signal, want.Name, scrape, named[:leading], named[leading:], want.causes, want.alsoNamed)
		for _, c := range f.Checks {
			t.Logf("  %s %s: %s", c.Name, c.Outcome, c.Text)
		}
	}
}

package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// Open is something that is not known: what it takes to know it, and the checks that it would
// decide.
type Open struct {
	Needs  string
	Checks []string
}

// String names the checks behind what they take.
func (o Open) String() string { return o.Needs + " (" + strings.Join(o.Checks, ", ") + ")" }

// Points from which a prediction is worth asking for: common signs fit everything.
const tells = 2

// open lists the checks that are not decided and would name a cause, confirm the leading one or
// tell the leading ones apart. Checks of which most causes depend come first.
func (e *Explanation) open(f *finding.Finding, catalogue []diagnosis.Cause) []Open {
	decided := make(map[string]diagnosis.Outcome)
	for _, c := range e.Supported {
		decided[c.Name] = diagnosis.Supports
	}
	for _, c := range e.Contradicted {
		decided[c.Name] = diagnosis.Contradicts
	}
	wanted := make(map[string]int) // how many causes ask for a check
	for _, cause := range e.candidates(catalogue, decided) {
		for _, p := range cause.Predicts {
			if decided[p.Check] == diagnosis.CannotTell && e.asks(p) {
				wanted[p.Check]++
			}
		}
	}
	if f.Verdict == finding.Paired { // the lag is known, and what it says was said
		for check := range wanted {
			if n := Needs(check); n == timing || n == regularity {
				delete(wanted, check)
			}
		}
	}
	if e.Tied() { // what all of them predict tells nothing
		for check, n := range wanted {
			if n == len(e.Leading) && !e.differ(catalogue, check) {
				delete(wanted, check)
			}
		}
	}
	return grouped(wanted)
}

// asks tells whether knowing a prediction's outcome would change what is claimed.
func (e *Explanation) asks(p diagnosis.Prediction) bool {
	switch len(e.Leading) {
	case 0: // only a decisive one can name a cause
		return p.For > tells || p.Essential && p.For >= tells
	case 1:
		return p.For > tells || p.Essential
	}
	return p.For >= tells || p.Essential
}

// candidates are the causes that are asked about: the leading ones, or all that are still possible.
func (e *Explanation) candidates(catalogue []diagnosis.Cause, decided map[string]diagnosis.Outcome) []diagnosis.Cause {
	var all []diagnosis.Cause
	for _, cause := range catalogue {
		excluded := slices.ContainsFunc(cause.Predicts, func(p diagnosis.Prediction) bool {
			outcome := decided[p.Check]
			return p.Essential && outcome != diagnosis.CannotTell && outcome != p.Expect
		})
		if len(e.Leading) == 0 && !excluded || e.leads(cause.Name) {
			all = append(all, cause)
		}
	}
	return all
}

func (e *Explanation) leads(name string) bool {
	for _, c := range e.Leading {
		if c.Name == name {
			return true
		}
	}
	return false
}

// differ tells whether the leading causes expect different outcomes of a check.
func (e *Explanation) differ(catalogue []diagnosis.Cause, check string) bool {
	expected := make(map[diagnosis.Outcome]bool)
	for _, cause := range catalogue {
		for _, p := range cause.Predicts {
			if p.Check == check && e.leads(cause.Name) {
				expected[p.Expect] = true
			}
		}
	}
	return len(expected) > 1
}

// grouped joins checks that take the same.
func grouped(wanted map[string]int) []Open {
	names := diagnosis.CheckNames()
	order := func(check string) int { return slices.Index(names, check) }
	checks := make([]string, 0, len(wanted))
	for check := range wanted {
		checks = append(checks, check)
	}
	slices.SortFunc(checks, func(a, b string) int {
		return cmp.Or(cmp.Compare(wanted[b], wanted[a]), cmp.Compare(order(a), order(b)))
	})
	var all []Open
	for _, check := range checks {
		needs := Needs(check)
		at := slices.IndexFunc(all, func(o Open) bool { return o.Needs == needs })
		if at < 0 {
			all = append(all, Open{Needs: needs})
			at = len(all) - 1
		}
		all[at].Checks = append(all[at].Checks, check)
	}
	return all
}

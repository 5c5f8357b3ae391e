package explain

import (
	"fmt"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// Explanation is what a finding says about its cause.
type Explanation struct {
	Leading []finding.Cause // what fits best; several fit equally well; none: no claim
	Behind  []finding.Cause // something speaks for them too, but less
	Open    []Open          // what is not known and would settle it, the most useful first

	Supported, Contradicted, CannotTell []finding.Check // by outcome, in the order of the finding
}

// Of explains a finding.
func Of(f *finding.Finding) Explanation {
	var e Explanation
	for _, c := range f.Causes { // the best first
		if c.Score == f.Causes[0].Score {
			e.Leading = append(e.Leading, c)
		} else {
			e.Behind = append(e.Behind, c)
		}
	}
	for _, c := range f.Checks {
		switch c.Outcome {
		case diagnosis.Supports.String():
			e.Supported = append(e.Supported, c)
		case diagnosis.Contradicts.String():
			e.Contradicted = append(e.Contradicted, c)
		default:
			e.CannotTell = append(e.CannotTell, c)
		}
	}
	e.Open = e.open(f, diagnosis.Catalogue())
	return e
}

// Tied tells whether several causes fit equally well.
func (e *Explanation) Tied() bool { return len(e.Leading) > 1 }

// Looked tells whether anything beside the errors was looked at.
func (e *Explanation) Looked() bool {
	return len(e.Supported)+len(e.Contradicted)+len(e.CannotTell) > 0
}

// Claim says in a sentence, without its point, what is claimed about the cause. The causes
// themselves are not in it where there are several.
func (e *Explanation) Claim() string {
	switch n := len(e.Leading); {
	case n == 1:
		return "Likely cause: " + e.Leading[0].Title
	case n > 1:
		return fmt.Sprintf("%d causes fit equally well, and what would tell them apart is not known", n)
	case e.Looked():
		return "No claim about the cause: nothing decisive speaks for any"
	}
	return "No claim about the cause: nothing is known beside the errors"
}

// Settles says what knowing what is open would do, as the start of a list.
func (e *Explanation) Settles() string {
	switch len(e.Leading) {
	case 0:
		return "Would name a cause"
	case 1:
		return "Would confirm it"
	}
	return "Would tell them apart"
}

// Deciding are the checks on which the leading causes rest: those that support one of them, and
// those that contradict one.
func (e *Explanation) Deciding() (supporting, contradicting []finding.Check) {
	named := func(names func(finding.Cause) []string) map[string]bool {
		set := make(map[string]bool)
		for _, c := range e.Leading {
			for _, name := range names(c) {
				set[name] = true
			}
		}
		return set
	}
	yes := named(func(c finding.Cause) []string { return c.Supporting })
	no := named(func(c finding.Cause) []string { return c.Contradicting })
	for _, group := range [][]finding.Check{e.Supported, e.Contradicted} {
		for _, c := range group {
			if yes[c.Name] {
				supporting = append(supporting, c)
			}
			if no[c.Name] {
				contradicting = append(contradicting, c)
			}
		}
	}
	return supporting, contradicting
}

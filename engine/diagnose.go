package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// overlay turns what is undecided only because scrapes are too coarse into suspected, where the
// companions said so at a time. They never say paired.
func (c *companions) overlay(all []finding.Finding, atMillis int64) []finding.Finding {
	if c == nil || !c.begun {
		return all
	}
	atMillis = c.step(atMillis)
	for i := range all {
		f := &all[i]
		which := c.fingerprint(f)
		if which < 0 || f.Route == finding.PooledRoute {
			continue
		}
		history := c.collector.History(f.Route, which)
		if len(history) == 0 {
			continue
		}
		f.Transitions = merged(f.Transitions, history, atMillis)
		_, suspected := c.collector.Suspected(f.Route, which, atMillis)
		if suspected && blind(f) {
			f.Verdict, f.Reasons = finding.Suspected, []string{}
			f.Advice = "errors last as long as the timeout; for proof, " + f.Advice
		}
	}
	return all
}

func (c *companions) fingerprint(f *finding.Finding) int {
	for i, fp := range c.fingerprints {
		if fp.Name == f.Fingerprint {
			return i
		}
	}
	return -1
}

// blind tells that the scrapes hide the lag of a finding.
func blind(f *finding.Finding) bool {
	return f.Verdict == finding.Undecided && slices.Contains(f.Reasons, finding.ReasonLagNotResolvable)
}

// merged adds to the transitions of the detector those of the companions, while the detector was
// undecided.
func merged(own []finding.Transition, history []diagnosis.Transition, atMillis int64) []finding.Transition {
	all := slices.Clone(own)
	suspected := false
	for _, h := range history {
		at := instant(h.AtMillis)
		n, found := slices.BinarySearchFunc(own, at, func(t finding.Transition, at time.Time) int { return t.At.Compare(at) })
		if found {
			n++
		}
		decided := n > 0 && own[n-1].Verdict != finding.Undecided.String()
		if h.AtMillis > atMillis || decided || h.Suspected == suspected {
			continue
		}
		suspected = h.Suspected
		verdict := finding.Undecided
		if suspected {
			verdict = finding.Suspected
		}
		all = append(all, finding.Transition{At: at, Verdict: verdict.String()})
	}
	slices.SortStableFunc(all, func(a, b finding.Transition) int { return a.At.Compare(b.At) })
	return all
}

// diagnose adds the checks and the causes to the findings that need an explanation.
func (c *companions) diagnose(all []finding.Finding, around *surroundings) []finding.Finding {
	if c == nil || !c.begun {
		return all
	}
	affected, tested := make([]int, len(c.fingerprints)), make([]int, len(c.fingerprints))
	for i := range all {
		f := &all[i]
		if which := c.fingerprint(f); which >= 0 && f.Route != finding.PooledRoute && f.Errors > 0 {
			tested[which]++
			if f.Verdict == finding.Paired || f.Verdict == finding.Suspected {
				affected[which]++
			}
		}
	}
	placements := make([]*diagnosis.GhostPlacement, len(c.fingerprints))
	for which, fp := range c.fingerprints {
		placements[which] = around.compare(all, fp.Name)
	}
	for i := range all {
		f := &all[i]
		which := c.fingerprint(f)
		if which < 0 || f.Route == finding.PooledRoute || f.Errors == 0 || f.Verdict < finding.Suspected && !blind(f) {
			continue
		}
		o := observations(f)
		if facts, ok := around.of(f.Route); ok {
			facts.AddTo(&o)
			o.GhostPlacement = placements[which]
		}
		o.Fingerprint = c.fingerprints[which]
		o.RoutesAffected, o.RoutesTested = &affected[which], &tested[which]
		if c.collector.Observe(f.Route, which, &o) {
			f.Checks, f.Causes = explained(o)
		}
	}
	return all
}

// observations are what a finding itself tells.
func observations(f *finding.Finding) diagnosis.Observations {
	o := diagnosis.Observations{ScrapeIntervalSeconds: f.ScrapeIntervalSeconds}
	if f.Verdict == finding.Paired {
		stepped, train := slices.Contains(f.Labels, finding.LabelStepped), slices.Contains(f.Labels, finding.LabelTrain)
		o.Lag, o.Stepped, o.Train = f.LagSeconds, &stepped, &train
	}
	return o
}

// explained are the checks that found something, and the causes for which they speak.
func explained(o diagnosis.Observations) ([]finding.Check, []finding.Cause) {
	all := diagnosis.Checks(o)
	var checks []finding.Check
	for _, k := range all {
		if k.Outcome != diagnosis.CannotTell || k.Figure != nil || o.Unknown[k.Name] != "" {
			checks = append(checks, finding.Check{
				Name: k.Name, Outcome: k.Outcome.String(), Figure: k.Figure, Lower: k.Lower, Upper: k.Upper, Unit: k.Unit, Text: k.Text,
			})
		}
	}
	var causes []finding.Cause
	for _, r := range diagnosis.Rank(all) {
		if r.Named {
			causes = append(causes, finding.Cause{
				Name: r.Cause, Title: r.Title, FirstStep: r.First, Reference: r.Reference, Score: r.Score, Tied: r.Tied,
				Supporting: r.Supporting, Contradicting: r.Contradicting,
			})
		}
	}
	slices.SortStableFunc(causes, func(a, b finding.Cause) int { return cmp.Compare(b.Score, a.Score) })
	return checks, causes
}

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

// fiveSeconds is the fingerprint of the pairs that are planted.
const fiveSeconds = "syn-timeout-5s"

// check compares the findings with what was planted.
func check(cast []member, document *finding.Document) error {
	expected := map[string]member{}
	for _, m := range cast {
		expected[m.Name] = m
	}
	var problems []error
	seen := map[string]bool{}
	pooled := false
	for _, f := range document.Findings {
		if f.Route == finding.PooledRoute {
			pooled = pooled || f.Signal == simulate.SignalConnectTimeout && f.Fingerprint == fiveSeconds && f.Verdict == finding.Paired
			continue
		}
		if f.Signal == simulate.Signal5xx && f.Fingerprint == fiveSeconds {
			seen[f.Route] = true
		}
		problems = append(problems, checkOne(expected[f.Route], f))
	}
	for _, m := range cast {
		if !seen[m.Name] {
			problems = append(problems, fmt.Errorf("%s: no finding", m.Name))
		}
	}
	if !pooled {
		problems = append(problems, errors.New("the thin ghost: connect timeouts of all routes together are not paired"))
	}
	return errors.Join(problems...)
}

// checkOne compares one finding. Connect timeouts are those of the thin ghost and nothing else, so
// that a route may or may not have enough of them of its own.
func checkOne(m member, f finding.Finding) error {
	if f.Signal != simulate.Signal5xx {
		return nil
	}
	paired, labelled := f.Verdict == finding.Paired, slices.ContainsFunc(f.Labels, finding.LookAlike)
	switch {
	case m.expected == innocent && paired:
		return fmt.Errorf("%s: paired at %s, but has no pairs", f.Route, f.Fingerprint)
	case f.Fingerprint != fiveSeconds: // a train is periodic at any of its multiples
		return nil
	case m.expected == ghost && (!paired || labelled):
		return fmt.Errorf("%s: %s %s, but has pairs", f.Route, f.Verdict, strings.Join(f.Labels, ","))
	case m.expected == ghost && !covers(f.LagSeconds, lag()):
		return fmt.Errorf("%s: lag %+v, planted %v", f.Route, f.LagSeconds, lag())
	case m.expected == lookAlike && !(paired && labelled):
		return fmt.Errorf("%s: %s %s, but is a train", f.Route, f.Verdict, strings.Join(f.Labels, ","))
	}
	return nil
}

// covers tells whether the interval of the lag meets the lags that were planted.
func covers(i *finding.Interval, planted simulate.Span) bool {
	return i != nil && i.Lower <= planted.Hi.Seconds() && i.Upper >= planted.Lo.Seconds()
}

// The alerts that are raised for a route.
const (
	alertPaired    = "GhostpairPairedErrors"
	alertLookAlike = "GhostpairLookAlike"
)

// checkAlerts wants the alert for every ghost, another one for the look-alike, and none of the two
// for the innocent.
func checkAlerts(cast []member, alerts []alert) error {
	var problems []error
	for _, m := range cast {
		about := map[string]bool{}
		for _, a := range alerts {
			if a.Labels["route"] == m.Name && a.Labels["signal"] == simulate.Signal5xx {
				about[a.Labels["alertname"]] = true
			}
		}
		if want := m.expected == ghost; about[alertPaired] != want {
			problems = append(problems, fmt.Errorf("%s: alert %s fires: %v, want %v", m.Name, alertPaired, !want, want))
		}
		if want := m.expected == lookAlike; about[alertLookAlike] != want {
			problems = append(problems, fmt.Errorf("%s: alert %s fires: %v, want %v", m.Name, alertLookAlike, !want, want))
		}
	}
	return errors.Join(problems...)
}

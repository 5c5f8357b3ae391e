package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

// asPlanted is what a perfect detector says.
func asPlanted() *finding.Document {
	document := &finding.Document{}
	for _, m := range cast() {
		f := finding.Finding{Key: finding.Key{Signal: simulate.Signal5xx, Route: m.Name, Fingerprint: fiveSeconds}}
		if m.expected == ghost || m.expected == lookAlike {
			f.Verdict = finding.Paired
			f.LagSeconds = &finding.Interval{Estimate: 5.3, Lower: 5.2, Upper: 5.4}
		}
		if m.expected == lookAlike {
			f.Labels = []string{finding.LabelTrain}
		}
		document.Findings = append(document.Findings, f)
	}
	pool := finding.Key{Signal: simulate.SignalConnectTimeout, Route: finding.PooledRoute, Fingerprint: fiveSeconds}
	document.Findings = append(document.Findings, finding.Finding{Key: pool, Verdict: finding.Paired})
	return document
}

func TestCheck(t *testing.T) {
	t.Parallel()
	of := func(d *finding.Document, expected expectation) *finding.Finding {
		for i, m := range cast() {
			if m.expected == expected {
				return &d.Findings[i]
			}
		}
		return nil
	}
	cases := []struct {
		name  string
		spoil func(*finding.Document)
		want  string // empty: nothing is wrong
	}{
		{"as planted", func(*finding.Document) {}, ""},
		{"a ghost is missed", func(d *finding.Document) { of(d, ghost).Verdict = finding.Undecided }, "has pairs"},
		{"a ghost is labelled", func(d *finding.Document) { of(d, ghost).Labels = []string{finding.LabelTrain} }, "has pairs"},
		{"a chain is no look-alike", func(d *finding.Document) { of(d, ghost).Labels = []string{finding.LabelChain} }, ""},
		{"a wrong lag", func(d *finding.Document) { of(d, ghost).LagSeconds.Lower, of(d, ghost).LagSeconds.Upper = 6, 7 }, "lag"},
		{"no lag", func(d *finding.Document) { of(d, ghost).LagSeconds = nil }, "lag"},
		{"an innocent is accused", func(d *finding.Document) { of(d, innocent).Verdict = finding.Paired }, "no pairs"},
		{"of another fingerprint", func(d *finding.Document) {
			of(d, innocent).Verdict, of(d, innocent).Fingerprint = finding.Paired, "connect-timeout-10s"
		}, "no pairs"},
		{"a train is taken for a ghost", func(d *finding.Document) { of(d, lookAlike).Labels = nil }, "train"},
		{"the pool is missed", func(d *finding.Document) { d.Findings[len(d.Findings)-1].Verdict = finding.Undecided }, "thin"},
		{"a route is missing", func(d *finding.Document) { d.Findings = d.Findings[1:] }, "no finding"},
	}
	for _, c := range cases {
		document := asPlanted()
		c.spoil(document)
		err := check(cast(), document)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestCheckAlerts(t *testing.T) {
	t.Parallel()
	var alerts []alert
	for _, m := range cast() {
		if name := map[expectation]string{ghost: alertPaired, lookAlike: alertLookAlike}[m.expected]; name != "" {
			alerts = append(alerts, alert{Labels: map[string]string{"alertname": name, "route": m.Name, "signal": "5xx"}})
		}
	}
	if err := checkAlerts(cast(), alerts); err != nil {
		t.Error(err)
	}
	for i := range alerts {
		if err := checkAlerts(cast(), slices.Delete(slices.Clone(alerts), i, i+1)); err == nil {
			t.Errorf("without %v: no error", alerts[i].Labels)
		}
	}
	for _, m := range cast() {
		if m.expected != innocent {
			continue
		}
		wrong := alert{Labels: map[string]string{"alertname": alertPaired, "route": m.Name, "signal": "5xx"}}
		if err := checkAlerts(cast(), append(slices.Clone(alerts), wrong)); err == nil {
			t.Errorf("an alert about %s: no error", m.Name)
		}
	}
}

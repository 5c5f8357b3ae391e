package lab

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/finding"
)

// pairedAlert finds the alert about pairs in one signal of one route.
func pairedAlert(held []alert, signal, route string) (alert, bool) {
	i := slices.IndexFunc(held, func(a alert) bool {
		return a.Labels["alertname"] == "GhostpairPairedErrors" && a.Labels["signal"] == signal && a.Labels["route"] == route
	})
	if i < 0 {
		return alert{}, false
	}
	return held[i], true
}

// checkAlerts requires the alert about each ghost with the figures and the first cause in it, no
// alert about routes that have no pairs, and none that ghostpair is out of order.
func (l *laboratory) checkAlerts(ctx context.Context, t *testing.T) {
	held, err := alerts(ctx, l.Alertmanager)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range expectations(l.log) {
		a, found := pairedAlert(held, want.signal, want.Name)
		switch {
		case found && len(want.pairs) == 0, !found && want.mustPair():
			t.Errorf("alert about %s of %s: %t, and it had %d pairs", want.signal, want.Name, found, len(want.pairs))
		case found:
			f, _ := pick(l.document, want.signal, want.Name)
			checkDescription(t, a, f)
		}
	}
	for _, a := range held {
		if !strings.HasPrefix(a.Labels["alertname"], "GhostpairPairedErrors") { // of a route, or everywhere
			t.Errorf("unexpected alert %v: %s", a.Labels, a.Annotations["description"])
		}
	}
}

// lagFigure is a lag at the fingerprint as a person reads it: 5.1 s, 5.12s, 5 seconds.
var lagFigure = regexp.MustCompile(`\b[4-6](\.\d+)? ?s`)

func checkDescription(t *testing.T, a alert, f finding.Finding) {
	text := a.Annotations["description"]
	if !strings.Contains(text, a.Labels["route"]) || !lagFigure.MatchString(text) {
		t.Errorf("alert %v: the description lacks the route or the lag: %q", a.Labels, text)
	}
	for _, hole := range []string{"<no value>", "NaN", "%!", "<error"} {
		if strings.Contains(text, hole) {
			t.Errorf("alert %v: %q in the description: %q", a.Labels, hole, text)
		}
	}
	if len(f.Causes) > 0 && !strings.Contains(text, f.Causes[0].Title) {
		t.Errorf("alert %v: the description does not name the first cause, %s: %q", a.Labels, f.Causes[0].Name, text)
	}
	if a.Annotations["summary"] == "" || a.Annotations["runbook_url"] == "" {
		t.Errorf("alert %v lacks its summary or runbook: %v", a.Labels, a.Annotations)
	}
}

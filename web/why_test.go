package web

import (
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// known returns an evaluation whose paired route has these outcomes of checks, and the causes that they name.
func known(outcomes map[string]diagnosis.Outcome) *finding.Evaluation {
	e := evaluation()
	f := &e.Findings[1]
	var checks []diagnosis.Check
	for _, name := range diagnosis.CheckNames() {
		if outcome, ok := outcomes[name]; ok {
			checks = append(checks, diagnosis.Check{Name: name, Outcome: outcome})
			f.Checks = append(f.Checks, finding.Check{
				Name: name, Outcome: outcome.String(), Figure: new(0.984), Lower: new(0.951), Upper: new(1.0), Unit: diagnosis.UnitRatio,
				Text: "what <" + name + "> found",
			})
		}
	}
	for _, r := range diagnosis.Rank(checks) {
		if r.Named {
			f.Causes = append(f.Causes, finding.Cause{
				Name: r.Cause, Title: r.Title, FirstStep: r.First, Reference: r.Reference, Score: r.Score, Tied: r.Tied,
				Supporting: r.Supporting, Contradicting: r.Contradicting,
			})
		}
	}
	return e
}

// The page tells what fits, what does not, and what nobody knows.
func TestLandingSaysWhy(t *testing.T) {
	t.Parallel()
	lost := map[string]diagnosis.Outcome{
		diagnosis.CheckConnectTimeouts: diagnosis.Supports, diagnosis.CheckTimeoutShare: diagnosis.Supports,
		diagnosis.CheckResets: diagnosis.Contradicts, diagnosis.CheckCountPairing: diagnosis.CannotTell,
	}
	for _, c := range []struct {
		name       string
		outcomes   map[string]diagnosis.Outcome
		want, lack []string
	}{
		{
			"ties", lost,
			[]string{
				"5 causes fit equally well", `<span class="tag">hairpin-behind-nlb</span>`, `<span class="tag">blocked</span>`,
				`<a href="https://docs.aws.amazon.com/`, "What would tell them apart", "2 supported, 1 contradicted, 1 that cannot be told",
				"what &lt;resets&gt; found", "98 % (95 to 100)", "ghostpair doctor",
			},
			[]string{"Likely cause", "No claim"},
		},
		{
			"one cause",
			map[string]diagnosis.Outcome{diagnosis.CheckResponseTimeouts: diagnosis.Supports, diagnosis.CheckSpread: diagnosis.Supports},
			[]string{"Likely cause: The upstream answers too late", "First step: Look at the upstream&#39;s latency", "<dt>against it</dt><dd>spread</dd>"},
			[]string{"equally well", "No claim"},
		},
		{"nothing known", nil, []string{"No claim about the cause: nothing is known beside the errors.", "What would name a cause"}, []string{"First step", "Checks:"}},
	} {
		o := options()
		o.Evaluation = func() *finding.Evaluation { return known(c.outcomes) }
		_, body := get(t, o, "GET", "/")
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page lacks %q", c.name, want)
			}
		}
		for _, lack := range c.lack {
			if strings.Contains(body, lack) {
				t.Errorf("%s: the page has %q", c.name, lack)
			}
		}
		if n := strings.Count(body, `class="why"`); n != 1 { // not of what was not found, nor of the pool
			t.Errorf("%s: %d explanations, want 1", c.name, n)
		}
		if opened, closed := strings.Count(body, "<details"), strings.Count(body, "</details>"); opened != closed || strings.Contains(body, "<script") {
			t.Errorf("%s: %d details are opened, %d closed", c.name, opened, closed)
		}
	}
}

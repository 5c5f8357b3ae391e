package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// found is a finding of checks with these outcomes, with the causes that they name.
func found(outcomes map[string]diagnosis.Outcome) *finding.Finding {
	f := new(finding.Finding)
	var checks []diagnosis.Check
	for _, name := range diagnosis.CheckNames() {
		if outcome, ok := outcomes[name]; ok {
			checks = append(checks, diagnosis.Check{Name: name, Outcome: outcome})
			f.Checks = append(f.Checks, finding.Check{Name: name, Outcome: outcome.String()})
		}
	}
	for _, r := range diagnosis.Rank(checks) {
		if r.Named {
			f.Causes = append(f.Causes, finding.Cause{
				Name: r.Cause, Title: r.Title, Score: r.Score, Tied: r.Tied, Supporting: r.Supporting, Contradicting: r.Contradicting,
			})
		}
	}
	return f
}

func names(causes []finding.Cause) string {
	var all []string
	for _, c := range causes {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

func opened(e Explanation) []string {
	var all []string
	for _, o := range e.Open {
		all = append(all, o.Checks...)
	}
	return all
}

var lostConnects = map[string]diagnosis.Outcome{
	diagnosis.CheckConnectTimeouts: diagnosis.Supports, diagnosis.CheckTimeoutShare: diagnosis.Supports, diagnosis.CheckDwellTime: diagnosis.Supports,
}

// Lost connects alone fit several causes, which is said, and where the ends are would tell them apart.
// That connects were lost is predicted by all of them, so it is not asked for again.
func TestTies(t *testing.T) {
	t.Parallel()
	e := Of(found(lostConnects))
	if !e.Tied() || !strings.Contains(names(e.Leading), diagnosis.CauseHairpinBehind) || !strings.Contains(names(e.Leading), diagnosis.CauseBlocked) {
		t.Fatalf("leading: %s", names(e.Leading))
	}
	if !strings.Contains(e.Claim(), "equally well") || e.Settles() != "Would tell them apart" {
		t.Errorf("%s; %s", e.Claim(), e.Settles())
	}
	for _, want := range []string{diagnosis.CheckSameNode, diagnosis.CheckAlwaysFails} {
		if !slices.Contains(opened(e), want) {
			t.Errorf("open: %v, want %s among them", opened(e), want)
		}
	}
	for _, known := range []string{diagnosis.CheckConnectTimeouts, diagnosis.CheckDNS} {
		if slices.Contains(opened(e), known) {
			t.Errorf("open: %v, want no %s", opened(e), known)
		}
	}
	supporting, contradicting := e.Deciding()
	if len(supporting) != 3 || len(contradicting) != 0 {
		t.Errorf("deciding: %v, %v", supporting, contradicting)
	}
}

// One cause leads: what would confirm it is what it cannot do without.
func TestOneCause(t *testing.T) {
	t.Parallel()
	outcomes := map[string]diagnosis.Outcome{diagnosis.CheckThroughNLB: diagnosis.Supports, diagnosis.CheckResets: diagnosis.Contradicts}
	for name, outcome := range lostConnects {
		outcomes[name] = outcome
	}
	e := Of(found(outcomes))
	if names(e.Leading) != diagnosis.CauseHairpinBehind || !strings.HasPrefix(e.Claim(), "Likely cause: Envoy's connects") {
		t.Errorf("leading %q: %s", names(e.Leading), e.Claim())
	}
	if got := opened(e); !slices.Contains(got, diagnosis.CheckSameNode) || slices.Contains(got, diagnosis.CheckBrief) || e.Settles() != "Would confirm it" {
		t.Errorf("open: %v; %s", got, e.Settles())
	}
	if len(e.Behind) == 0 || len(e.Contradicted) != 1 {
		t.Errorf("behind: %v, contradicted: %v", e.Behind, e.Contradicted)
	}
}

// Without a cause the explanation says so, and asks only for what could name one: not for what an
// essential prediction has ruled out.
func TestNoClaim(t *testing.T) {
	t.Parallel()
	e := Of(found(map[string]diagnosis.Outcome{diagnosis.CheckConnectTimeouts: diagnosis.Contradicts, diagnosis.CheckResets: diagnosis.Contradicts}))
	if len(e.Leading) != 0 || !strings.HasPrefix(e.Claim(), "No claim") || !e.Looked() {
		t.Fatalf("leading %q: %s", names(e.Leading), e.Claim())
	}
	got := opened(e)
	for _, want := range []string{diagnosis.CheckResponseTimeouts, diagnosis.CheckCapacity, diagnosis.CheckDNS, diagnosis.CheckUpstreamSlow} {
		if !slices.Contains(got, want) {
			t.Errorf("open: %v, want %s among them", got, want)
		}
	}
	for _, not := range []string{diagnosis.CheckTLS, diagnosis.CheckSameNode, diagnosis.CheckResets} { // need lost connects; known
		if slices.Contains(got, not) {
			t.Errorf("open: %v, want no %s", got, not)
		}
	}
	if e := Of(new(finding.Finding)); !strings.Contains(e.Claim(), "nothing is known") || len(e.Open) == 0 {
		t.Errorf("of nothing: %s, open %v", e.Claim(), e.Open)
	}
}

// Whatever the checks say, what is open is not decided and says what it takes, and every leading cause
// has the same score.
func TestOpenOfAnyOutcome(t *testing.T) {
	t.Parallel()
	for _, first := range diagnosis.CheckNames() {
		for _, second := range diagnosis.CheckNames() {
			for _, outcome := range diagnosis.Outcomes() {
				f := found(map[string]diagnosis.Outcome{first: outcome, second: diagnosis.Supports})
				e := Of(f)
				for _, name := range opened(e) {
					if name == second || name == first && outcome != diagnosis.CannotTell {
						t.Errorf("%s %s and %s: %s is open", first, outcome, second, name)
					}
				}
				if len(e.Leading)+len(e.Behind) != len(f.Causes) || e.Tied() != (len(f.Causes) > 1 && f.Causes[0].Tied) {
					t.Errorf("%s %s and %s: %d causes lead, %d are behind, of %d", first, outcome, second, len(e.Leading), len(e.Behind), len(f.Causes))
				}
			}
		}
	}
}

// Every check of the diagnosis says what it takes.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, name := range diagnosis.CheckNames() {
		if Needs(name) == "" {
			t.Errorf("check %s: nothing says what it takes", name)
		}
	}
	if len(needs) != len(diagnosis.CheckNames()) {
		t.Errorf("%d checks are known here, %d in the diagnosis", len(needs), len(diagnosis.CheckNames()))
	}
}

func TestFigure(t *testing.T) {
	t.Parallel()
	of := func(unit string, v ...float64) finding.Check {
		c := finding.Check{Name: "x", Unit: unit}
		if len(v) > 0 {
			c.Figure = &v[0]
		}
		if len(v) > 2 {
			c.Lower, c.Upper = &v[1], &v[2]
		}
		return c
	}
	for _, test := range []struct {
		check finding.Check
		want  string
	}{
		{of(diagnosis.UnitSeconds, 5.14, 4.2, 6), "5.1 s (4.2 to 6)"},
		{of(diagnosis.UnitRatio, 0.984, 0.951, 1), "98 % (95 to 100)"},
		{of(diagnosis.UnitRatio, 0, 0, 0.023), "0 % (0 to 2.3)"},
		{of(diagnosis.UnitCount, 12), "12"},
		{of(diagnosis.UnitCount), ""},
	} {
		if got := Figure(test.check); got != test.want {
			t.Errorf("%+v: %q, want %q", test.check, got, test.want)
		}
	}
	if got := Brief([]finding.Check{of(""), of(diagnosis.UnitCount, 3)}); got != "x, x 3" {
		t.Errorf("brief: %q", got)
	}
}

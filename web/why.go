package web

import (
	"strconv"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis/explain"
	"github.com/ghostpair/ghostpair/finding"
)

// why is what is known about the cause of a finding, as the page shows it.
type why struct {
	Claim   string
	Tied    bool
	Leading []cause
	Behind  []cause
	Settles string
	Open    []explain.Open
	Checks  []checkGroup
	Tally   string // of the checks
}

type cause struct {
	finding.Cause
	For, Against string
}

type checkGroup struct {
	Title  string
	Checks []check
}

type check struct{ Name, Text, Figure string }

// whyOf explains a finding; nil where there is nothing to say: nobody asks for the cause of what was not
// found, and the pooled stream has none of its own.
func whyOf(f *finding.Finding, found bool) *why {
	if f.Route == finding.PooledRoute || !found && len(f.Causes) == 0 {
		return nil
	}
	e := explain.Of(f)
	w := &why{
		Claim: e.Claim(), Tied: e.Tied(), Leading: causesOf(e.Leading), Behind: causesOf(e.Behind), Settles: strings.Replace(e.Settles(), "Would", "What would", 1), Open: e.Open,
	}
	var tally []string
	for _, g := range []struct {
		title, tally string
		checks       []finding.Check
	}{
		{"Supported", "supported", e.Supported}, {"Contradicted", "contradicted", e.Contradicted}, {"Cannot be told", "that cannot be told", e.CannotTell},
	} {
		if len(g.checks) > 0 {
			w.Checks = append(w.Checks, checkGroup{g.title, checksOf(g.checks)})
			tally = append(tally, strconv.Itoa(len(g.checks))+" "+g.tally)
		}
	}
	w.Tally = strings.Join(tally, ", ")
	return w
}

func causesOf(all []finding.Cause) []cause {
	var out []cause
	for _, c := range all {
		out = append(out, cause{c, strings.Join(c.Supporting, ", "), strings.Join(c.Contradicting, ", ")})
	}
	return out
}

func checksOf(all []finding.Check) []check {
	var out []check
	for _, c := range all {
		out = append(out, check{c.Name, c.Text, explain.Figure(c)})
	}
	return out
}

package main

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// explained is a finding with the checks and causes of observations.
func explained(route string, verdict finding.Verdict, o diagnosis.Observations) finding.Finding {
	interval := 15.0
	f := finding.Finding{
		Key: finding.Key{Source: "envoy", Signal: "5xx", Route: route, Fingerprint: "syn-timeout-5s"}, Verdict: verdict,
		Errors: 40, Targets: 2, ScrapeIntervalSeconds: &interval, ExposureSeconds: 86400, Level: "same", Kernel: "wide",
		Transitions: []finding.Transition{{At: history.Add(time.Hour), Verdict: verdict.String()}},
	}
	all := diagnosis.Checks(o)
	for _, k := range all {
		if k.Outcome != diagnosis.CannotTell || k.Figure != nil {
			f.Checks = append(f.Checks, finding.Check{Name: k.Name, Outcome: k.Outcome.String(), Figure: k.Figure, Lower: k.Lower, Upper: k.Upper, Unit: k.Unit, Text: k.Text})
		}
	}
	for _, r := range diagnosis.Rank(all) {
		if r.Named {
			f.Causes = append(f.Causes, finding.Cause{
				Name: r.Cause, Title: r.Title, FirstStep: r.First, Reference: r.Reference, Score: r.Score, Tied: r.Tied,
				Supporting: r.Supporting, Contradicting: r.Contradicting,
			})
		}
	}
	slices.SortStableFunc(f.Causes, func(a, b finding.Cause) int { return cmp.Compare(b.Score, a.Score) })
	return f
}

// causesOf is a document with one finding of each kind: causes that cannot be told apart, the same again,
// one cause, and none.
func causesOf() finding.Document {
	number := func(n int64) *int64 { return &n }
	lost := diagnosis.Observations{Errors: number(40), Connects: diagnosis.ConnectCounts{Failures: number(41), Timeouts: number(40)}}
	lost.Responses = diagnosis.ResponseCounts{Timeouts: number(0), Resets: number(0), Overflows: number(0)}
	slow := lost
	slow.Connects = diagnosis.ConnectCounts{Failures: number(0), Timeouts: number(0)}
	slow.Responses.Timeouts = number(39)
	none := lost
	none.Connects = slow.Connects
	return finding.Document{
		Origin: history, Window: finding.Window{Start: history, End: history.Add(24 * time.Hour)}, FalseAlarmsPerMonth: 1, Streams: map[string]int{"envoy": 4},
		Findings: []finding.Finding{
			explained("httproute/shop/checkout/rule/0", finding.Suspected, lost),
			explained("httproute/shop/a-service-with-a-rather-long-name-that-has-to-go-somewhere/rule/0", finding.Suspected, lost),
			explained("httproute/shop/search/rule/0", finding.Suspected, slow),
			explained("httproute/shop/cart/rule/0", finding.Paired, none),
			explained("httproute/shop/mail/rule/0", finding.Paired, diagnosis.Observations{}),
		},
	}
}

// What is known of causes can be read at the width of any terminal, and no line is wider.
func TestCausesAsText(t *testing.T) {
	t.Parallel()
	d := causesOf()
	for name, columns := range map[string]int{"causes-80": 80, "causes-200": 200, "causes-60": 40} {
		p := newPrinter(columns, false, config.Default().Fingerprints)
		p.document(d)
		compare(t, name, p.out.String(), nil)
		fits(t, name, p)
	}
	p := newPrinter(80, false, config.Default().Fingerprints)
	x := explanation{document: d, config: config.Default()}
	for i := range d.Findings {
		x.finding(p, &d.Findings[i])
	}
	compare(t, "causes-explain", p.out.String(), nil)
	fits(t, "causes-explain", p)
}

func fits(t *testing.T, name string, p *printer) {
	t.Helper()
	for line := range strings.Lines(p.out.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > p.width && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%s: a line of %d columns: %s", name, n, line)
		}
	}
}

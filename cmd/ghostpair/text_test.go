package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
)

func undecidedFinding(route, fingerprint, reason, advice string) finding.Finding {
	return finding.Finding{
		Key:     finding.Key{Source: "envoy", Signal: "5xx", Route: route, Fingerprint: fingerprint},
		Verdict: finding.Undecided, Reasons: []string{reason}, Advice: advice,
	}
}

// A sentence that holds for several fingerprints and routes is said once, and every finding is counted
// where it is named or left out.
func TestAdviceIsSaidOnce(t *testing.T) {
	t.Parallel()
	findings := []finding.Finding{
		undecidedFinding(finding.PooledRoute, "syn-timeout-5s", "no-data", "check the selector"),
		undecidedFinding(finding.PooledRoute, "connect-timeout-10s", "no-data", "check the selector"),
		undecidedFinding("shop", "syn-timeout-5s", "lag-not-resolvable", "scrape finer"),
		undecidedFinding("mail", "syn-timeout-5s", "lag-not-resolvable", "scrape finer"),
	}
	for i := range 7 { // two more than are shown
		findings = append(findings, undecidedFinding(fmt.Sprint("r", i), "syn-timeout-5s", "too-few-errors", fmt.Sprintf("%d more errors", 10+i)))
	}
	p := newPrinter(200, false, config.Default().Fingerprints)
	p.undecided(findings)
	const want = `  7 × too-few-errors
      r0 (envoy, syn-timeout-5s): 10 more errors
      r1 (envoy, syn-timeout-5s): 11 more errors
      r2 (envoy, syn-timeout-5s): 12 more errors
      r3 (envoy, syn-timeout-5s): 13 more errors
      r4 (envoy, syn-timeout-5s): 14 more errors
      and 2 more: --verdict=undecided shows them all
  2 × lag-not-resolvable
      shop (envoy, syn-timeout-5s), mail (envoy, syn-timeout-5s): scrape finer
  2 × no-data
      * (all routes) (envoy, syn-timeout-5s, connect-timeout-10s): check the selector
`
	if got := p.out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFooterCountsInWords(t *testing.T) {
	t.Parallel()
	p := newPrinter(200, false, nil)
	p.footer(finding.Document{Quality: finding.Quality{Series: 2, Samples: 1, Births: 1, Resets: 1, Gaps: 2}})
	if got, want := p.out.String(), "Read: 2 series with 1 sample; 1 birth, 1 counter reset, 2 scrape gaps, 0 late samples.\n"; strings.TrimLeft(got, "\n") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

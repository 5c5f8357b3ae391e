package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/prometheus/prometheus/model/labels"
)

// A coarse scrape job beside the fine one, as most have it who add the fine one later: the same
// errors in two series of another job, which must be counted once.
func TestTwoJobsAreOneCounter(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	f := fleet()
	f.Targets[1].Grid.Missed = 0 // the grids must not lose different scrapes
	alone := newEngine(t, served(t, f, end, promtest.Options{}), sources.ProtocolAuto, nil)
	advance(t, alone, end)

	series := promtest.FleetSeries(f.Record(start.UnixMilli(), end.UnixMilli()))
	for i := range f.Targets {
		f.Targets[i].Grid.Interval = 15 * time.Second
	}
	coarse := promtest.FleetSeries(f.Record(start.UnixMilli(), end.UnixMilli()))
	for i := range coarse {
		coarse[i].Labels = labels.NewBuilder(coarse[i].Labels).Set("job", "proxy-stats").Labels()
	}
	dir := t.TempDir()
	if _, err := promtest.WriteBlock(dir, start.UnixMilli(), end.UnixMilli(), slices.Concat(series, coarse)); err != nil {
		t.Fatal(err)
	}
	both := newEngine(t, serve(t, promtest.Options{Dir: dir}), sources.ProtocolAuto, nil)
	advance(t, both, end)
	got, want := verdicts(both), verdicts(alone)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s with a second job, %s without", name, got[name], want[name])
		}
	}
	for i, finding := range both.Evaluation().Findings {
		if one := alone.Evaluation().Findings[i]; finding.Errors != one.Errors {
			t.Errorf("%s %s: %d errors with a second job, %d without", finding.Signal, finding.Route, finding.Errors, one.Errors)
		}
	}
}

// Scrapes of 15 s alone cannot tell, and say so.
func TestCoarseScrapesAreUndecided(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	f := fleet()
	for i := range f.Targets {
		f.Targets[i].Grid.Interval = 15 * time.Second
	}
	e := newEngine(t, served(t, f, end, promtest.Options{}), sources.ProtocolAuto, nil)
	advance(t, e, end)
	for _, finding := range e.Evaluation().Findings {
		if finding.Verdict != 0 || !slices.Contains(finding.Reasons, "lag-not-resolvable") || finding.Advice == "" {
			t.Errorf("%s %s %s: %s %v %q", finding.Signal, finding.Route, finding.Fingerprint, finding.Verdict, finding.Reasons, finding.Advice)
		}
	}
}

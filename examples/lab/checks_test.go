package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// checkCounters compares both views that Prometheus has of Envoy's counters with the clients' log.
func (l *laboratory) checkCounters(ctx context.Context, t *testing.T) {
	series := map[string]string{
		signal5xx:     `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",job=%q}`,
		signalConnect: `envoy_cluster_upstream_cx_connect_timeout{job=%q}`,
	}
	for _, job := range []string{"envoy-1s", "envoy-15s"} {
		counted := map[string]map[string]float64{}
		for name, selector := range series {
			var err error
			if counted[name], err = byLabel(ctx, l.Prometheus, "envoy_cluster_name", fmt.Sprintf(selector, job)); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range expectations(l.log) {
			if got := counted[want.signal][want.route]; got != float64(want.errors) {
				t.Errorf("%s: %s of %s is %v, the clients saw %d", job, want.signal, want.route, got, want.errors)
			}
		}
	}
}

// checkErrors compares the errors in the findings and in ghostpair's own metrics with the log:
// two jobs scrape the same counters, and each error counts once.
func (l *laboratory) checkErrors(ctx context.Context, t *testing.T) {
	for _, want := range expectations(l.log) {
		f, found := pick(l.document, want.signal, want.route)
		if f.Errors != int64(want.errors) {
			t.Errorf("findings: %d errors in %s of %s (listed: %t), the clients saw %d", f.Errors, want.signal, want.route, found, want.errors)
		}
		exposed, err := byLabel(ctx, l.Prometheus, "route", fmt.Sprintf("ghostpair_route_errors_total{signal=%q}", want.signal))
		if err != nil {
			t.Fatal(err)
		}
		if got := exposed[want.route]; got != float64(want.errors) {
			t.Errorf("ghostpair_route_errors_total: %v errors in %s of %s, the clients saw %d", got, want.signal, want.route, want.errors)
		}
	}
}

// checkVerdicts requires `paired` where there were pairs, and nowhere else. Pairs that follow each
// other at random have no second lag: the 10 s fingerprint must stay silent everywhere.
func (l *laboratory) checkVerdicts(t *testing.T) {
	for _, want := range expectations(l.log) {
		f, found := pick(l.document, want.signal, want.route)
		if paired := f.Verdict == finding.Paired; paired != (len(want.pairs) > 0) {
			t.Errorf("%s of %s is %v (listed: %t, reasons %v), and had %d pairs", want.signal, want.route, f.Verdict, found, f.Reasons, len(want.pairs))
		}
		if f.Verdict == finding.Paired && slices.ContainsFunc(f.Labels, finding.LookAlike) {
			t.Errorf("%s of %s has the look-alike labels %v", want.signal, want.route, f.Labels)
		}
	}
	for _, f := range l.document.Findings {
		if f.Verdict == finding.Paired && f.Fingerprint != fingerprint {
			t.Errorf("%s of %s is paired at %s", f.Signal, f.Route, f.Fingerprint)
		}
	}
}

// checkLags requires that the 95 % interval of the lag covers the mean lag of the true pairs.
func (l *laboratory) checkLags(t *testing.T) {
	for _, want := range expectations(l.log) {
		if len(want.pairs) == 0 {
			continue
		}
		f, _ := pick(l.document, want.signal, want.route)
		truth := mean(want.pairs)
		if f.LagSeconds == nil {
			t.Errorf("%s of %s has no lag", want.signal, want.route)
		} else if truth < f.LagSeconds.Lower-lagStep || truth > f.LagSeconds.Upper+lagStep {
			t.Errorf("%s of %s: lag %+v does not cover the true mean of %.3f s", want.signal, want.route, *f.LagSeconds, truth)
		}
	}
}

// checkCoarse starts a second ghostpair that may read only the 15 s job. It replays the whole run,
// counts the same errors, cannot see the gap, and says what would settle it.
func (l *laboratory) checkCoarse(ctx context.Context, t *testing.T) {
	l.say("a second ghostpair, which may read only the 15 s job, replays the run")
	if err := l.serve(ctx, "ghostpair-15s", "ghostpair-15s.yml", l.Coarse); err != nil {
		t.Fatal(err)
	}
	d, _, err := findings(ctx, l.Coarse)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range expectations(l.log) {
		f, found := pick(d, want.signal, want.route)
		if f.Errors != int64(want.errors) {
			t.Errorf("%d errors in %s of %s (listed: %t), the clients saw %d", f.Errors, want.signal, want.route, found, want.errors)
		}
		if want.errors == 0 {
			continue
		}
		if f.Verdict != finding.Undecided || !slices.Contains(f.Reasons, finding.ReasonLagNotResolvable) {
			t.Errorf("%s of %s is %v, reasons %v; want undecided, %s", want.signal, want.route, f.Verdict, f.Reasons, finding.ReasonLagNotResolvable)
		}
		if !strings.Contains(strings.ToLower(f.Advice), "scrape") {
			t.Errorf("%s of %s: the advice does not say to scrape faster: %q", want.signal, want.route, f.Advice)
		}
	}
	f, _ := pick(d, signal5xx, ghostClient)
	l.more("%s of %s is %v, reasons %v: %s", signal5xx, ghostClient, f.Verdict, f.Reasons, f.Advice)
}

// checkReplay runs a backfill from the origin of the live findings to their end: for the same
// configuration, origin, end and samples, findings are equal byte for byte.
func (l *laboratory) checkReplay(ctx context.Context, t *testing.T) {
	help, err := exec.CommandContext(ctx, l.ghostpair, "--help").CombinedOutput()
	if err != nil || !bytes.Contains(help, []byte("backfill")) {
		t.Skipf("this ghostpair has no backfill (--help: %v)", err)
	}
	replayed, err := output(exec.CommandContext(ctx, l.ghostpair, "backfill", "--output=json",
		"--config.file="+filepath.Join(l.dir, "ghostpair.yml"),
		"--start="+l.document.Origin.Format(time.RFC3339Nano), "--end="+l.document.Window.End.Format(time.RFC3339Nano)))
	if err != nil {
		t.Fatal(err)
	}
	var live, replay bytes.Buffer
	if err := errors.Join(json.Compact(&live, l.raw), json.Compact(&replay, replayed)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(live.Bytes(), replay.Bytes()) {
		livePath, replayPath := filepath.Join(l.dir, "findings-live.json"), filepath.Join(l.dir, "findings-replay.json")
		t.Errorf("live and replayed findings differ: compare %s and %s", livePath, replayPath)
		if err := errors.Join(os.WriteFile(livePath, l.raw, 0o600), os.WriteFile(replayPath, replayed, 0o600)); err != nil {
			t.Error(err)
		}
	}
}

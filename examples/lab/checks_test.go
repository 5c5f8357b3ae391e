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
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// checkCounters compares both views that Prometheus has of Envoy's counters with the clients' log.
func (l *laboratory) checkCounters(ctx context.Context, t *testing.T) {
	series := map[string]string{
		signal5xx:     `sum by (envoy_cluster_name) (envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",job=%q})`,
		signalConnect: `sum by (envoy_cluster_name) (envoy_cluster_upstream_cx_connect_timeout{job=%q})`,
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
			if got := counted[want.signal][want.Name]; got != float64(want.errors) {
				t.Errorf("%s: %s of %s is %v, the clients saw %d", job, want.signal, want.Name, got, want.errors)
			}
		}
	}
}

// checkManagers requires that the connection managers counted all that the clients saw: also what never
// came as far as a cluster.
func (l *laboratory) checkManagers(ctx context.Context, t *testing.T) {
	const label = "envoy_http_conn_manager_prefix"
	counted, err := byLabel(ctx, l.Prometheus, label, `sum by (`+label+`) (envoy_http_downstream_rq_xx{envoy_response_code_class="5",job="envoy-15s"})`)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios() {
		if want := len(l.log.Errors(s.Name)); counted[s.Name] != float64(want) {
			t.Errorf("the connection manager of %s counts %v errors, the clients saw %d", s.Name, counted[s.Name], want)
		}
	}
}

// checkCompanions requires that what grows beside the errors is what the manual says.
func (l *laboratory) checkCompanions(ctx context.Context, t *testing.T) {
	for _, name := range watched {
		counted, err := byLabel(ctx, l.Prometheus, "envoy_cluster_name", fmt.Sprintf(`sum by (envoy_cluster_name) (envoy_cluster_%s{job="envoy-15s"})`, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scenarios() {
			if want := s.grows[name] * len(l.log.Errors(s.Name)); counted[s.Name] != float64(want) {
				t.Errorf("%s of %s is %v, want %d for %d errors", name, s.Name, counted[s.Name], want, len(l.log.Errors(s.Name)))
			}
		}
	}
}

// checkErrors compares the errors in the findings and in ghostpair's own metrics with the log:
// two jobs scrape the same counters, and each error counts once.
func (l *laboratory) checkErrors(ctx context.Context, t *testing.T) {
	for _, want := range expectations(l.log) {
		f, found := pick(l.document, want.signal, want.Name)
		if f.Errors != int64(want.errors) {
			t.Errorf("findings: %d errors in %s of %s (listed: %t), the clients saw %d", f.Errors, want.signal, want.Name, found, want.errors)
		}
		exposed, err := byLabel(ctx, l.Prometheus, "route", fmt.Sprintf("ghostpair_route_errors_total{signal=%q}", want.signal))
		if err != nil {
			t.Fatal(err)
		}
		if got := exposed[want.Name]; got != float64(want.errors) {
			t.Errorf("ghostpair_route_errors_total: %v errors in %s of %s, the clients saw %d", got, want.signal, want.Name, want.errors)
		}
	}
}

// checkVerdicts requires `paired` where there were pairs, if the run is long enough for that, and nowhere else. Pairs that follow each
// other at random have no second lag: the 10 s fingerprint must stay silent everywhere.
func (l *laboratory) checkVerdicts(t *testing.T) {
	for _, want := range expectations(l.log) {
		f, found := pick(l.document, want.signal, want.Name)
		if paired := f.Verdict == finding.Paired; paired && len(want.pairs) == 0 || !paired && want.mustPair() {
			t.Errorf("%s of %s is %v (listed: %t, reasons %v), and had %d pairs", want.signal, want.Name, f.Verdict, found, f.Reasons, len(want.pairs))
		}
		if f.Verdict == finding.Paired && slices.ContainsFunc(f.Labels, finding.LookAlike) {
			t.Errorf("%s of %s has the look-alike labels %v", want.signal, want.Name, f.Labels)
		}
	}
	for _, f := range l.document.Findings {
		if f.Verdict == finding.Paired && f.Fingerprint != fingerprint {
			t.Errorf("%s of %s is paired at %s", f.Signal, f.Route, f.Fingerprint)
		}
	}
}

// lagSlack is two steps, in seconds, of ghostpair's scan over lags: the ends of its intervals are no finer than
// one, and of the half dozen 95 % intervals of a run one may miss by a little.
const lagSlack = 0.1

// checkLags requires that the 95 % interval of the lag covers the mean lag of the true pairs.
func (l *laboratory) checkLags(t *testing.T) {
	for _, want := range expectations(l.log) {
		f, _ := pick(l.document, want.signal, want.Name)
		if f.Verdict != finding.Paired {
			continue
		}
		truth := mean(want.pairs)
		if f.LagSeconds == nil {
			t.Errorf("%s of %s has no lag", want.signal, want.Name)
		} else if truth < f.LagSeconds.Lower-lagSlack || truth > f.LagSeconds.Upper+lagSlack {
			t.Errorf("%s of %s: lag %+v does not cover the true mean of %.3f s", want.signal, want.Name, *f.LagSeconds, truth)
		}
	}
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

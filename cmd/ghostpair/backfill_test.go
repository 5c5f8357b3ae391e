package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// history is some time ago: the findings are the same for ever.
var history = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// backfillArgs asks for six hours of it at one fingerprint.
func backfillArgs(prometheus *fakePrometheus, more ...string) []string {
	return append([]string{
		"backfill", "--prometheus.url=" + prometheus.URL, "--log.level=error", "--fingerprint=syn-timeout-5s",
		"--start=2026-01-05T13:00:00Z", "--end=2026-01-05T19:00:00Z",
	}, more...)
}

func TestBackfillText(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	golden(t, "backfill-text", backfillArgs(prometheus)...)
	golden(t, "backfill-lead-in", backfillArgs(prometheus, "--lead-in=30m", "--verdict=undecided")...)
	golden(t, "backfill-fail-on", backfillArgs(prometheus, "--fail-on=paired", "--route=httproute/shop/checkout.*")...)
	golden(t, "backfill-fail-on-other", backfillArgs(prometheus, "--fail-on=suspected", "--route=httproute/shop/cart.*")...)
}

func TestBackfillJSON(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	file := filepath.Join(t.TempDir(), "findings.json")
	stdout, stderr, code := runCommand(backfillArgs(prometheus, "--output=json", "--output.file="+file, "--verdict=paired")...)
	if code != exitDone || stdout != "" || stderr != "" {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document finding.Document
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Findings) == 0 {
		t.Fatal("the planted pairs are not found")
	}
	for _, f := range document.Findings {
		if f.Verdict != finding.Paired {
			t.Errorf("--verdict=paired shows %+v", f)
		}
	}
	// Another run, and one line a finding: the same.
	lines, _, _ := runCommand(backfillArgs(prometheus, "-o", "jsonl", "--verdict=paired")...)
	if got := strings.Count(lines, "\n"); got != len(document.Findings) {
		t.Errorf("%d lines, want %d", got, len(document.Findings))
	}
	first, _ := json.Marshal(document.Findings[0])
	if line, _, _ := strings.Cut(lines, "\n"); line != string(first) {
		t.Errorf("the first line is\n%s\nwant\n%s", line, first)
	}
}

func TestBackfillWithSelector(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	stdout, stderr, code := runCommand(backfillArgs(prometheus, "--selector=envoy_cluster_upstream_rq_xx", "--route.label=pod", "-o", "json")...)
	var document finding.Document
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || code != exitDone {
		t.Fatalf("exit code %d, %v: %s", code, err, stderr)
	}
	if f := document.Findings[0]; f.Source != "selector" || f.Signal != "errors" || f.Route != "envoy-0" {
		t.Errorf("finding = %+v, want the pod as the route", f.Key)
	}
}

// A part that cannot be read is said in the document and by the exit code, which wins over --fail-on.
func TestBackfillInPart(t *testing.T) {
	t.Parallel()
	fleet := ghosts(history)
	for i := range fleet.Targets {
		fleet.Targets[i].Grid.Interval = 2 * time.Second
	}
	prometheus := newFakePrometheus(t, fleet)
	prometheus.after.Store(history.Add(24 * time.Hour).UnixMilli())
	stdout, stderr, code := runCommand("backfill", "--prometheus.url="+prometheus.URL, "--fingerprint=syn-timeout-5s", "-o", "json",
		"--start=2026-01-05T12:00:00Z", "--end=2026-01-06T15:00:00Z", "--fail-on=paired", "--selector=envoy_cluster_upstream_rq_xx")
	if code != exitPartial || !strings.Contains(stderr, "see failed_windows") {
		t.Errorf("exit code %d, want 4: %s", code, stderr)
	}
	var document finding.Document
	if err := json.Unmarshal([]byte(stdout), &document); err != nil {
		t.Fatal(err)
	}
	edge := history.Add(24 * time.Hour) // a piece is a day long
	if !document.Window.End.Equal(edge) {
		t.Errorf("the window ends at %s, want %s", document.Window.End, edge)
	}
	failed := document.FailedWindows
	if len(failed) != 1 || failed[0].Reason != "unauthorized" || !failed[0].Start.Equal(edge) || !failed[0].End.Equal(edge.Add(3*time.Hour)) {
		t.Errorf("failed windows = %+v", failed)
	}
	if !slices.ContainsFunc(document.Findings, func(f finding.Finding) bool { return f.Verdict == finding.Paired }) {
		t.Error("what the first day shows is not there")
	}
}

func TestBackfillFailures(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	// An hour before the fleet began: nothing matches, and nothing is up.
	_, stderr, code := runCommand("backfill", "--prometheus.url="+prometheus.URL, "--log.level=error",
		"--start=2026-01-05T10:00:00Z", "--end=2026-01-05T11:00:00Z", "--selector=no_such_metric")
	if code != exitFailed || !strings.Contains(stderr, "no series that a selector matches") {
		t.Errorf("nothing there: exit code %d, %s", code, stderr)
	}
	prometheus.away.Store(true)
	stdout, stderr, code := runCommand(backfillArgs(prometheus)...)
	if code != exitFailed || stdout != "" || !strings.Contains(stderr, "unavailable") {
		t.Errorf("server away: exit code %d, stdout %q, stderr %s", code, stdout, stderr)
	}
}

// indented writes a document as --output=json does.
func indented(t *testing.T, d finding.Document) string {
	t.Helper()
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

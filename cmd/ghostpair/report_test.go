package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
)

func TestReportUsage(t *testing.T) {
	t.Parallel()
	golden(t, "help-report", "report", "--help")
	golden(t, "report-tz", "report", "--tz=Europe/Atlantis")
	golden(t, "report-week", "report", "--week=2026-W54")
	golden(t, "report-month", "report", "--month=2026-W47")
	golden(t, "report-both", "report", "--week=2026-W47", "--month=2026-11")
	golden(t, "report-range", "report", "--range=-7d")
	golden(t, "report-empty", "report", "--range=2026-01-05T13:00:00Z..2026-01-05T13:05:00Z")
	golden(t, "report-future", "report", "--week=2099-W01")
	golden(t, "report-openslo", "report", "--objectives.openslo=testdata/none/*.yaml")
	golden(t, "report-openslo-unfit", "report", "--objectives.openslo=testdata/openslo-bad.yaml")
	golden(t, "report-objectives", "report", "--config.file=testdata/report-bad.yml")
}

// A server that has neither remote read nor any function of PromQL still gives a report, which says
// what could not be compared.
func TestReport(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	file := filepath.Join(t.TempDir(), "report.md")
	_, stderr, code := runCommand("report", "--prometheus.url="+prometheus.URL, "--range=2026-01-05T13:00:00Z..2026-01-05T19:00:00Z",
		"--tz=Europe/Berlin", "--output=markdown", "--output.file="+file)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if n := strings.Count(stderr, "no remote read"); n != 1 { // though errors, requests and companions are read
		t.Errorf("that there is no remote read is logged %d times, want once:\n%s", n, stderr)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "report-markdown", strings.ReplaceAll(string(got), prometheus.URL, manualsURL), nil)
}

// A time of which there is nothing is no report, and no success.
func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	file := filepath.Join(t.TempDir(), "report.html")
	_, stderr, code := runCommand("report", "--prometheus.url="+prometheus.URL, "--week=2024-W05", "--output.file="+file)
	if code != exitFailed || !strings.Contains(stderr, "has no data of 2024-W05") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a file was written: %v", err)
	}
}

// A part that cannot be read is said, and is an exit code of its own.
func TestReportInPart(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	prometheus.after.Store(history.Add(28 * time.Hour).UnixMilli())
	stdout, stderr, code := runCommand("report", "--prometheus.url="+prometheus.URL, "--range=2026-01-05T13:00:00Z..2026-01-06T19:00:00Z", "--output=markdown")
	if code != exitPartial || !strings.Contains(stdout, "could be read up to") || !strings.Contains(stdout, "source envoy,") || !strings.Contains(stdout, "Beware") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

// Without flags it is the last complete week, in the time zone of the report.
func TestLastCompleteWeek(t *testing.T) {
	t.Parallel()
	c := config.Default()
	for _, test := range []struct{ now, zone, want string }{
		{"2026-11-23T00:30:00Z", "UTC", "2026-W47"},
		{"2026-11-22T23:30:00Z", "UTC", "2026-W46"},
		{"2026-11-22T23:30:00Z", "Europe/Berlin", "2026-W47"},
		{"2026-11-23T02:30:00Z", "America/New_York", "2026-W46"},
		{"2027-01-04T12:00:00Z", "UTC", "2026-W53"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		p, err := (&reportFlags{zone: test.zone}).period(now, c)
		if err != nil || p.Name != test.want {
			t.Errorf("%s in %s: %s %v, want %s", test.now, test.zone, p.Name, err, test.want)
		}
	}
}

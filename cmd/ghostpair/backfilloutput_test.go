package main

import (
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/finding"
)

func TestBackfillCSV(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	golden(t, "backfill-csv", backfillArgs(prometheus, "--output=csv")...)
	stdout, _, _ := runCommand(backfillArgs(prometheus, "--output=csv", "--verdict=paired")...)
	rows, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Errorf("%d rows, %v; want the head, the route and the pool", len(rows), err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	golden(t, "backfill-explain", backfillArgs(prometheus, "--explain=httproute/shop/checkout/rule/0")...)
	golden(t, "backfill-explain-undecided", backfillArgs(prometheus, "--explain=httproute/shop/cart/rule/0")...)
	golden(t, "backfill-explain-pool", backfillArgs(prometheus, "--explain=*")...)
	golden(t, "backfill-explain-unknown", backfillArgs(prometheus, "--explain=checkout")...)
	golden(t, "usage-explain", backfillArgs(prometheus, "--explain=x", "--output=json")...)
}

// The samples can be loaded into Prometheus, and are there as they were written.
func TestOpenMetricsIsLoaded(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	file := filepath.Join(t.TempDir(), "findings.om")
	stdout, stderr, code := runCommand(backfillArgs(prometheus, "--output=openmetrics", "--output.file="+file)...)
	if code != exitDone || stdout != "" || stderr != "" {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(text), "\n# EOF\n") {
		t.Errorf("it ends in %q", text[max(0, len(text)-40):])
	}
	const want = `ghostpair_route_verdict{fingerprint="syn-timeout-5s",route="httproute/shop/checkout/rule/0",signal="5xx",source="envoy",verdict="paired"} 1 1767636000.000`
	if !strings.Contains(string(text), want+"\n") {
		t.Errorf("there is no line %s in\n%s", want, text)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not in the PATH")
	}
	out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", file, filepath.Join(t.TempDir(), "data")).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
}

// Labels may hold anything: what is written is read back as it was.
func TestOpenMetricsEscapes(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not in the PATH")
	}
	d := finding.Document{Window: finding.Window{Start: history, End: history.Add(60e9)}}
	for _, route := range []string{`quote " backslash \ end\`, "two\nlines", "ünïcode \x00", "{}", "a=1,b=\"2\""} {
		d.Findings = append(d.Findings, finding.Finding{Key: finding.Key{Source: "s", Signal: "5xx", Route: route, Fingerprint: "f"}})
	}
	file := filepath.Join(t.TempDir(), "escapes.om")
	var text strings.Builder
	if err := writeOpenMetrics(&text, d, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", file, data).CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s\n%s", err, out, text.String())
	}
	if err := os.Mkdir(filepath.Join(data, "wal"), 0o700); err != nil { // dump wants one
		t.Fatal(err)
	}
	out, err := exec.Command(promtool, "tsdb", "dump", data).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	if n := strings.Count(string(out), `verdict="undecided"`); n != len(d.Findings) {
		t.Errorf("%d routes are in the database, want %d:\n%s", n, len(d.Findings), out)
	}
}

// A window that begins after the origin shows nothing of before.
func TestOpenMetricsBeginsAtTheStart(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	stdout, stderr, code := runCommand("backfill", "--prometheus.url="+prometheus.URL, "--log.level=error", "--fingerprint=syn-timeout-5s",
		"--start=2026-01-05T15:00:00Z", "--lead-in=2h", "--end=2026-01-05T16:00:00Z", "-o", "openmetrics", "--step=15m")
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	const series = `ghostpair_route_errors_total{route="httproute/shop/checkout/rule/0",signal="5xx",source="envoy"} `
	var at []string
	for line := range strings.Lines(stdout) {
		if rest, ok := strings.CutPrefix(line, series); ok {
			at = append(at, strings.Fields(rest)[1])
		}
	}
	if got, want := strings.Join(at, " "), "1767626100.000 1767627000.000 1767627900.000 1767628800.000"; got != want {
		t.Errorf("samples at %s, want every quarter of an hour in (15:00, 16:00]: %s", got, want)
	}
}

func TestOutputFileIsCheckedFirst(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	for _, path := range []string{filepath.Join(t.TempDir(), "no", "such"), t.TempDir()} {
		_, stderr, code := runCommand(backfillArgs(prometheus, "--output.file="+path)...)
		if code != exitUsage || !strings.Contains(stderr, "--output.file") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	}
	if n := prometheus.asked.Load(); n != 0 {
		t.Errorf("%d queries were sent for an output that cannot be written", n)
	}
}

// A device stands for itself: it is written to, and never replaced by a file. It is reached by a
// link, which is all that a mistake could replace.
func TestOutputToADevice(t *testing.T) {
	t.Parallel()
	prometheus := newFakePrometheus(t, ghosts(history))
	for device, want := range map[string]string{os.DevNull: "", "/dev/full": "no space left"} {
		link := filepath.Join(t.TempDir(), "device")
		if _, err := os.Stat(device); err != nil || os.Symlink(device, link) != nil {
			t.Skip("there is no such device, or no link to it can be made")
		}
		_, stderr, code := runCommand(backfillArgs(prometheus, "--output.file="+link)...)
		if (code == exitDone) != (want == "") || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d: %s", device, code, stderr)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: it was replaced: %v", device, err)
		}
	}
}

// What is recorded on the way is part of the journal, so it is in the output of a resumed run.
func TestRecorderIsResumed(t *testing.T) {
	t.Parallel()
	r := newRecorder("x", nil)
	r.Sample(history, []finding.Finding{{Key: finding.Key{Route: "x"}, Errors: 7}})
	data, err := r.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	read := newRecorder("x", nil)
	if err := read.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if len(read.kept.Tracks) != 1 || read.kept.Tracks[0].Steps[0].Errors != 7 {
		t.Errorf("read back: %+v", read.kept)
	}
	if err := read.UnmarshalBinary(data[:len(data)/2]); err == nil {
		t.Error("half of it was taken")
	}
}

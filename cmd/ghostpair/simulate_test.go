package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

func TestSimulate(t *testing.T) {
	t.Parallel()
	golden(t, "help-simulate", "simulate", "--help")
	golden(t, "simulate", "simulate", "--start=2026-11-01T00:00:00Z", "--duration=15m", "--scrape-interval=1m", "--routes=2",
		"--targets=1", "--errors-per-hour=0", "--pairs-per-hour=20", "--lag=5s..5.5s")
	golden(t, "simulate-usage", "simulate", "--routes=0", "--paired-routes=4", "--targets=0", "--scrape-interval=1ms", "--jitter=1s",
		"--missed=1", "--errors-per-hour=-1", "--pairs-per-hour=+Inf", "--lag=6.5s..5s", "--resets=5s", "--start=1", "--end=2", "--duration=1s")
	golden(t, "simulate-backwards", "simulate", "--start=1600000000", "--end=1500000000")
}

// messySimulation has everything that the command can make go wrong.
func messySimulation(file string, more ...string) []string {
	return append([]string{
		"simulate", "--start=2026-11-01T00:00:00Z", "--duration=3h", "--targets=2", "--jitter=30ms", "--missed=0.01",
		"--resets=1h", "--errors-per-hour=60", "--background=bursty", "--pairs-per-hour=10", "--output.file=" + file,
	}, more...)
}

// TestSimulateFiles: equal flags give equal files, nothing else is left behind, and the truth tells
// what is in the counters.
func TestSimulateFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.om"), filepath.Join(dir, "second.om")
	for _, args := range [][]string{messySimulation(first), messySimulation(second, "--truth.file="+filepath.Join(dir, "truth.json"))} {
		if stdout, stderr, code := runCommand(args...); code != exitDone || stdout != "" {
			t.Fatalf("exit code %d, %q, %s", code, stdout, stderr)
		}
	}
	if a, b := readFile(t, first), readFile(t, second); a != b || !strings.HasSuffix(a, "\n# EOF\n") {
		t.Errorf("%d and %d bytes, want the same, and # EOF at the end", len(a), len(b))
	}
	if a, b := readFile(t, first+".truth.json"), readFile(t, filepath.Join(dir, "truth.json")); a != b {
		t.Errorf("the truths differ:\n%s\n%s", a, b)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 4 {
		t.Errorf("files %q, want two of counters and two of truth", files)
	}
	var truth simulate.Truth
	if err := json.Unmarshal([]byte(readFile(t, first+".truth.json")), &truth); err != nil {
		t.Fatal(err)
	}
	for i, route := range truth.Routes {
		if paired := route.Pairs > 0; paired != (i == 0) {
			t.Errorf("%s has %d pairs, want some on the first route only", route.Route, route.Pairs)
		}
	}
	for _, pair := range truth.Pairs {
		if lag := pair.Second.Sub(pair.First); lag < 5*time.Second || lag > 6500*time.Millisecond || pair.FirstTarget != pair.SecondTarget {
			t.Errorf("pair %+v: want a lag of 5 s to 6.5 s on one target", pair)
		}
	}
}

func TestSimulateCannotWrite(t *testing.T) {
	t.Parallel()
	_, stderr, code := runCommand(messySimulation(filepath.Join(t.TempDir(), "none", "x.om"))...)
	if code != exitFailed || !strings.Contains(stderr, "no such file or directory") {
		t.Errorf("exit code %d, %s; want %d, and why", code, stderr, exitFailed)
	}
}

// TestSimulateLoads loads what is written into a TSDB, and reads every sample back.
func TestSimulateLoads(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool to load the samples with:", err)
	}
	dir := t.TempDir()
	file, data := filepath.Join(dir, "ghosts.om"), filepath.Join(dir, "data")
	if _, stderr, code := runCommand(messySimulation(file, "--scrape-interval=2s")...); code != exitDone {
		t.Fatal(stderr)
	}
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", file, data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// promtool dump opens a whole data directory, of which create-blocks-from makes the blocks only.
	if err := os.MkdirAll(filepath.Join(data, "wal"), 0o755); err != nil {
		t.Fatal(err)
	}
	dumped, err := exec.Command(promtool, "tsdb", "dump", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	written, read := totals(readFile(t, file)), totals(string(dumped))
	if len(written) < 2 || written["up"].samples == 0 {
		t.Fatalf("written %v, want up and counters", written)
	}
	for name, want := range written {
		if read[name] != want {
			t.Errorf("%s: read back %+v, want %+v", name, read[name], want)
		}
	}
}

type total struct {
	samples, sum int
}

// totals counts and sums the samples of each metric, in text as it is written or as promtool dumps it.
func totals(text string) map[string]total {
	all := map[string]total{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		head, rest, ok := strings.Cut(line, "} ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		name, _, _ := strings.Cut(head, "{")
		if name == "" {
			_, name, _ = strings.Cut(head, `__name__="`)
			name, _, _ = strings.Cut(name, `"`)
		}
		var value float64
		if err := json.Unmarshal([]byte(strings.Fields(rest)[0]), &value); err != nil {
			continue
		}
		all[name] = total{all[name].samples + 1, all[name].sum + int(value)}
	}
	return all
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

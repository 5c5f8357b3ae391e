package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

// realPrometheus is a Prometheus process over blocks of a simulated fleet.
type realPrometheus struct {
	t       *testing.T
	binary  string
	dir     string
	address string
	process *exec.Cmd
}

// newRealPrometheus writes the fleet's samples between two instants. Some of them may lie in the
// future: they stand for scrapes to come.
func newRealPrometheus(t *testing.T, fleet *simulate.Fleet, from, to time.Time) *realPrometheus {
	t.Helper()
	return realOver(t, func(w io.Writer) error {
		return fleet.Record(from.UnixMilli(), to.UnixMilli()).WriteOpenMetrics(w)
	})
}

// realOver is a Prometheus over what is written as OpenMetrics.
func realOver(t *testing.T, write func(io.Writer) error) *realPrometheus {
	t.Helper()
	binary, err := exec.LookPath("prometheus")
	promtool, errTool := exec.LookPath("promtool")
	if err != nil || errTool != nil {
		t.Skip("prometheus and promtool are not in the PATH")
	}
	p := &realPrometheus{t: t, binary: binary, dir: t.TempDir()}
	metrics := filepath.Join(p.dir, "metrics")
	if err := writeOutput(nil, metrics, write); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", metrics, filepath.Join(p.dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "prometheus.yml"), []byte("global: {external_labels: {replica: a}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *realPrometheus) start() {
	p.t.Helper()
	p.process = exec.Command(p.binary, "--config.file="+filepath.Join(p.dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(p.dir, "data"), "--web.listen-address="+p.address)
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	process := p.process.Process
	p.t.Cleanup(func() { _ = process.Kill() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if response, err := http.Get("http://" + p.address + "/-/ready"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
	}
	p.t.Fatal("prometheus does not become ready")
}

func (p *realPrometheus) kill() {
	p.t.Helper()
	if err := p.process.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.process.Wait() // it was killed
}

// TestServeOnRealPrometheus warms up by streamed remote read, goes on by ticks, and lives through a
// Prometheus that is killed and started again.
func TestServeOnRealPrometheus(t *testing.T) {
	now := time.Now()
	prometheus := newRealPrometheus(t, ghosts(now.Add(-4*time.Hour)), now.Add(-4*time.Hour), now.Add(5*time.Minute))
	prometheus.start()
	path := filepath.Join(t.TempDir(), "ghostpair.yml")
	writeConfig(t, path, "http://"+prometheus.address, oneSource)

	s := startServer(t, "--config.file="+path)
	s.wait("the warm-up", s.ready)
	if got := s.metric(paired); got != "1" {
		t.Errorf("%s = %q, want 1", paired, got)
	}
	s.wait("a tick", func() bool {
		return s.metric(`ghostpair_source_protocol_info{protocol="remote_read_samples",source="envoy"}`) == "1"
	})

	prometheus.kill()
	s.wait("a failed window", func() bool { return len(s.document().FailedWindows) == 1 })
	if got := s.document().FailedWindows[0].Reason; got != "refused" {
		t.Errorf("reason = %q, want refused", got)
	}
	prometheus.start()
	s.wait("the catch-up", func() bool { return len(s.document().FailedWindows) == 0 })
	live := s.document()
	s.stop()

	// The same history at once gives the same findings.
	stdout, stderr, code := runCommand("backfill", "--config.file="+path, "-o", "json", "--log.level=error",
		"--start="+live.Origin.Format(time.RFC3339Nano), "--end="+live.Window.End.Format(time.RFC3339Nano))
	if code != exitDone {
		t.Fatalf("backfill = %d: %s", code, stderr)
	}
	if want := indented(t, live); stdout != want {
		t.Errorf("backfill gives\n%s\nwant what serve found:\n%s", stdout, want)
	}
}

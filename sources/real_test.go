package sources

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// exporter is an Envoy-like page with two counters, one of which grows with every scrape.
func exporter(t *testing.T) string {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprintf(w, "# TYPE envoy_cluster_upstream_rq_xx counter\n")
		for _, class := range []string{"2", "5"} {
			fmt.Fprintf(w, "envoy_cluster_upstream_rq_xx{envoy_response_code_class=%q,envoy_cluster_name=\"moving\"} %d\n", class, n)
			fmt.Fprintf(w, "envoy_cluster_upstream_rq_xx{envoy_response_code_class=%q,envoy_cluster_name=\"still\"} 3\n", class)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a server until the test ends and returns its URL once it has scraped a few times.
func start(t *testing.T, binary string, args func(dir, address, config string) []string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no real servers")
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		t.Skipf("no %s in PATH: install it to read from the real thing", binary)
	}
	dir, address := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf(`
global:
  scrape_interval: 250ms
  external_labels: {cluster: eu-1, prometheus_replica: a}
scrape_configs:
  - job_name: envoy
    static_configs: [{targets: [%q], labels: {namespace: gw, pod: envoy-0}}]
  - job_name: self
    static_configs: [{targets: [%q]}]
`, exporter(t), address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args(dir, address, config)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); wait(t.Context(), 100*time.Millisecond) {
		r, server := newRecord(), testServer(t, "http://"+address, ProtocolQuery)
		from, to := settled()
		_, _ = testSource(t, server, nil).Read(t.Context(), from, to, false, r)
		for _, points := range r.series {
			if len(points) > 12 {
				return "http://" + address
			}
		}
	}
	t.Fatalf("%s did not scrape in time", binary)
	return ""
}

// settled is a window that ends before the newest scrapes, so that two reads of it see the same. VictoriaMetrics
// shows a sample up to two seconds after it was scraped, and a busy machine scrapes late.
func settled() (from, to int64) {
	to = time.Now().Add(-3 * time.Second).UnixMilli()
	return to - 600_000, to
}

func TestRealPrometheus(t *testing.T) {
	t.Parallel()
	url := start(t, "prometheus", func(dir, address, config string) []string {
		return []string{"--config.file=" + config, "--web.listen-address=" + address, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--log.level=error"}
	})
	from, to := settled()
	var want string
	for _, c := range []struct {
		protocol, used string
		live           bool
	}{{ProtocolAuto, ReaderStreamed, false}, {ProtocolAuto, ReaderSamples, true}, {ProtocolQuery, ReaderQuery, false}} {
		r, stats := read(t, testSource(t, testServer(t, url, c.protocol), nil), from, to, c.live)
		if stats.Protocol != c.used || stats.Series != 2 || len(r.scrapes) != 1 || len(r.early) > 0 {
			t.Errorf("%+v: %+v, views %d, early %v", c, stats, len(r.scrapes), r.early)
		}
		if want == "" {
			want = r.String()
		}
		if r.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.used, r, want)
		}
		for id := range r.series {
			if id.Target != "gw / envoy-0" || strings.Contains(id.View, "replica") {
				t.Errorf("%s: %+v", c.used, id)
			}
		}
	}
	if info, err := testServer(t, url, "").BuildInfo(t.Context()); err != nil || info.Version == "" {
		t.Errorf("%+v %v", info, err)
	}
}

func TestRealVictoriaMetrics(t *testing.T) {
	t.Parallel()
	url := start(t, "victoria-metrics", func(dir, address, config string) []string {
		return []string{"-promscrape.config=" + config, "-promscrape.config.strictParse=false", "-httpListenAddr=" + address, "-storageDataPath=" + filepath.Join(dir, "data"), "-loggerLevel=ERROR", "-retentionPeriod=1d"}
	})
	from, to := settled()
	server := testServer(t, url, ProtocolAuto)
	var want string
	for range 2 {
		r, stats := read(t, testSource(t, server, nil), from, to, false)
		if stats.Protocol != ReaderQuery || stats.Series != 2 || len(r.scrapes) != 1 || len(r.early) > 0 {
			t.Errorf("%+v, views %d, early %v", stats, len(r.scrapes), r.early)
		}
		for _, points := range r.series {
			if len(points) < 10 {
				t.Errorf("only %v", points)
			}
		}
		if want == "" {
			want = r.String()
		}
		if r.String() != want {
			t.Errorf("a second read differs:\n%s\nwant\n%s", r, want)
		}
	}
}

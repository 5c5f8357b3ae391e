package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// syncBuffer is a buffer that a service writes to while a test reads it.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// server is a ghostpair that runs in this process.
type server struct {
	t    *testing.T
	log  syncBuffer
	url  string
	exit chan int
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// startServer runs serve on a free port. Signals reach it because they reach the process: so tests
// that start one must not run in parallel.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	caught := make(chan os.Signal, 10) // should one come early, it must not end the tests
	signal.Notify(caught, syscall.SIGHUP, syscall.SIGTERM)
	s := &server{t: t, exit: make(chan int, 1)}
	go func() {
		s.exit <- run(append([]string{"serve", "--web.listen-address=127.0.0.1:0"}, args...), io.Discard, &s.log)
		signal.Stop(caught)
	}()
	s.wait("the address", func() bool {
		m := listening.FindStringSubmatch(s.log.String())
		if m != nil {
			s.url = "http://" + m[1]
		}
		return m != nil
	})
	return s
}

// wait polls until what is awaited has come.
func (s *server) wait(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
		select {
		case code := <-s.exit:
			s.t.Fatalf("waiting for %s: it ended with %d:\n%s", what, code, s.log.String())
		default:
		}
	}
	s.t.Fatalf("waiting for %s took too long:\n%s", what, s.log.String())
}

func (s *server) get(path string) (int, string) {
	s.t.Helper()
	response, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func (s *server) ready() bool {
	status, _ := s.get("/-/ready")
	return status == http.StatusOK
}

// metric returns the value of a series, "" when it is not there.
func (s *server) metric(series string) string {
	_, body := s.get("/metrics")
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (s *server) document() finding.Document {
	s.t.Helper()
	status, body := s.get("/api/v1/findings")
	var answer struct{ Data finding.Document }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		s.t.Fatalf("findings = %d, %v: %s", status, err, body)
	}
	return answer.Data
}

func (s *server) stop() {
	s.t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case code := <-s.exit:
		if code != exitDone {
			s.t.Errorf("SIGTERM gives exit code %d:\n%s", code, s.log.String())
		}
	case <-time.After(10 * time.Second):
		s.t.Fatalf("it does not stop:\n%s", s.log.String())
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if left := regexp.MustCompile(`ghostpair\.\(\*(service|loop)\)|engine\.\(\*Engine\)|jobs\.\(\*Queue\)`).Find(stacks); left != nil {
		s.t.Errorf("a goroutine of %s is left:\n%s", left, stacks)
	}
}

const (
	paired   = `ghostpair_route_verdict{fingerprint="syn-timeout-5s",route="httproute/shop/checkout/rule/0",signal="5xx",source="envoy",verdict="paired"}`
	reloadOK = "ghostpair_config_last_reload_successful"
)

// writeConfig writes a configuration that advances every second.
func writeConfig(t *testing.T, path, url, more string) {
	t.Helper()
	text := fmt.Sprintf(`prometheus: {url: %s}
evaluate: {every: 1s, delay: 1s, history: 3h}
report: {schedule: none}
fingerprints: [{name: syn-timeout-5s, lag: [5s, 6.5s]}]
%s`, url, more)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const oneSource = "sources: [{name: envoy, kind: envoy, signal: 5xx}]\n"

func TestServe(t *testing.T) {
	prometheus := newFakePrometheus(t, ghosts(time.Now().Add(-4*time.Hour)))
	dir := t.TempDir()
	path, storage := filepath.Join(dir, "ghostpair.yml"), filepath.Join(dir, "data")
	writeConfig(t, path, prometheus.URL, oneSource)

	s := startServer(t, "--config.file="+path, "--storage.path="+storage)
	s.wait("the warm-up", s.ready)
	if got := s.metric(paired); got != "1" {
		t.Errorf("%s = %q, want 1", paired, got)
	}
	if _, page := s.get("/"); !strings.Contains(page, "httproute/shop/checkout/rule/0") {
		t.Error("the page lacks the route")
	}
	reload(t, s, prometheus, path)
	outage(t, s, prometheus)
	origin := s.document().Origin
	s.stop()

	// The next one goes on where this one stopped, without reading history again.
	stopped := time.Now()
	prometheus.longest.Store(0)
	s = startServer(t, "--config.file="+path, "--storage.path="+storage)
	s.wait("the restart", s.ready)
	if got := s.document().Origin; !got.Equal(origin) {
		t.Errorf("after a restart the origin is %s, want %s", got, origin)
	}
	if !strings.Contains(s.log.String(), "Going on from the snapshot") {
		t.Errorf("the snapshot was not used:\n%s", s.log.String())
	}
	if got := s.metric(paired); got != "1" {
		t.Errorf("after a restart %s = %q, want 1", paired, got)
	}
	// Three hours of history would take ranges of an hour or more; a tick reads a minute too much.
	hole := time.Since(stopped) + 5*time.Minute
	if longest := time.Duration(prometheus.longest.Load()) * time.Millisecond; longest == 0 || longest > hole {
		t.Errorf("after the restart a range of %s was read, want at most the hole of some %s", longest, hole)
	}
	s.stop()
}

// A state that cannot be saved is told by a metric, not only by the log, and keeps the service from nothing.
func TestServeTellsThatItsStateIsNotSaved(t *testing.T) {
	prometheus := newFakePrometheus(t, ghosts(time.Now().Add(-time.Hour)))
	storage := t.TempDir()
	inTheWay := filepath.Join(storage, "state") // no file can take the place of a directory with something in it
	if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0", "1"} {
		s := startServer(t, "--prometheus.url="+prometheus.URL, "--storage.path="+storage)
		s.wait("the warm-up", s.ready)
		s.wait("the first save", func() bool { return s.metric("ghostpair_state_last_save_successful") != "" })
		if got := s.metric("ghostpair_state_last_save_successful"); got != want {
			t.Errorf("ghostpair_state_last_save_successful = %q, want %s", got, want)
		}
		s.stop()
		if err := os.RemoveAll(inTheWay); err != nil {
			t.Fatal(err)
		}
	}
}

// reload sends SIGHUP with a bad file, then posts with a good one, then one with other fingerprints.
func reload(t *testing.T, s *server, prometheus *fakePrometheus, path string) {
	t.Helper()
	post := func() (int, string) {
		response, err := http.Post(s.url+"/-/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response.StatusCode, string(body) + fmt.Sprint(errors.Unwrap(err))
	}
	writeConfig(t, path, prometheus.URL, "sauces: []\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.wait("the refusal", func() bool { return s.metric(reloadOK) == "0" })
	if status, body := post(); status != http.StatusInternalServerError || !strings.Contains(body, "sauces: unknown key") {
		t.Errorf("reload of a bad file = %d %q, want 500 and the problem", status, body)
	}
	if _, body := s.get("/api/v1/status/runtimeinfo"); !strings.Contains(body, `"reloadConfigSuccess":"false"`) {
		t.Errorf("runtime information = %s", body)
	}
	if got := s.metric(paired); got != "1" {
		t.Errorf("after a refused reload %s = %q, want 1", paired, got)
	}

	writeConfig(t, path, prometheus.URL, oneSource+"limits: {routes: 5}\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.wait("the reload", func() bool { return s.metric(reloadOK) == "1" })
	if _, body := s.get("/api/v1/status/config"); !strings.Contains(body, `routes: 5`) {
		t.Errorf("configuration after the reload = %s", body)
	}
	if !s.ready() || s.metric(paired) != "1" {
		t.Error("a reload of limits lost the findings")
	}

	writeConfig(t, path, prometheus.URL, "clear_below: 5%\n"+oneSource)
	if status, body := post(); status != http.StatusOK {
		t.Errorf("reload = %d %q", status, body)
	}
	if !s.ready() || s.metric(paired) != "1" {
		t.Error("while history is replayed nothing is served")
	}
	s.wait("the replay", func() bool {
		_, body := s.get("/api/v1/status/config")
		return strings.Contains(body, `clear_below: 0.05`)
	})
	if !s.ready() || s.metric(paired) != "1" {
		t.Error("after the replay the findings are gone")
	}
}

// outage takes the server away for some ticks: then what was missed is read.
func outage(t *testing.T, s *server, prometheus *fakePrometheus) {
	t.Helper()
	prometheus.away.Store(true)
	s.wait("a failed window", func() bool { return len(s.document().FailedWindows) == 1 })
	failed := s.document().FailedWindows[0]
	if failed.Source != "envoy" || failed.Reason != "unavailable" {
		t.Errorf("failed window = %+v", failed)
	}
	prometheus.away.Store(false)
	s.wait("the catch-up", func() bool {
		d := s.document()
		return len(d.FailedWindows) == 0 && d.Window.End.After(failed.End)
	})
	if got := s.metric(`ghostpair_evaluation_failures_total`); got == "0" || got == "" {
		t.Errorf("failures counted = %q, want some", got)
	}
}

func TestServeRefusesToStart(t *testing.T) {
	t.Parallel()
	golden(t, "serve-bad", "serve", "--config.file=testdata/bad.yml")
	_, stderr, code := runCommand("serve", "--web.listen-address=no-such-host.invalid:1", "--prometheus.url=http://127.0.0.1:1")
	if code != exitFailed || !strings.Contains(stderr, "no-such-host.invalid") {
		t.Errorf("an address that is none gives %d: %s", code, stderr)
	}
}

// A second service on the state of a running one would destroy it.
func TestServeOnStorageInUse(t *testing.T) {
	args := []string{"serve", "--prometheus.url=http://127.0.0.1:1", "--storage.path=" + t.TempDir()}
	s := startServer(t, args[1:]...)
	_, stderr, code := runCommand(args...)
	if code != exitFailed || !strings.Contains(stderr, "another ghostpair uses it") {
		t.Errorf("a storage path in use gives %d: %s", code, stderr)
	}
	s.stop()
	s = startServer(t, args[1:]...) // it is free again
	s.stop()
}

// Who may see the pages is up to --web.config.file, and what the API shows holds no password.
func TestServeWithAuthentication(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.yml")
	// a hash that no password has
	users := "basic_auth_users: {ops: $2y$04$qh8Bc1fmq3aQUPKX7wZFRe2hqDOWCpVuUqK3sGIe6yCiHmxXXXXXX}\n"
	if err := os.WriteFile(path, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--web.config.file="+path, "--prometheus.url=http://user:hunter2@127.0.0.1:1", "--log.level=info")
	if status, _ := s.get("/metrics"); status != http.StatusUnauthorized {
		t.Errorf("without a password: %d, want 401", status)
	}
	s.stop()
	if strings.Contains(s.log.String(), "hunter2") {
		t.Errorf("the log shows the password:\n%s", s.log.String())
	}

	s = startServer(t, "--prometheus.url=http://user:hunter2@127.0.0.1:1")
	for _, page := range []string{"/", "/metrics", "/-/ready", "/api/v1/status/flags", "/api/v1/status/config"} {
		if _, body := s.get(page); strings.Contains(body, "hunter2") || body == "" {
			t.Errorf("%s shows the password, or nothing: %s", page, body)
		}
	}
	if status, body := s.get("/-/ready"); status != http.StatusServiceUnavailable || !strings.Contains(body, "not read anything from Prometheus yet") {
		t.Errorf("ready = %d %s, want 503 and why", status, body)
	}
	s.stop()
}

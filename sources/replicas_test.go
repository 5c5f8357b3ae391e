package sources

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// replica is what one server of an HA pair holds of a pod: the same counter, at scrapes of its own.
func replica(phase int64) []stored {
	return []stored{
		series(`up{job="envoy",instance="a",pod="envoy-0"}`, every(phase, 1000, 400, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",pod="envoy-0",envoy_response_code_class="5",envoy_cluster_name="x"}`, every(phase, 1000, 400, 3)...),
	}
}

func replicas(t *testing.T, logs *bytes.Buffer, fakes ...*fakeServer) *Replicas {
	t.Helper()
	var servers []*Server
	for _, f := range fakes {
		s := testServer(t, f.URL, ProtocolAuto)
		s.retries = -1
		if logs != nil {
			s.logger = slog.New(slog.NewTextHandler(logs, nil))
		}
		servers = append(servers, s)
	}
	r, err := NewOf(servers, envoyOptions)
	if err != nil {
		t.Fatal(err)
	}
	return r.(*Replicas)
}

// What two servers say of one pod are two views of one target and one counter, whatever their external
// labels; the cluster among them is part of the target's name.
func TestReplicasAreViews(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"/api/v1/read", "nothing"} { // by remote read and, where that is lacking, by queries
		a, b := newFakeServer(t, replica(1000)...), newFakeServer(t, replica(1400)...)
		a.external = map[string]string{"cluster": "eu", "prometheus_replica": "a"}
		b.external = map[string]string{"cluster": "eu", "prometheus_replica": "b"}
		for _, f := range []*fakeServer{a, b} {
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if protocol == "nothing" && r.URL.Path == "/api/v1/read" {
					http.NotFound(w, r)
					return true
				}
				return false
			}
		}
		got := newRecord()
		stats, err := replicas(t, nil, a, b).Read(t.Context(), 0, 400_000, false, got)
		if err != nil {
			t.Fatal(err)
		}
		if stats.Series != 2 || len(got.series) != 2 || len(got.scrapes) != 2 || len(stats.Warnings) > 0 {
			t.Fatalf("%+v, %d series, %d views", stats, len(got.series), len(got.scrapes))
		}
		var ids []observe.SeriesID
		for id := range got.series {
			ids = append(ids, id)
		}
		slices.SortFunc(ids, func(x, y observe.SeriesID) int { return strings.Compare(x.View, y.View) })
		if ids[0].Target != "eu / envoy-0" || ids[0].View == ids[1].View {
			t.Errorf("target %q in views %q and %q", ids[0].Target, ids[0].View, ids[1].View)
		}
		if ids[0].View = ids[1].View; ids[0] != ids[1] {
			t.Errorf("two counters: %+v", ids)
		}
	}
}

// The servers of two clusters have pods of the same name: they are two targets.
func TestReplicasOfTwoClusters(t *testing.T) {
	t.Parallel()
	a, b := newFakeServer(t, replica(1000)...), newFakeServer(t, replica(1000)...)
	a.external, b.external = map[string]string{"cluster": "eu"}, map[string]string{"cluster": "us"}
	got := newRecord()
	if _, err := replicas(t, nil, a, b).Read(t.Context(), 0, 400_000, false, got); err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for id := range got.series {
		targets[id.Target] = true
	}
	if !targets["eu / envoy-0"] || !targets["us / envoy-0"] {
		t.Errorf("targets %v", targets)
	}
}

// A server that breaks in the middle of its answer leaves no trace; the other stands in, which is said
// once in the log. Without any server it is a failure.
func TestReplicaAway(t *testing.T) {
	t.Parallel()
	a, b := newFakeServer(t, replica(1000)...), newFakeServer(t, replica(1400)...)
	whole := wholeStream(t, b)
	var broken, gone atomic.Bool
	b.before = func(w http.ResponseWriter, r *http.Request) bool {
		if broken.Load() && r.URL.Path == "/api/v1/read" {
			w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
			_, _ = w.Write(whole[:len(whole)*3/4])
			return true
		}
		return false
	}
	a.before = func(w http.ResponseWriter, _ *http.Request) bool {
		if gone.Load() {
			http.Error(w, "no", http.StatusServiceUnavailable)
		}
		return gone.Load()
	}
	var logs bytes.Buffer
	r := replicas(t, &logs, a, b)
	at := int64(0)
	read := func() (*record, observe.ReadStats, error) {
		got := newRecord()
		at += 20_000
		stats, err := r.Read(t.Context(), at-20_000, at, false, got)
		return got, stats, err
	}
	if got, _, err := read(); err != nil || len(got.series) != 2 {
		t.Fatalf("%d series, %v", len(got.series), err)
	}
	broken.Store(true)
	for range 2 {
		got, stats, err := read()
		if err != nil || len(got.series) != 1 || len(got.scrapes) != 1 {
			t.Errorf("%d series in %d views, %v: want those of the server that answers", len(got.series), len(got.scrapes), err)
		}
		if len(stats.Warnings) != 1 || !strings.Contains(stats.Warnings[0], b.URL+" could not be read (truncated)") {
			t.Errorf("warnings %q", stats.Warnings)
		}
	}
	if b := r.members[1].server.Status(); b.Answers || !r.members[0].server.Status().Answers {
		t.Errorf("status %+v", b)
	}
	broken.Store(false)
	if got, _, err := read(); err != nil || len(got.series) != 2 {
		t.Errorf("%d series, %v after the server is back", len(got.series), err)
	}
	if text := logs.String(); strings.Count(text, "level=WARN") != 1 || strings.Count(text, "can be read again") != 1 {
		t.Errorf("log:\n%s", text)
	}
	broken.Store(true)
	gone.Store(true)
	if got, _, err := read(); err == nil || len(got.scrapes) > 0 {
		t.Errorf("%d views, %v: want a failure that leaves no trace", len(got.scrapes), err)
	}
}

// A server that hangs is not waited for much longer than the other took.
func TestReplicaHangs(t *testing.T) {
	t.Parallel()
	a, b := newFakeServer(t, replica(1000)...), newFakeServer(t, replica(1400)...)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	b.before = func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-r.Context().Done():
		case <-release:
		}
		return true
	}
	r := replicas(t, nil, a, b)
	r.patience = time.Millisecond
	r.members[1].server.timeout = time.Hour
	got := newRecord()
	stats, err := r.Read(t.Context(), 0, 20_000, true, got)
	if err != nil || len(got.series) != 1 || len(stats.Warnings) != 1 || !strings.Contains(stats.Warnings[0], "timeout") {
		t.Errorf("%d series, warnings %q, %v", len(got.series), stats.Warnings, err)
	}
}

// Behind one address that hands every request to the next of two servers, scrape times of the same
// instant differ. Behind one that has two queriers of the same data they do not; and a sample that comes
// late changes the answer once only.
func TestMixed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		second int64 // its first scrape
		pick   func(n int64) bool
		want   bool
	}{
		{"round robin", 1400, func(n int64) bool { return n%2 == 1 }, true},
		{"same data", 1000, func(n int64) bool { return n%2 == 1 }, false},
		{"failover", 1400, func(n int64) bool { return n > 2 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := newFakeServer(t, replica(1000)...), newFakeServer(t, replica(c.second)...)
			var asked atomic.Int64
			balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				to := a
				if r.URL.Path == queryPath && c.pick(asked.Add(1)) {
					to = b
				}
				to.serve(w, r)
			}))
			t.Cleanup(balancer.Close)
			var logs bytes.Buffer
			server := testServer(t, balancer.URL, ProtocolAuto)
			server.logger = slog.New(slog.NewTextHandler(&logs, nil))
			s := testSource(t, server, nil)
			for i := range int64(2) { // the second read is of the same five minutes: nothing is asked
				_, stats := read(t, s, 360_000+i*10_000, 370_000+i*10_000, true)
				if said := fmt.Sprint(stats.Warnings); strings.Contains(said, "several Prometheis answer at "+balancer.URL) != c.want {
					t.Errorf("warnings %s, want mixed %v", said, c.want)
				}
			}
			if server.Status().Mixed != c.want || strings.Count(logs.String(), "several Prometheis") != map[bool]int{true: 1}[c.want] {
				t.Errorf("status %+v, log:\n%s", server.Status(), logs.String())
			}
			if n := asked.Load(); n > 2*balanceAsks {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// A server that is away is asked again and again the first time, and only once while others stand in for
// it, so that it holds up no read; when it is back it is read with patience again.
func TestReplicaAwayIsAskedOnce(t *testing.T) {
	t.Parallel()
	a, b := newFakeServer(t, replica(1000)...), newFakeServer(t, replica(1400)...)
	var away atomic.Bool
	var refused atomic.Int64
	b.before = func(w http.ResponseWriter, _ *http.Request) bool {
		if away.Load() {
			refused.Add(1)
			http.Error(w, "restarting", http.StatusServiceUnavailable)
			return true
		}
		return false
	}
	r, err := NewOf([]*Server{testServer(t, a.URL, ProtocolAuto), testServer(t, b.URL, ProtocolAuto)}, envoyOptions)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		away bool
		want int64 // refusals: the first try and three more where it was there before
	}{{true, 4}, {true, 1}, {false, 0}, {true, 4}} {
		away.Store(step.away)
		refused.Store(0)
		if _, err := r.Read(t.Context(), 0, 400_000, false, newRecord()); err != nil {
			t.Fatal(err)
		}
		if got := refused.Load(); got != step.want {
			t.Errorf("step %d: %d requests to the server that is away, want %d", i, got, step.want)
		}
	}
}

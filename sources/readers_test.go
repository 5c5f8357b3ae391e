package sources

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/prometheus/prometheus/model/value"
)

// envoyFleet makes counters with everything that can happen to samples: jitter, missed scrapes,
// resets, NaN, stale markers, births and one series that lives for one sample.
func envoyFleet(seed uint64, pods, routes, scrapes int, step int64) (out []stored) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	for p := range pods {
		target := fmt.Sprintf(`job="envoy",instance="10.0.0.%d:19001",namespace="gw",pod="envoy-%d"`, p, p)
		phase := rnd.Int64N(step)
		var times []int64
		for i := range scrapes {
			t := int64(i)*step + phase
			if rnd.IntN(50) == 0 {
				t += rnd.Int64N(9)
			}
			if rnd.IntN(100) > 0 {
				times = append(times, t)
			}
		}
		var up []point
		for _, t := range times {
			v := 1.0
			if rnd.IntN(100) == 0 {
				v = 0
			}
			up = append(up, point{t, v})
		}
		out = append(out, series("up{"+target+"}", up...))
		for r := range routes {
			var points []point
			v := 0.0
			for _, t := range times[rnd.IntN(len(times)):] {
				switch rnd.IntN(40) {
				case 0:
					v += float64(rnd.IntN(3))
				case 1:
					v = 0
				case 2:
					points = append(points, point{t, math.NaN()})
					continue
				case 3:
					points = append(points, point{t, math.Float64frombits(value.StaleNaN)})
					continue
				}
				points = append(points, point{t, v})
			}
			out = append(out, series(fmt.Sprintf(`envoy_cluster_upstream_rq_xx{%s,envoy_response_code_class="5",envoy_cluster_name="route-%d"}`, target, r), points...))
			out = append(out, series(fmt.Sprintf(`envoy_cluster_upstream_rq_xx{%s,envoy_response_code_class="2",envoy_cluster_name="route-%d"}`, target, r), points...))
		}
	}
	return out
}

// TestReadersAgree reads the same data through all readers, against servers that differ in what they
// add to labels and in whether a range includes its start.
func TestReadersAgree(t *testing.T) {
	t.Parallel()
	const step, hour = 15_000, 3_600_000
	fleet := envoyFleet(7, 3, 4, 1000, step)
	var want string
	for _, c := range []struct {
		name, protocol, used string
		change               func(*fakeServer)
	}{
		{"streamed", ProtocolRemoteRead, ReaderStreamed, func(*fakeServer) {}},
		{"one chunk a frame", ProtocolAuto, ReaderStreamed, func(f *fakeServer) { f.chunkSize, f.frameChunks = 1, 1 }},
		{"one frame a series", ProtocolAuto, ReaderStreamed, func(f *fakeServer) { f.chunkSize, f.frameChunks = 120, 1000 }},
		{"samples", ProtocolRemoteRead, ReaderSamples, func(f *fakeServer) { f.samplesOnly = true }},
		{"external labels", ProtocolRemoteRead, ReaderStreamed, func(f *fakeServer) {
			f.external = map[string]string{"cluster": "eu-1", "prometheus_replica": "a"}
		}},
		{"external labels and samples", ProtocolRemoteRead, ReaderSamples, func(f *fakeServer) {
			f.external, f.samplesOnly = map[string]string{"cluster": "eu-1"}, true
		}},
		{"query, Prometheus 3", ProtocolQuery, ReaderQuery, func(*fakeServer) {}},
		{"query, Prometheus 2", ProtocolQuery, ReaderQuery, func(f *fakeServer) { f.closedLeft = true }},
		{"query, external labels", ProtocolQuery, ReaderQuery, func(f *fakeServer) {
			f.external = map[string]string{"cluster": "eu-1"}
		}},
		{"no remote read", ProtocolAuto, ReaderQuery, func(f *fakeServer) {
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/api/v1/read" {
					http.NotFound(w, r)
					return true
				}
				return false
			}
		}},
	} {
		f := newFakeServer(t, fleet...)
		c.change(f)
		s := testSource(t, testServer(t, f.URL, c.protocol), nil)
		// The edges are sample times of the first pod, so that an edge on the wrong side shows. One of
		// the 12 counters is born after the window.
		from, to := fleet[0].points[100].t, fleet[0].points[900].t
		r, stats := read(t, s, from, to, false)
		if stats.Protocol != c.used {
			t.Errorf("%s: read by %q", c.name, stats.Protocol)
		}
		if stats.Series != 11 || len(r.scrapes) != 3 || len(r.early) > 0 {
			t.Errorf("%s: %d series, %d views, early %v", c.name, stats.Series, len(r.scrapes), r.early)
		}
		if want == "" {
			want = r.String()
		}
		if r.String() != want {
			t.Errorf("%s: other samples than by streaming", c.name)
		}
		// What comes in pieces is what comes at once.
		pieces := newRecord()
		for at := from; at < to; at += hour {
			if _, err := s.Read(t.Context(), at, min(at+hour, to), false, pieces); err != nil {
				t.Fatal(err)
			}
		}
		if pieces.String() != want {
			t.Errorf("%s: other samples in pieces", c.name)
		}
	}
}

// TestRunsDoNotDependOnFrames: the runs are those of the samples, however they were cut.
func TestRunsDoNotDependOnFrames(t *testing.T) {
	t.Parallel()
	points := append(every(0, 1000, 500, 1), every(500_000, 1000, 500, 2)...)
	for _, size := range []int{1, 2, 3, 120} {
		f := newFakeServer(t, series(`up{job="envoy",instance="a"}`, points...))
		f.chunkSize = size
		var got keepRuns
		s := testSource(t, testServer(t, f.URL, ProtocolRemoteRead), nil)
		if _, err := s.Read(t.Context(), -1, 1_000_000, false, &got); err != nil {
			t.Fatal(err)
		}
		if got.runs != 2 {
			t.Errorf("chunks of %d samples: %d runs, want 2", size, got.runs)
		}
	}
}

func TestLiveReadCoversTheMinuteBefore(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t,
		series(`up{job="envoy",instance="a"}`, every(0, 15_000, 40, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",envoy_response_code_class="5",envoy_cluster_name="x"}`, every(0, 15_000, 40, 3)...))
	s := testSource(t, testServer(t, f.URL, ProtocolAuto), nil)
	r, stats := read(t, s, 300_000, 315_000, true)
	for _, points := range r.series {
		// (240 s, 315 s]: 255, 270, 285, 300 are overlap, 315 is new.
		if len(points) != 5 || points[0].t != 255_000 {
			t.Errorf("got %v", points)
		}
	}
	if stats.Protocol != ReaderSamples || stats.Samples != 2 || stats.Series != 1 || !stats.SiblingsPresent {
		t.Errorf("stats %+v", stats)
	}
}

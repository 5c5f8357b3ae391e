package sources

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// The histograms are those of the targets of the errors, whatever routes the selector picks; of their buckets
// only those around a timeout are read.
func TestLatencySelector(t *testing.T) {
	t.Parallel()
	o := Options{
		Name: "envoy", RouteLabels: []string{"envoy_cluster_name"},
		TargetLabels: []string{"namespace", "pod"}, ViewLabels: []string{"job", "instance"},
		Selector: `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",namespace="edge",job=~"envoy.*",envoy_cluster_name!="x"}`,
		Exclude:  map[string]string{"envoy_cluster_name": "admin"},
	}
	fingerprints := []score.Fingerprint{
		{Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}, {Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
	}
	reader, err := NewLatency([]*Server{new(Server)}, o, fingerprints)
	if err != nil {
		t.Fatal(err)
	}
	s := reader.(*Source)
	for bound, want := range map[string]bool{
		"0.5": false, "1": false, "1.0": false, "250": false, "1000": false, "60000": false, "+Inf": false,
		"": true, "2500": true, "2500.0": true, "5000": true, "10000": true, "30000": true, "30000.0": true, "4900": true, "12000": true,
	} {
		set := labels.FromStrings("__name__", "envoy_http_downstream_rq_time_bucket", "namespace", "edge", "job", "envoy-fine", "le", bound)
		got := true
		for _, m := range s.selector {
			got = got && m.Matches(set.Get(m.Name))
		}
		if got != want {
			t.Errorf("the bucket up to %s is read: %v, want %v", bound, got, want)
		}
	}
	for _, m := range s.selector {
		if strings.HasPrefix(m.Name, "envoy_") {
			t.Errorf("matcher %s: histograms have no such label", m)
		}
	}
	if !s.mapping.excluded(labels.FromStrings("envoy_http_conn_manager_prefix", "admin")) {
		t.Error("the histogram of the admin listener is read")
	}
	if route := s.mapping.routeOf(labels.FromStrings("__name__", "m", "envoy_http_conn_manager_prefix", "in", "le", "5000")); route != "m / in / 5000" {
		t.Errorf("route = %q", route)
	}
	if name := coarse.LatencyHistogram(fingerprints).Metric; !s.selector[0].Matches(name) || len(s.histograms[name]) != 2 {
		t.Error("native histograms are not read")
	}
	o.Selector = `istio_requests_total{response_code=~"5.."}`
	if reader, err := NewLatency([]*Server{new(Server)}, o, fingerprints); reader != nil || err != nil {
		t.Errorf("%v, %v: other counters have no such histogram", s, err)
	}
	o.Selector = "up["
	if _, err := NewLatency([]*Server{new(Server)}, o, fingerprints); err == nil || !strings.Contains(err.Error(), `source "envoy"`) {
		t.Errorf("error = %v, want one that names the source", err)
	}
}

// Where no job has the histogram nothing is read, and what there is later is.
func TestOptionalSeriesAreNowhere(t *testing.T) {
	t.Parallel()
	server := newFakeServer(t, series(`up{job="other",instance="a"}`, every(1000, 1000, 300, 1)...))
	o := Options{
		Name: "envoy", RouteLabels: []string{"envoy_cluster_name"}, TargetLabels: []string{"pod"}, ViewLabels: []string{"job", "instance"},
		Selector: `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`,
	}
	reader, err := NewLatency([]*Server{testServer(t, server.URL, ProtocolRemoteRead)}, o, []score.Fingerprint{{Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	s := reader.(*Source)
	if _, stats := read(t, s, 1, 100_000, false); stats.Samples != 0 || server.asked("/api/v1/read") != 0 {
		t.Errorf("%d samples in %d reads, though no job has the histogram", stats.Samples, server.asked("/api/v1/read"))
	}
	for _, bound := range []string{"2500", "10000"} {
		server.series = append(server.series, series(`envoy_http_downstream_rq_time_bucket{job="envoy",instance="a",pod="p",le="`+bound+`"}`, every(101_000, 1000, 100, 3)...))
	}
	server.series = append(server.series, series(`up{job="envoy",instance="a",pod="p"}`, every(101_000, 1000, 100, 1)...))
	got, stats := read(t, s, 100_000, 150_000, false)
	if stats.Series != 2 || len(got.series) != 2 {
		t.Errorf("%d series are read, want 2:\n%s", stats.Series, got)
	}
}

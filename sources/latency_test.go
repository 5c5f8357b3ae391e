package sources

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/score"
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
		"2500": true, "2500.0": true, "5000": true, "10000": true, "30000": true, "30000.0": true, "4900": true, "12000": true,
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
	o.Selector = `istio_requests_total{response_code=~"5.."}`
	if reader, err := NewLatency([]*Server{new(Server)}, o, fingerprints); reader != nil || err != nil {
		t.Errorf("%v, %v: other counters have no such histogram", s, err)
	}
	o.Selector = "up["
	if _, err := NewLatency([]*Server{new(Server)}, o, fingerprints); err == nil || !strings.Contains(err.Error(), `source "envoy"`) {
		t.Errorf("error = %v, want one that names the source", err)
	}
}

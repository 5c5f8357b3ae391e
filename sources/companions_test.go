package sources

import (
	"net/http"
	"testing"
)

// The companions of Envoy's 5xx counter are read of the same targets; other selectors have none.
func TestCompanionSelectors(t *testing.T) {
	t.Parallel()
	server, err := NewServer(ServerOptions{URL: "http://localhost:9090", Client: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	const clusters = `{__name__=~"envoy_cluster_upstream_cx_connect_fail|envoy_cluster_upstream_cx_connect_timeout|` +
		`envoy_cluster_upstream_rq_pending_active|envoy_cluster_upstream_rq_timeout|envoy_cluster_upstream_rq_per_try_timeout|` +
		`envoy_cluster_upstream_cx_destroy_remote_with_active_rq|envoy_cluster_upstream_rq_pending_overflow|envoy_cluster_ssl_connection_error"`
	const latency = `{__name__="envoy_http_downstream_rq_time_bucket"`
	for selector, want := range map[string][]string{
		`envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`: {clusters + "}", latency + "}"},
		// A matcher on a target holds for both, one on a cluster for what belongs to clusters.
		`envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",namespace="edge",envoy_cluster_name!="x"}`: {
			clusters + `,namespace="edge",envoy_cluster_name!="x"}`, latency + `,namespace="edge"}`,
		},
		`my_errors_total{code="5xx"}`:                 nil,
		`envoy_cluster_upstream_cx_connect_timeout{}`: nil,
	} {
		companions, err := NewCompanions(Options{
			Name: "envoy", Server: server, Selector: selector,
			RouteLabels: []string{"envoy_cluster_name"}, TargetLabels: []string{"namespace", "pod"}, ViewLabels: []string{"job", "instance"},
		})
		if err != nil || len(companions) != len(want) {
			t.Errorf("%s: %d companions, error %v; want %d", selector, len(companions), err, len(want))
			continue
		}
		for i, c := range companions {
			if got := selectorText(c.selector); got != want[i] {
				t.Errorf("%s: reads\n%s, want\n%s", selector, got, want[i])
			}
		}
	}
}

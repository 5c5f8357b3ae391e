package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

// envoys are the gauges that a fleet of two pods has beside its errors: everything that Envoy has from the
// start, under the labels that the scrape gives.
func envoys(t *testing.T, routes []string, scrape ...string) []fakeGauge {
	t.Helper()
	var all []fakeGauge
	for _, where := range scrape {
		all = append(all, gauge(t, "up{"+where+"}"))
		for _, route := range routes {
			at := `{envoy_cluster_name="` + route + `",` + where
			all = append(all, gauges(t,
				"envoy_cluster_upstream_rq_xx"+at+`,envoy_response_code_class="2"}`,
				"envoy_cluster_upstream_rq_xx"+at+`,envoy_response_code_class="5"}`)...)
			for _, name := range []string{"cx_connect_timeout", "cx_connect_fail", "cx_total", "rq_pending_active", "rq_timeout", "cx_destroy_remote_with_active_rq", "rq_pending_overflow"} {
				all = append(all, gauge(t, "envoy_cluster_upstream_"+name+at+"}"))
			}
		}
		for _, le := range []string{"1000", "2500", "5000", "5000.0", "10000", "+Inf"} {
			all = append(all, gauge(t, `envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="http-10080",le="`+le+`",`+where+"}"))
		}
	}
	return all
}

const (
	shopCheckout = "httproute/shop/checkout/rule/0"
	shopCart     = "httproute/shop/cart/rule/0"
	pod0         = `job="envoy",namespace="envoy-gateway-system",pod="envoy-0",instance="envoy-0:19001",endpoint="metrics",container="envoy"`
	pod1         = `job="envoy",namespace="envoy-gateway-system",pod="envoy-1",instance="envoy-1:19001",endpoint="metrics",container="envoy"`
)

// scraped is a fleet with the routes of ghosts, scraped as told.
func scraped(grid simulate.Grid) *simulate.Fleet {
	fleet := ghosts(history)
	fleet.Targets = simulate.Pods(5, 2, grid)
	return fleet
}

// TestDoctorGateway is Envoy Gateway as its examples scrape it: every 15 s, by a PodMonitor.
func TestDoctorGateway(t *testing.T) {
	t.Parallel()
	server := newFakeSurveyed(t, scraped(simulate.Grid{Interval: 15 * time.Second}),
		envoys(t, []string{shopCheckout, shopCart, "prometheus_stats"}, pod0, pod1)...)
	server.gauges = append(server.gauges, gauges(t, cluster)...)
	server.golden(t, "doctor-gateway", "doctor", "--at="+surveyAt, "--runs=5")
	server.golden(t, "doctor-gateway-json", "doctor", "--at="+surveyAt, "--output=json", "--runs=2", "--fail-on=warning")
}

// TestDoctorEnds is a gateway with stats per endpoint: checkout has failed connects, all of them on the node that
// its proxy and its pod share, and the load balancers complain.
func TestDoctorEnds(t *testing.T) {
	t.Parallel()
	server := newFakeSurveyed(t, scraped(simulate.Grid{Interval: 15 * time.Second}), envoys(t, []string{shopCheckout, shopCart}, pod0, pod1)...)
	server.gauges = append(server.gauges, gauges(t, `
		kube_pod_info{namespace="envoy-gateway-system",pod="envoy-0",node="n1",pod_ip="10.0.1.1"}
		kube_pod_info{namespace="envoy-gateway-system",pod="envoy-1",node="n2",pod_ip="10.0.2.1"}
		kube_pod_info{namespace="shop",pod="checkout-a",node="n1",pod_ip="10.0.1.5"}
		kube_pod_info{namespace="shop",pod="checkout-b",node="n3",pod_ip="10.0.3.5"}
		envoy_cluster_endpoint_cx_total{`+pod0+`,envoy_cluster_name="httproute/shop/checkout/rule/0",envoy_endpoint_address="10.0.1.5:8080"} 50
		envoy_cluster_endpoint_cx_total{`+pod0+`,envoy_cluster_name="httproute/shop/checkout/rule/0",envoy_endpoint_address="10.0.3.5:8080"} 50
		envoy_cluster_endpoint_cx_total{`+pod1+`,envoy_cluster_name="httproute/shop/checkout/rule/0",envoy_endpoint_address="10.0.1.5:8080"} 50
		envoy_cluster_endpoint_cx_total{`+pod1+`,envoy_cluster_name="httproute/shop/checkout/rule/0",envoy_endpoint_address="10.0.3.5:8080"} 50
		envoy_cluster_endpoint_cx_connect_fail{`+pod0+`,envoy_cluster_name="httproute/shop/checkout/rule/0",envoy_endpoint_address="10.0.1.5:8080"} 12
		envoy_cluster_endpoint_cx_total{`+pod0+`,envoy_cluster_name="httproute/shop/cart/rule/0",envoy_endpoint_address="10.9.9.9:8080"} 7
		aws_networkelb_un_healthy_host_count_maximum{load_balancer="net/gw/1",target_group="targetgroup/gw/2"} 2
		aws_networkelb_port_allocation_error_count_sum{load_balancer="net/gw/1"} 0
		aws_networkelb_security_group_blocked_flow_count_inbound_tcp_sum{dimension_LoadBalancer="net/gw/1"} 20
		aws_networkelb_security_group_blocked_flow_count_inbound_tcp_sum{dimension_LoadBalancer="net/gw/1",dimension_AvailabilityZone="a"} 20
	`)...)
	server.golden(t, "doctor-ends", "doctor", "--at="+surveyAt, "--window=1h", "--runs=0")
}

// TestDoctorFine is the same fleet at 1 s, by a Prometheus that shows nothing of itself.
func TestDoctorFine(t *testing.T) {
	t.Parallel()
	server := newFakeSurveyed(t, scraped(simulate.Grid{Interval: time.Second, Missed: 0.001}), envoys(t, []string{shopCheckout, shopCart}, pod0, pod1)...)
	server.shut = true
	server.golden(t, "doctor-fine", "doctor", "--at="+surveyAt, "--window=1h", "--runs=5", "--verbose")
	server.golden(t, "doctor-fine-fail-on", "doctor", "--at="+surveyAt, "--window=1h", "--runs=0", "--fail-on=problem")
}

// TestDoctorPlain is plain Envoy on hosts: no pods, targets by address, no errors yet.
func TestDoctorPlain(t *testing.T) {
	t.Parallel()
	fleet := scraped(simulate.Grid{Interval: 5 * time.Second})
	fleet.Routes = nil
	server := newFakeSurveyed(t, fleet, gauges(t, `
		up{job="envoy",instance="10.0.0.1:9901"}
		up{job="envoy",instance="10.0.0.2:9901"}
		envoy_cluster_upstream_rq_xx{job="envoy",instance="10.0.0.1:9901",envoy_cluster_name="checkout",envoy_response_code_class="2"}
		envoy_cluster_upstream_rq_xx{job="envoy",instance="10.0.0.2:9901",envoy_cluster_name="checkout",envoy_response_code_class="2"}
		~aws_networkelb_active_flow_count_average{job="cloudwatch",load_balancer="net/shop/1"}
	`)...)
	server.golden(t, "doctor-plain", "doctor", "--at="+surveyAt)
}

// TestDoctorNothing is a Prometheus without Envoy, one without anything, and none at all.
func TestDoctorNothing(t *testing.T) {
	t.Parallel()
	away := newFakeSurveyed(t, &simulate.Fleet{StartMillis: history.UnixMilli()})
	away.golden(t, "doctor-empty", "doctor", "--at="+surveyAt)
	away.Close()
	stdout, stderr, code := runCommand("doctor", "--prometheus.url="+away.URL)
	if code != exitFailed || stdout != "" || !strings.Contains(stderr, "connection refused") {
		t.Errorf("without a server: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	golden(t, "doctor-usage", "doctor", "--window=5m", "--pair-share=0", "--runs=-1", "--at=yesterday")
}

// Several servers that answer at one address in turn are a warning, also where that is one of two addresses.
func TestDoctorMixed(t *testing.T) {
	t.Parallel()
	mixed := newFakeSurveyed(t, scraped(simulate.Grid{Interval: 15 * time.Second}), envoys(t, []string{shopCheckout}, pod0)...)
	mixed.mixed = true
	one := newFakeSurveyed(t, scraped(simulate.Grid{Interval: 15 * time.Second}), envoys(t, []string{shopCheckout}, pod0)...)
	for urls, want := range map[string]bool{mixed.URL: true, one.URL: false, one.URL + " " + mixed.URL: true} {
		args := []string{"doctor", "--at=" + surveyAt, "--runs=0", "--window=1h"}
		for _, url := range strings.Fields(urls) {
			args = append(args, "--prometheus.url="+url)
		}
		stdout, stderr, _ := runCommand(args...)
		said := strings.Contains(stdout, "WARNING  several Prometheis answer at "+mixed.URL)
		if said != want {
			t.Errorf("%s: said %v, want %v\n%s%s", urls, said, want, stdout, stderr)
		}
	}
}

// The document is JSON that says what the text says.
func TestDoctorJSON(t *testing.T) {
	t.Parallel()
	server := newFakeSurveyed(t, scraped(simulate.Grid{Interval: 15 * time.Second}), envoys(t, []string{shopCheckout}, pod0)...)
	stdout, _, _ := runCommand("doctor", "--prometheus.url="+server.URL, "--at="+surveyAt, "--output=json", "--runs=0")
	var document struct {
		Worst    string
		Findings []struct{ Title, Severity, Remedy string }
		Remedies []struct{ Name, Text string }
	}
	if err := json.Unmarshal([]byte(stdout), &document); err != nil {
		t.Fatal(err)
	}
	if document.Worst != "problem" || len(document.Remedies) == 0 {
		t.Fatalf("worst is %s, with %d remedies", document.Worst, len(document.Remedies))
	}
	for _, f := range document.Findings {
		known := f.Remedy == ""
		for _, r := range document.Remedies {
			known = known || r.Name == f.Remedy
		}
		if !known {
			t.Errorf("finding %q names the remedy %s, which is not there", f.Title, f.Remedy)
		}
	}
}

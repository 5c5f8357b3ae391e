package survey

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// metrics answers a plain selector with the series of its metric, whatever else it asks for.
type metrics map[string][]map[string]string

func (m metrics) Query(_ context.Context, expr string, _ int64) ([]Sample, []string, error) {
	name, _, _ := strings.Cut(expr, "{")
	var samples []Sample
	for _, labels := range m[name] {
		samples = append(samples, Sample{Labels: labels, Value: 1})
	}
	return samples, nil, nil
}

// generated is a cluster with one client on every node and targets on random ones, as one of the generations
// of kube-state-metrics shows it.
func generated(random *rand.Rand, nodes, zones, targets int, old, honor bool) metrics {
	m := metrics{}
	rename := func(labels map[string]string) map[string]string {
		if honor {
			return labels
		}
		out := map[string]string{"namespace": "monitoring", "pod": "ksm-0", "service": "ksm"}
		for k, v := range labels {
			if k == "namespace" || k == "pod" || k == "service" {
				k = "exported_" + k
			}
			out[k] = v
		}
		return out
	}
	for i := range nodes {
		node := fmt.Sprintf("n%d", i)
		m[nodeInfo] = append(m[nodeInfo], map[string]string{"node": node, "provider_id": fmt.Sprintf("aws:///z%d/i-%d", i%zones, i)})
		m[podInfo] = append(m[podInfo], rename(map[string]string{"namespace": "shop", "pod": "web-" + node, "node": node}))
	}
	nodename := "endpoint_nodename"
	if old {
		nodename = "nodename"
	}
	for i := range targets {
		m[sliceEndpoints] = append(m[sliceEndpoints], rename(map[string]string{
			"namespace": "gw", "endpointslice": "envoy-bcdfg", "address": fmt.Sprintf("10.0.0.%d", i), "ready": "true",
			nodename: fmt.Sprintf("n%d", random.IntN(nodes)), "serving": "false", // which must not be trusted
		}))
	}
	return m
}

func place(t *testing.T, m metrics, crossZone bool, targetType string) *Placement {
	t.Helper()
	p, err := Preflight(t.Context(), PreflightOptions{
		Querier: m, At: time.UnixMilli(1_800_000_000_000), Service: "gw/envoy", Clients: []string{"shop/web-.*"},
		Known: diagnosis.PreflightInput{TargetType: targetType, Protocol: "TCP", CrossZone: &crossZone, ExternalTrafficPolicy: diagnosis.PolicyLocal},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// With cross-zone balancing and one client on each of n nodes, 1/n of the connections come back, wherever the
// T targets are: the sum over nodes of (targets on the node)/T is 1.
func TestShareOfGeneratedClusters(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		nodes, zones := 1+random.IntN(12), 1+random.IntN(3)
		m := generated(random, nodes, zones, 1+random.IntN(30), i%2 == 0, i%3 == 0)
		p := place(t, m, true, diagnosis.TargetIP)
		if r := p.Result; r.Safe != diagnosis.No || math.Abs(r.Meeting.Upper-1/float64(nodes)) > 1e-9 || r.Meeting.Lower != r.Meeting.Upper {
			t.Fatalf("cluster %d of %d nodes: %+v", i, nodes, r)
		}
		if len(p.Problems) > 0 {
			t.Fatalf("cluster %d: %q", i, p.Problems)
		}
	}
}

// One target in each of three zones, and cross-zone balancing off: the client on its node loses every
// connection to the address of its own zone, and a third over the addresses of all.
func TestOneTargetPerZone(t *testing.T) {
	t.Parallel()
	m := generated(rand.New(rand.NewPCG(1, 2)), 3, 3, 0, false, true)
	for i := range 3 {
		m[sliceEndpoints] = append(m[sliceEndpoints], map[string]string{
			"namespace": "gw", "endpointslice": "envoy-bcdfg", "address": fmt.Sprintf("10.0.0.%d", i), "ready": "true", "endpoint_nodename": fmt.Sprintf("n%d", i),
		})
	}
	for _, targetType := range []string{diagnosis.TargetIP, diagnosis.TargetInstance} { // a pod a node: the same
		meeting := place(t, m, false, targetType).Result.Meeting
		if meeting.Meeting != 3 || meeting.Worst != 1 || meeting.Upper != 1 || math.Abs(meeting.Lower-1./3) > 1e-9 {
			t.Errorf("%s: %+v", targetType, meeting)
		}
	}
}

// Endpoints that are not ready get no connections, and pods that have ended make none.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	m := generated(rand.New(rand.NewPCG(1, 2)), 1, 1, 1, false, true)
	m[sliceEndpoints][0]["ready"] = "false"
	if r := place(t, m, true, diagnosis.TargetIP).Result; r.Safe == diagnosis.No {
		t.Errorf("an endpoint that is not ready: %+v", r)
	}
	m[sliceEndpoints][0]["ready"] = "true"
	m["kube_pod_status_phase"] = []map[string]string{{"namespace": "shop", "pod": "web-n0", "phase": "Succeeded"}}
	if r := place(t, m, true, diagnosis.TargetIP).Result; r.Safe != diagnosis.Unknown || r.Meeting.Clients != 0 {
		t.Errorf("a pod that has ended: %+v", r)
	}
}

// The gauges of both exporters, and what CloudWatch does not know.
func TestHosts(t *testing.T) {
	t.Parallel()
	const healthy = "aws_networkelb_healthy_host_count_minimum"
	series := []Sample{
		{Labels: map[string]string{"__name__": healthy, "target_group": "targetgroup/gw/1", "load_balancer": "net/gw/1"}, Value: 3},
		{Labels: map[string]string{"__name__": healthy, "target_group": "targetgroup/gw/1", "availability_zone": "a"}, Value: 9}, // a part
		{Labels: map[string]string{"__name__": healthy, "dimension_TargetGroup": "targetgroup/gw-tls/2"}, Value: 7},              // another
		{Labels: map[string]string{"__name__": "aws_networkelb_un_healthy_host_count_maximum", "dimension_TargetGroup": "targetgroup/gw/1"}, Value: math.NaN()},
		{Labels: map[string]string{"__name__": "aws_networkelb_port_allocation_error_count_sum", "dimension_load_balancer": "net/gw/1"}, Value: 2},
		{Labels: map[string]string{"__name__": "aws_networkelb_port_allocation_error_count_sum", "dimension_load_balancer": "net/other/1"}, Value: 8},
	}
	h, err := readHosts(t.Context(), &asker{querier: fixed(series)}, `{__name__=~"aws_networkelb_.+"}`, "gw")
	if err != nil || h == nil || h.Healthy == nil || *h.Healthy != 3 || h.Unhealthy != nil || *h.PortAllocationErrors != 2 {
		t.Errorf("hosts %+v, error %v", h, err)
	}
	a := &asker{querier: fixed(nil)}
	if h, err := readHosts(t.Context(), a, "x", "gw"); h != nil || err != nil || len(a.failures) != 1 {
		t.Errorf("no such group: %+v, error %v, %q", h, err, a.failures)
	}
}

// fixed answers everything alike.
type fixed []Sample

func (f fixed) Query(context.Context, string, int64) ([]Sample, []string, error) { return f, nil, nil }

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/survey"
)

// The proxies are behind a load balancer when they are ready endpoints of a Service of that type, whose slices are
// known by their label or by their names.
func TestBehindBalancer(t *testing.T) {
	t.Parallel()
	own := []string{"namespace", "monitoring", "exported_namespace", "edge"}
	slice := func(c *cluster, name, pod, ready string) {
		c.gauges = append(c.gauges, always(append([]string{
			"__name__", "kube_endpointslice_endpoints", "endpointslice", name, "address", "10.0.1.1", "ready", ready,
			"targetref_kind", "Pod", "targetref_name", pod, "targetref_namespace", "edge", "endpoint_nodename", nodeName(1),
		}, own...)...))
	}
	kind := func(c *cluster, service, kind string) {
		c.gauges = append(c.gauges, always(append([]string{"__name__", "kube_service_spec_type", "type", kind, "exported_service", service}, own...)...))
	}
	for name, c := range map[string]struct {
		change  func(*cluster)
		behind  bool
		unknown string
	}{
		"by the name of the slice": {func(c *cluster) {
			slice(c, "envoy-edge-bcdfg", proxyName(1), "true")
			kind(c, "envoy-edge", "LoadBalancer")
		}, true, ""},
		"by the label of the slice": {func(c *cluster) {
			slice(c, "strange", proxyName(1), "true")
			kind(c, "envoy-edge", "LoadBalancer")
			c.gauges = append(c.gauges, always(append([]string{"__name__", "kube_endpointslice_labels", "endpointslice", "strange", "label_kubernetes_io_service_name", "envoy-edge"}, own...)...))
		}, true, ""},
		"not ready": {func(c *cluster) {
			slice(c, "envoy-edge-bcdfg", proxyName(1), "false")
			kind(c, "envoy-edge", "LoadBalancer")
		}, false, "no ready endpoints"},
		"another type": {func(c *cluster) {
			slice(c, "envoy-edge-bcdfg", proxyName(1), "true")
			kind(c, "envoy-edge", "ClusterIP")
		}, false, "by other means"},
		"another pod with its address": {func(c *cluster) { slice(c, "other-bcdfg", "other", "true"); kind(c, "other", "LoadBalancer") }, false, "by other means"},
		"types are not told":           {func(c *cluster) { slice(c, "envoy-edge-bcdfg", proxyName(1), "true") }, false, "types of Services are not known"},
		"no slices":                    {func(c *cluster) { kind(c, "envoy-edge", "LoadBalancer") }, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := direct()
			c.change(cluster)
			s := factsAround(t, cluster)
			if (s.BehindNLB != nil) != c.behind || !strings.Contains(s.Unknown[diagnosis.CheckBehindNLB], c.unknown) || c.unknown == "" && s.Unknown[diagnosis.CheckBehindNLB] != "" {
				t.Errorf("behind a load balancer: %v, not known: %q; want %v, %q", s.BehindNLB, s.Unknown, c.behind, c.unknown)
			}
		})
	}
}

// A configuration names callers, and the upstream pods of a route without stats per endpoint.
func TestConfiguredPods(t *testing.T) {
	t.Parallel()
	plain := func() *cluster { // without stats per endpoint
		c := balanced()
		c.gauges = slices.DeleteFunc(c.gauges, func(g gauge) bool { return slices.Contains(g.labels, "envoy_endpoint_address") })
		c.pod("shop", "web-0", 1, "10.3.0.1")
		c.pod("shop", "web-1", 8, "10.3.0.2")
		c.pod("shop", "web-2", 2, "10.3.0.3")
		c.gauges = append(c.gauges, always("__name__", "kube_pod_status_phase", "namespace", "monitoring", "pod", "ksm-0", "exported_namespace", "shop", "exported_pod", "web-2", "phase", "Failed"))
		return c
	}
	of := func(pod string) []survey.PodPattern {
		return []survey.PodPattern{{Route: "gh.st", Namespace: "shop", Pod: pod}, {Route: "other", Namespace: ".*", Pod: ".*"}}
	}
	front := func(c *cluster, policy string) *cluster { // the proxies are behind a load balancer
		own := []string{"namespace", "monitoring", "exported_namespace", "edge"}
		for _, set := range [][]string{
			{"__name__", "kube_endpointslice_endpoints", "endpointslice", "envoy-bcdfg", "address", "10.0.1.1", "ready", "true", "targetref_kind", "Pod", "targetref_name", proxyName(1), "endpoint_nodename", nodeName(1)},
			{"__name__", "kube_service_spec_type", "type", "LoadBalancer", "exported_service", "envoy"},
			{"__name__", "kube_service_info", "exported_service", "envoy", "external_traffic_policy", policy},
		} {
			c.gauges = append(c.gauges, always(append(set, own...)...))
		}
		return c
	}
	for _, c := range []struct {
		name            string
		cluster         *cluster
		source          survey.Source
		callers         int // that share a node with a proxy; -1: not known
		upstream        int // proxies that share a node with an upstream pod; -1: not known
		shared          int64
		unknown, reason string // of a check
	}{
		{"both", plain(), survey.Source{Callers: of("web-.*"), Upstreams: of("shop-.*")}, 1, 1, 40, "", ""},
		{"nothing", plain(), survey.Source{}, -1, -1, 0, diagnosis.CheckPlacement, "no stats per endpoint"},
		{"for other routes", plain(), survey.Source{Callers: of("web-.*")[1:]}, -1, -1, 0, diagnosis.CheckPlacement, "no stats per endpoint"},
		{"nobody", plain(), survey.Source{Upstreams: of("nobody")}, -1, -1, 0, diagnosis.CheckPlacement, "no pod is among those"},
		{"callers elsewhere, which may be sent to any node", front(plain(), "Cluster"), survey.Source{Callers: of("web-1")}, -1, -1, 0, diagnosis.CheckPlacementCallers, "any node is a target"},
		{"callers elsewhere, sent to nodes with proxies only", front(plain(), "Local"), survey.Source{Callers: of("web-1")}, 0, -1, 0, "", ""},
		{"upstream elsewhere, with something unknown before it", plain(), survey.Source{Upstreams: of("web-1")}, -1, -1, 0, diagnosis.CheckSameNode, "any node is a target"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := factsOf(t, c.cluster, c.source)
			callers, upstream, shared := -1, -1, int64(0)
			if s.Callers != nil {
				callers = s.Callers.Meeting
			}
			if s.Upstream != nil && s.Upstream.Clients > 0 && s.Upstream.Targets > 0 {
				upstream = s.Upstream.Meeting
			}
			if s.SameNode != nil {
				shared = s.SameNode.Shared
			}
			if callers != c.callers || upstream != c.upstream || shared != c.shared || !strings.Contains(s.Unknown[c.unknown], c.reason) {
				t.Errorf("callers %d, proxies %d, failed connects %d, not known %q; want %d, %d, %d, %s: %q", callers, upstream, shared, s.Unknown, c.callers, c.upstream, c.shared, c.unknown, c.reason)
			}
		})
	}
}

package e2e

import (
	"fmt"
	"iter"
	"strconv"

	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/prometheus/prometheus/model/labels"
)

// gauge is a series beside those of the world: its value at a time, and whether it has one.
type gauge struct {
	labels []string
	step   int64 // between samples, in milliseconds
	value  func(at int64) (float64, bool)
}

// always is a series of kube-state-metrics that does not change.
func always(set ...string) gauge {
	return gauge{append(set, "job", "ksm", "instance", "ksm:8080"), 60_000, func(int64) (float64, bool) { return 1, true }}
}

func (g gauge) series(from, to int64) promtest.Series {
	var samples iter.Seq2[int64, float64] = func(yield func(int64, float64) bool) {
		for at := (from/g.step + 1) * g.step; at <= to; at += g.step {
			if v, ok := g.value(at); ok && !yield(at, v) {
				return
			}
		}
	}
	return promtest.Series{Labels: labels.FromStrings(g.labels...), Samples: samples}
}

// cluster is a world with what is around its proxies. They run on the first nodes, one on each.
type cluster struct {
	*coarsetest.World
	gauges []gauge
}

func proxyName(i int) string { return fmt.Sprintf("envoy-%d", i) }
func nodeName(i int) string  { return fmt.Sprintf("node-%d", i) }

// newCluster has the proxies in kube-state-metrics, as it is seen without honorLabels.
func newCluster(w *coarsetest.World) *cluster {
	c := &cluster{World: w}
	for i := range w.Pods {
		c.pod("edge", proxyName(i), i, fmt.Sprintf("10.0.%d.1", i))
	}
	return c
}

// pod adds a pod, named as where kube-state-metrics is scraped without honorLabels.
func (c *cluster) pod(namespace, name string, on int, ip string) {
	c.gauges = append(c.gauges, always("__name__", "kube_pod_info", "namespace", "monitoring", "pod", "ksm-0",
		"exported_namespace", namespace, "exported_pod", name, "node", nodeName(on), "pod_ip", ip, "uid", namespace+name))
}

// failures counts the failures of a route at a proxy up to a time.
func (c *cluster) failures(route string, pod int, at int64) (n float64) {
	for _, f := range c.Failures[route] {
		if f.Pod == pod && f.Connect && f.AtMillis <= at {
			n++
		}
	}
	return n
}

// connects adds what the proxies counted of all their connects of a route: one a minute beside the failed ones.
func (c *cluster) connects(route string) {
	for i := range c.Pods {
		c.gauges = append(c.gauges, gauge{
			[]string{"__name__", "envoy_cluster_upstream_cx_total", "job", "envoy", "instance", proxyName(i) + ":19001", "namespace", "edge", "pod", proxyName(i), "envoy_cluster_name", route},
			15_000, func(at int64) (float64, bool) {
				return float64((at-coarsetest.Start)/60_000) + c.failures(route, i, at), true
			},
		})
	}
}

// endpoint adds stats per endpoint of a route at a proxy: connects, and failed ones.
func (c *cluster) endpoint(route string, pod int, address, hostname string, connects, failures func(at int64) float64) {
	for metric, count := range map[string]func(int64) float64{"envoy_cluster_endpoint_cx_total": connects, "envoy_cluster_endpoint_cx_connect_fail": failures} {
		set := []string{"__name__", metric, "job", "envoy", "instance", proxyName(pod) + ":19001", "namespace", "edge", "pod", proxyName(pod), "envoy_cluster_name", route, "envoy_endpoint_address", address}
		if hostname != "" {
			set = append(set, "envoy_endpoint_hostname", hostname)
		}
		c.gauges = append(c.gauges, gauge{set, 15_000, func(at int64) (float64, bool) { return count(at), true }})
	}
}

// service adds a Service of type LoadBalancer with its endpoints, by node.
func (c *cluster) service(name, hostname string, nodes ...int) {
	own := []string{"namespace", "monitoring", "service", "ksm", "exported_namespace", "shop", "exported_service", name}
	c.gauges = append(c.gauges,
		always(append([]string{"__name__", "kube_service_spec_type", "type", "LoadBalancer"}, own...)...),
		always(append([]string{"__name__", "kube_service_info", "cluster_ip", "172.20.0.9", "external_traffic_policy", "Local"}, own...)...),
		always(append([]string{"__name__", "kube_service_status_load_balancer_ingress", "hostname", hostname}, own...)...))
	for k, on := range nodes {
		ip := fmt.Sprintf("10.1.%d.%d", on, k+1)
		pod := name + "-" + strconv.Itoa(k)
		c.pod("shop", pod, on, ip)
		// As versions before 2.20 have it: serving and terminating are mixed up.
		c.gauges = append(c.gauges, always("__name__", "kube_endpointslice_endpoints", "namespace", "monitoring", "exported_namespace", "shop", "endpointslice", name+"-bcdfg",
			"address", ip, "ready", "true", "serving", "false", "terminating", "", "targetref_kind", "Pod", "targetref_name", pod, "targetref_namespace", "shop",
			"endpoint_nodename", nodeName(on), "endpoint_zone", "eu-west-1a"))
	}
}

// resets adds a gauge of a load balancer as one of the exporters has it: one that keeps CloudWatch's times, or one that
// repeats its values.
func (c *cluster) balancer(metric, id string, yace bool, value func(period int64) float64) {
	if !yace {
		c.gauges = append(c.gauges, gauge{[]string{"__name__", metric, "job", "cloudwatch", "exported_job", "aws_networkelb", "load_balancer", id}, 60_000, func(at int64) (float64, bool) {
			return value(at), true
		}})
		return
	}
	for _, zone := range []string{"", "eu-west-1a"} { // the whole, and a part of it
		set := []string{"__name__", metric, "job", "yace", "name", "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/" + id, "dimension_LoadBalancer", id}
		if zone != "" {
			set = append(set, "dimension_AvailabilityZone", zone)
		}
		c.gauges = append(c.gauges, gauge{set, 59_000, func(at int64) (float64, bool) { return value(at / 300_000 * 300_000), true }})
	}
}

// write writes (coarsetest.Start, end] as blocks.
func (c *cluster) write(dir string, end int64) error {
	for from := coarsetest.Start; from < end; {
		r := recorder{from: from, to: min(promtest.BlockEnd(from), end)}
		c.Feed(r.from, r.to, &r)
		c.FeedErrors(r.from, r.to, errorRecorder{&r})
		for _, g := range c.gauges {
			r.series = append(r.series, g.series(r.from, r.to))
		}
		if _, err := promtest.WriteBlock(dir, r.from, r.to, r.series); err != nil {
			return err
		}
		from = r.to
	}
	return nil
}

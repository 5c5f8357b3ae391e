package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/survey"
)

const trapHours = 6

// direct is a cluster of three proxies, of which every one has connects to a pod of its own node that never
// fail, and to one of the next node, of which one in four fails.
func direct() *cluster {
	c := newCluster(&coarsetest.World{Pods: 3, Interval: 15_000})
	for i := range c.Pods {
		c.pod("shop", "cart-"+proxyNumber(i), i, cartIP(i))
	}
	c.addConnects("edge")
	return c
}

// addConnects adds what the proxies of a namespace count.
func (c *cluster) addConnects(namespace string) {
	per := func(minutes int64) func(int64) float64 {
		return func(at int64) float64 { return float64((at - coarsetest.Start) / (minutes * 60_000)) }
	}
	none := func(int64) float64 { return 0 }
	for i := range c.Pods {
		from := len(c.gauges)
		c.endpoint("ghost", i, cartIP(i)+":8080", "", per(1), none)
		c.endpoint("ghost", i, cartIP((i+1)%c.Pods)+":8080", "", per(1), per(4))
		for k := range c.gauges[from:] {
			c.relabel(from+k, "namespace", namespace)
		}
	}
}

func proxyNumber(i int) string { return string(rune('0' + i)) }
func cartIP(i int) string      { return "10.1." + proxyNumber(i) + ".1" }

// relabel sets a label of a gauge.
func (c *cluster) relabel(i int, name, value string) {
	set := slices.Clone(c.gauges[i].labels)
	for k := 0; k < len(set); k += 2 {
		if set[k] == name {
			set[k+1] = value
			c.gauges[i].labels = set
			return
		}
	}
	c.gauges[i].labels = append(set, name, value)
}

// find returns the first gauge that has all of some labels, written name=value.
func (c *cluster) find(all ...string) int {
	return slices.IndexFunc(c.gauges, func(g gauge) bool {
		return !slices.ContainsFunc(all, func(one string) bool {
			name, value, _ := strings.Cut(one, "=")
			for k := 0; k < len(g.labels); k += 2 {
				if g.labels[k] == name && g.labels[k+1] == value {
					return false
				}
			}
			return true
		})
	})
}

// between lets a gauge exist only in some hours after the start.
func (c *cluster) between(i int, from, to time.Duration) {
	value := c.gauges[i].value
	c.gauges[i].value = func(at int64) (float64, bool) {
		v, ok := value(at)
		return v, ok && at >= coarsetest.Start+from.Milliseconds() && at < coarsetest.Start+to.Milliseconds()
	}
}

// factsAround asks what is around a route, as the engine would do it.
func factsAround(t *testing.T, c *cluster, errorMinutes ...int64) diagnosis.Surroundings {
	t.Helper()
	return factsOf(t, c, survey.Source{}, errorMinutes...)
}

// factsOf asks with what a configuration says of a source.
func factsOf(t *testing.T, c *cluster, source survey.Source, errorMinutes ...int64) diagnosis.Surroundings {
	t.Helper()
	end := time.UnixMilli(coarsetest.Start).Add(trapHours * time.Hour)
	server := around(t, c, end.Add(time.Minute))
	prometheus, err := sources.NewServer(sources.ServerOptions{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	source.RouteLabels, source.Exclude = []string{"envoy_cluster_name"}, map[string]string{"envoy_cluster_name": "admin"}
	s := survey.NewSurroundings(ranger{prometheus}, source, true)
	facts, problems, err := s.Ask(t.Context(), diagnosis.Question{
		Routes: []diagnosis.RouteQuestion{{Route: "ghost", ErrorMinutes: errorMinutes}}, FromMillis: coarsetest.Start, AtMillis: end.UnixMilli(),
	})
	if err != nil || len(problems) > 0 {
		t.Fatalf("problems %q, error %v", problems, err)
	}
	return facts["ghost"]
}

// want is what a trap must not change, or what it must.
type want struct {
	meeting, clients, targets, unplaced int // of the placement; clients 0: none is known
	failures, shared, lost              int64
	through                             *bool
	unknown, warning                    string // a part of it
}

func (w want) check(t *testing.T, name string, s diagnosis.Surroundings) {
	t.Helper()
	got := want{through: s.ThroughNLB}
	if m := s.Upstream; m != nil {
		got.meeting, got.clients, got.targets, got.unplaced = m.Meeting, m.Clients, m.Targets, m.Unplaced
	}
	if n := s.SameNode; n != nil {
		got.failures, got.shared, got.lost = n.Failures, n.Shared, n.Unplaced
	}
	texts := strings.Join(s.Warnings, "\n")
	for _, why := range s.Unknown {
		got.unknown += why + "\n"
	}
	if !strings.Contains(got.unknown, w.unknown) || w.unknown == "" && got.unknown != "" {
		t.Errorf("%s: not known is %q, want %q", name, got.unknown, w.unknown)
	}
	if !strings.Contains(texts, w.warning) || w.warning == "" && texts != "" {
		t.Errorf("%s: warnings %q, want %q", name, texts, w.warning)
	}
	if (got.through == nil) != (w.through == nil) || got.through != nil && *got.through != *w.through {
		t.Errorf("%s: through a load balancer: %v, want %v", name, got.through, w.through)
	}
	got.unknown, got.warning, got.through = w.unknown, "", w.through
	w.warning = ""
	if got != w {
		t.Errorf("%s: %+v, want %+v", name, got, w)
	}
}

// 6 h of one connect in four minutes failing at each of three proxies: 90 each. All go to another node.
func TestKubernetesTraps(t *testing.T) {
	t.Parallel()
	if got := factsAround(t, direct()).FailuresByNode; !slices.Equal(got, []int64{90, 90, 90}) {
		t.Errorf("failures by node: %d, want 90 at each of three", got)
	}
	no := false
	plain := want{meeting: 3, clients: 3, targets: 3, failures: 270, through: &no}
	of := func(change func(*want)) want {
		w := plain
		change(&w)
		return w
	}
	lost := func(n int64) func(*want) { // the failures to one pod have no known end
		return func(w *want) { w.meeting, w.unplaced, w.failures, w.lost = 2, 1, 270-n, n }
	}
	for _, c := range []struct {
		name   string
		change func(*cluster)
		want   want
	}{
		{"nothing strange", func(*cluster) {}, plain},
		{"no kube-state-metrics", func(c *cluster) {
			c.gauges = slices.DeleteFunc(c.gauges, func(g gauge) bool { return slices.Contains(g.labels, "kube_pod_info") })
		}, want{unknown: "kube-state-metrics does not tell of any pod"}},
		{"scraped twice, with honorLabels and without", func(c *cluster) {
			for i := range c.Pods {
				c.gauges = append(c.gauges, always("__name__", "kube_pod_info", "namespace", "shop", "pod", "cart-"+proxyNumber(i), "node", nodeName(i), "pod_ip", cartIP(i)))
				c.relabel(len(c.gauges)-1, "job", "kube-state-metrics")
			}
		}, plain},
		{"contradictory labels", func(c *cluster) {
			c.gauges = append(c.gauges, always("__name__", "kube_pod_info", "namespace", "shop", "pod", "cart-1", "node", "node-9", "pod_ip", cartIP(1)))
		}, of(func(w *want) {
			lost(90)(w)
			w.unknown, w.warning = "pod shop/cart-1 is told to be on", "pod shop/cart-1 is told to be on"
		})},
		{"a pod that moved", func(c *cluster) {
			moved := c.find("__name__=kube_pod_info", "exported_pod=cart-1")
			c.between(moved, 0, 2*time.Hour)
			c.pod("shop", "cart-1", 5, cartIP(1))
			c.between(len(c.gauges)-1, 3*time.Hour, 9*time.Hour)
		}, of(func(w *want) {
			lost(90)(w)
			w.unknown, w.warning = "is told to be on node-1 and on node-5", "pod shop/cart-1"
		})},
		{"an address that is used again", func(c *cluster) {
			c.pod("other", "job-1", 5, cartIP(1))
			c.between(len(c.gauges)-1, 0, time.Hour)
		}, of(func(w *want) { lost(90)(w); w.unknown = "address 10.1.1.1 was that of" })},
		{"a pod that ended and keeps its address", func(c *cluster) {
			c.pod("other", "job-1", 5, cartIP(1))
			c.gauges = append(c.gauges, always("__name__", "kube_pod_status_phase", "namespace", "monitoring", "pod", "ksm-0", "exported_namespace", "other", "exported_pod", "job-1", "phase", "Succeeded"))
		}, plain},
		{"pods on the host's network", func(c *cluster) {
			c.pod("kube-system", "kube-proxy-1", 1, cartIP(1))
			c.pod("monitoring", "node-exporter-1", 1, cartIP(1))
		}, plain},
		{"a pod that is gone", func(c *cluster) {
			c.between(c.find("__name__=kube_pod_info", "exported_pod=cart-1"), 0, 5*time.Hour)
		}, of(func(w *want) { w.meeting, w.targets = 2, 2 })},
		{"series that vanish", func(c *cluster) { // of the first proxy, after four hours: its 59 failures until just before count
			for i := range c.gauges {
				if slices.Contains(c.gauges[i].labels, proxyName(0)) {
					c.between(i, 0, 4*time.Hour)
				}
			}
		}, of(func(w *want) { w.meeting, w.clients, w.failures = 2, 2, 180+59 })},
		{"a counter that is born and reset", func(c *cluster) { // born after 1 h at 15, reset after 4 h at 60, and at 30 in the end
			i := c.find("__name__=envoy_cluster_endpoint_cx_connect_fail", "pod="+proxyName(0), "envoy_endpoint_address="+cartIP(1)+":8080")
			c.between(i, time.Hour, 9*time.Hour)
			value := c.gauges[i].value
			c.gauges[i].value = func(at int64) (float64, bool) {
				v, ok := value(at)
				if v >= 60 {
					v -= 60
				}
				return v, ok
			}
		}, of(func(w *want) { w.failures = 180 + 45 })}, // the larger part, at its last full hour
		{"Envoy scraped by two jobs", func(c *cluster) {
			for _, g := range slices.Clone(c.gauges) {
				if slices.Contains(g.labels, "envoy") {
					c.gauges = append(c.gauges, g)
					c.relabel(len(c.gauges)-1, "job", "envoy-fine")
				}
			}
		}, plain},
		{"two clusters with the same names and addresses", func(c *cluster) {
			for i := range c.gauges {
				c.relabel(i, "cluster", "a")
			}
			for _, g := range slices.Clone(c.gauges) {
				if slices.Contains(g.labels, "kube_pod_info") {
					c.gauges = append(c.gauges, g)
					c.relabel(len(c.gauges)-1, "cluster", "b")
					c.relabel(len(c.gauges)-1, "node", "node-0")
				}
			}
		}, plain},
		{"an endpoint that nobody knows", func(c *cluster) {
			c.endpoint("ghost", 0, "192.0.2.7:443", "", func(int64) float64 { return 1 }, func(int64) float64 { return 0 })
		}, want{unknown: "endpoint 192.0.2.7:443 is neither a pod nor a Service"}},
		{"an application load balancer", func(c *cluster) {
			c.endpoint("ghost", 0, "192.0.2.7:443", "internal-shop-1234567890.eu-west-1.elb.amazonaws.com", func(int64) float64 { return 1 }, func(int64) float64 { return 0 })
		}, want{unknown: "an application or classic load balancer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cluster := direct()
			c.change(cluster)
			c.want.check(t, c.name, factsAround(t, cluster))
		})
	}
}

// balanced is a cluster of three proxies that reach two pods through the load balancer of a Service, on the nodes of the
// first proxy and of none.
func balanced() *cluster {
	c := newCluster(&coarsetest.World{Pods: 3, Interval: 15_000, Failures: map[string][]coarsetest.Failure{"ghost": nil}})
	for k := range int64(40) {
		c.Failures["ghost"] = append(c.Failures["ghost"], coarsetest.Failure{AtMillis: coarsetest.Start + 300_000*(k+1), Connect: true})
	}
	c.service("shop", balancerHost, 0, 4)
	c.connects("ghost")
	for i := range c.Pods {
		c.endpoint("ghost", i, "10.7.0.9:443", balancerHost, func(at int64) float64 { return float64((at - coarsetest.Start) / 60_000) }, func(at int64) float64 { return c.failures("ghost", i, at) })
	}
	return c
}

// Every one of 40 failed connects is of the first proxy.
func TestBalancerTraps(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	plain := want{meeting: 1, clients: 3, targets: 2, failures: 40, shared: 40, through: &yes}
	of := func(change func(*want)) want {
		w := plain
		change(&w)
		return w
	}
	policy := func(c *cluster) {
		c.relabel(c.find("__name__=kube_service_info"), "external_traffic_policy", "Cluster")
	}
	elsewhere := func(c *cluster) { // no proxy shares a node with a target
		c.relabel(c.find("__name__=kube_endpointslice_endpoints", "targetref_name=shop-0"), "endpoint_nodename", "node-5")
	}
	for _, c := range []struct {
		name   string
		change func(*cluster)
		want   want
	}{
		{"nothing strange", func(*cluster) {}, plain},
		{"an endpoint that is not ready", func(c *cluster) {
			c.relabel(c.find("__name__=kube_endpointslice_endpoints", "targetref_name=shop-1"), "ready", "false")
		}, of(func(w *want) { w.targets = 1 })},
		{"the documented name of the node label", func(c *cluster) {
			for _, pod := range []string{"shop-0", "shop-1"} {
				i := c.find("__name__=kube_endpointslice_endpoints", "targetref_name="+pod)
				for k, name := range c.gauges[i].labels {
					if name == "endpoint_nodename" {
						c.gauges[i].labels[k] = "nodename"
					}
				}
			}
		}, plain},
		{"no endpoints", func(c *cluster) {
			c.gauges = slices.DeleteFunc(c.gauges, func(g gauge) bool { return slices.Contains(g.labels, "kube_endpointslice_endpoints") })
		}, want{through: &yes, unknown: "no ready endpoints are known"}},
		{"no meeting, traffic policy Local", elsewhere, of(func(w *want) { w.meeting, w.shared = 0, 0 })},
		{"no meeting, traffic policy Cluster", func(c *cluster) { policy(c); elsewhere(c) }, want{through: &yes, unknown: "with targets by instance any node is a target"}},
		{"traffic policy Cluster", policy, plain},
		{"a load balancer of which kube-state-metrics knows nothing", func(c *cluster) {
			c.gauges = slices.DeleteFunc(c.gauges, func(g gauge) bool { return slices.Contains(g.labels, "kube_service_status_load_balancer_ingress") })
		}, want{through: &yes, unknown: "no Service is known to be behind it"}},
		{"a Service inside the cluster", func(c *cluster) {
			for i, g := range c.gauges {
				if slices.Contains(g.labels, "envoy_endpoint_hostname") {
					c.relabel(i, "envoy_endpoint_hostname", "")
					c.relabel(i, "envoy_endpoint_address", "172.20.0.9:80")
				}
			}
		}, of(func(w *want) { w.through = &no })},
		{"targets of which one has two nodes", func(c *cluster) {
			i := c.find("__name__=kube_endpointslice_endpoints", "targetref_name=shop-0")
			c.gauges = append(c.gauges, c.gauges[i])
			c.relabel(len(c.gauges)-1, "endpoint_nodename", "node-7")
		}, want{clients: 3, targets: 2, unplaced: 1, through: &yes, unknown: "pod shop/shop-0: node is node-0 and node-7", warning: "pod shop/shop-0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cluster := balanced()
			c.change(cluster)
			c.want.check(t, c.name, factsAround(t, cluster))
		})
	}
}

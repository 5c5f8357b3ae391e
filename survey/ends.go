package survey

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// Ends is where both ends of a route's connections run: its proxies, and its upstream pods as far as stats per
// endpoint name them.
type Ends struct {
	Route   string            `json:"route"`
	Meeting diagnosis.Meeting `json:"meeting"` // of proxies and upstream pods

	// Failed connects in the window whose both ends are known, and those of them on one node; nil where no
	// connect has both ends known.
	SameNode *SameNode `json:"same_node"`
	// FailuresByNode counts failed connects by the node of the endpoint.
	FailuresByNode map[string]int64 `json:"failures_by_node"`
}

// SameNode is how many failed connects had both ends on one node.
type SameNode struct {
	Failures int64   `json:"failures"`
	Shared   int64   `json:"same_node"`
	Expected float64 `json:"expected_share"` // of all connects with both ends known
	Unplaced int64   `json:"unplaced"`       // failures with an end that is not known
}

// endpointTotal counts connects per endpoint; endpointFail the failed ones.
const endpointTotal = "envoy_cluster_endpoint_cx_total"

// routeEnds collects what is known of one route.
type routeEnds struct {
	proxies map[name]bool
	counts  map[endpointKey]*diagnosis.EndpointCount
}

type endpointKey struct {
	proxy   name
	address string
}

// readEnds asks which pods are at both ends of each route, and what became of their connects. It is empty
// without stats per endpoint: the metrics of Envoy name an upstream pod nowhere else.
func readEnds(ctx context.Context, a *asker, s *Source, window time.Duration, pods []diagnosis.Pod) ([]Ends, error) {
	by := strings.Join(append([]string{"namespace", "pod", "envoy_endpoint_address"}, s.countLabels()...), ", ")
	routes := make(map[string]*routeEnds)
	exclude := s.patterns()
	for _, metric := range []string{endpointTotal, endpointFail} {
		// Two scrape jobs see one counter twice: the larger growth is that of the one that saw more of it.
		samples, _, err := a.vector(ctx, metric, fmt.Sprintf("max by (%s) (max_over_time(%s[%ds]) - min_over_time(%s[%ds]))",
			by, metric, int(window.Seconds()), metric, int(window.Seconds())))
		if err != nil {
			return nil, err
		}
		for _, sample := range samples {
			if route := s.routeOf(sample.Labels); route != "" && !excluded(exclude, sample.Labels) && !math.IsNaN(sample.Value) {
				if routes[route] == nil {
					routes[route] = &routeEnds{make(map[name]bool), make(map[endpointKey]*diagnosis.EndpointCount)}
				}
				routes[route].add(sample, metric == endpointFail)
			}
		}
	}
	return endsOf(routes, pods), nil
}

// routeJoint stands between the labels of a route.
const routeJoint = " / "

// routeOf joins the route labels as the reader of samples does.
func (s *Source) routeOf(labels map[string]string) string {
	var parts []string
	for _, name := range s.RouteLabels {
		if v := labels[name]; v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, routeJoint)
}

func (r *routeEnds) add(s Sample, failed bool) {
	proxy, address := name{s.Labels["namespace"], s.Labels["pod"]}, s.Labels["envoy_endpoint_address"]
	key := endpointKey{proxy, address}
	r.proxies[proxy] = true
	if r.counts[key] == nil {
		r.counts[key] = &diagnosis.EndpointCount{Namespace: proxy.namespace, Pod: proxy.name, Address: address}
	}
	if grown := int64(math.Round(s.Value)); failed {
		r.counts[key].Failures = grown
	} else {
		r.counts[key].Connects = grown
	}
}

// endsOf places the pods of all routes, sorted by route.
func endsOf(routes map[string]*routeEnds, pods []diagnosis.Pod) []Ends {
	byName, byIP := make(map[name]diagnosis.Pod), make(map[string]diagnosis.Pod)
	for _, p := range pods {
		byName[name{p.Namespace, p.Name}] = p
		if p.IP != "" {
			byIP[p.IP] = p
		}
	}
	out := []Ends{}
	for route, r := range routes {
		e := Ends{Route: route, FailuresByNode: make(map[string]int64)}
		var counts []diagnosis.EndpointCount
		var upstream []diagnosis.Pod
		seen := make(map[string]bool)
		for _, c := range r.counts {
			counts = append(counts, *c)
			host := hostOf(c.Address)
			pod, known := byIP[host]
			if !known {
				pod = diagnosis.Pod{Name: host}
			}
			if pod.Node != "" {
				e.FailuresByNode[pod.Node] += c.Failures
			}
			if !seen[host] {
				seen[host], upstream = true, append(upstream, pod)
			}
		}
		e.SameNode = sameNode(diagnosis.CountSameNode(counts, pods))
		e.Meeting = diagnosis.Place(placed(r.proxies, byName), upstream, nil)
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Ends) int { return cmp.Compare(a.Route, b.Route) })
	return out
}

func sameNode(n *diagnosis.SameNode) *SameNode {
	if n == nil {
		return nil
	}
	return &SameNode{n.Failures, n.Shared, n.Expected, n.Unplaced}
}

// placed looks pods up. Those that are not known have no node.
func placed(names map[name]bool, byName map[name]diagnosis.Pod) []diagnosis.Pod {
	var pods []diagnosis.Pod
	for n := range names {
		pod, ok := byName[n]
		if !ok {
			pod = diagnosis.Pod{Namespace: n.namespace, Name: n.name}
		}
		pods = append(pods, pod)
	}
	return pods
}

// hostOf takes the port off an address: 10.0.1.5:8080, [fd00::1]:8080.
func hostOf(address string) string {
	if i := strings.LastIndex(address, ":"); i > 0 {
		address = address[:i]
	}
	return strings.Trim(address, "[]")
}

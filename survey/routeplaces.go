package survey

import (
	"context"
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// direct places the ends of connections whose endpoints are pods.
func (f *routeFacts) direct(clients []diagnosis.Pod) {
	var upstream []diagnosis.Pod
	var counts []diagnosis.EndpointCount
	seen := make(map[diagnosis.Pod]bool)
	ends := make(map[diagnosis.Pod]bool)
	byNode := make(map[string]int64)
	for _, at := range f.sortedEndpoints() {
		ip, _ := normalIP(hostOf(at.address))
		pod, alive, _, problem := f.pods.at(at.proxy.cluster, ip)
		proxy, _, _ := f.pods.named(at.proxy)
		f.contradicts(problem)
		if alive && !seen[pod] {
			seen[pod], upstream = true, append(upstream, pod)
		}
		c := f.endpoints[at]
		if pod.Node != "" {
			byNode[pod.Node] += c.failures
		}
		ends[pod], ends[proxy] = true, true
		counts = append(counts, diagnosis.EndpointCount{Namespace: proxy.Namespace, Pod: proxy.Name, Address: at.address, Failures: c.failures, Connects: max(c.connects, c.failures)})
	}
	f.found.SameNode = diagnosis.CountSameNode(counts, slices.Collect(maps.Keys(ends)))
	for _, node := range slices.Sorted(maps.Keys(byNode)) {
		f.found.FailuresByNode = append(f.found.FailuresByNode, byNode[node])
	}
	f.meet(clients, upstream)
}

// balanced places the ends of connections that a Service or load balancer stands between. Which target a
// connection was for is not known, but a connect that fails on shared nodes alone fails at no proxy that
// shares a node with none.
func (f *routeFacts) balanced(ctx context.Context, clients []diagnosis.Pod, r reached) error {
	var upstream []diagnosis.Pod
	local := true
	for _, s := range r.services {
		t, err := f.readTargets(ctx, s)
		if err != nil {
			return err
		}
		for _, p := range t.problems {
			f.contradicts(p)
		}
		upstream = append(upstream, t.pods...)
		local = local && (!r.outside || t.policy == diagnosis.PolicyLocal)
	}
	unique, _ := diagnosis.UniquePods(upstream)
	if len(unique) == 0 {
		f.unknown("no ready endpoints are known of the Service that the route's endpoints belong to", diagnosis.CheckPlacement)
		return nil
	}
	f.place(clients, unique, local)
	return nil
}

// place places clients and the targets that something else chooses among. If these may be more than is known,
// only what is seen counts, and not what is not.
func (f *routeFacts) place(clients, targets []diagnosis.Pod, all bool) {
	shared := f.sharing(targets)
	if shared != nil && !all && shared.Shared < shared.Failures {
		f.unknown("connects fail also at proxies without a target on their node, but with targets by instance any node is a target", diagnosis.CheckSameNode)
		shared = nil
	}
	f.found.SameNode = shared
	f.meet(clients, targets)
	if m := f.found.Upstream; !m.CanMeet() && m.Unplaced == 0 && !all {
		f.found.Upstream = nil
		f.unknown("no proxy shares a node with a pod behind the load balancer, but with targets by instance any node is a target", diagnosis.CheckPlacement)
	}
}

// sharing counts the failed connects of proxies on nodes of targets, from the counters of the cluster.
func (f *routeFacts) sharing(targets []diagnosis.Pod) *diagnosis.SameNode {
	nodes := make(map[string]bool)
	for _, t := range targets {
		if t.Node == "" {
			return nil // any proxy may share that node
		}
		nodes[t.Node] = true
	}
	n := diagnosis.SameNode{ByClient: true}
	var all, shared int64
	for key, c := range f.proxies {
		pod, _, _ := f.pods.named(key)
		if pod.Node == "" {
			n.Unplaced += c.failures
			continue
		}
		connects := max(c.connects, c.failures)
		all, n.Failures = all+connects, n.Failures+c.failures
		if nodes[pod.Node] {
			shared, n.Shared = shared+connects, n.Shared+c.failures
		}
	}
	if all == 0 || !f.withFailure {
		return nil
	}
	n.Expected = float64(shared) / float64(all)
	return &n
}

// meet places clients and targets.
func (f *routeFacts) meet(clients, targets []diagnosis.Pod) {
	switch {
	case len(clients) == 0 || len(targets) == 0:
		f.unknown("no pod of one of the ends is there at the end of the window", diagnosis.CheckPlacement)
	case f.nameless:
		f.unknown("series of the proxies name no pod", diagnosis.CheckPlacement, diagnosis.CheckSameNode)
	}
	m := diagnosis.Place(clients, targets, nil)
	f.found.Upstream = &m
}

package survey

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// Cluster is what kube-state-metrics says of a cluster.
type Cluster struct {
	Pods  []diagnosis.Pod // that are not finished
	Nodes []diagnosis.Node
	Jobs  []string // scrape jobs that have kube_pod_info: more than one is worth a word
}

// object returns a label of a Kubernetes object: where kube-state-metrics is scraped without honorLabels,
// what the scrape has too is renamed.
func object(labels map[string]string, name string) string {
	return cmp.Or(labels["exported_"+name], labels[name])
}

// name is the namespace and name of an object.
type name struct{ namespace, name string }

func (n name) String() string { return n.namespace + "/" + n.name }

// parseName reads namespace/name.
func parseName(text string) (name, error) {
	namespace, rest, ok := strings.Cut(text, "/")
	if !ok || namespace == "" || rest == "" {
		return name{}, fmt.Errorf("%q is not namespace/name", text)
	}
	return name{namespace, rest}, nil
}

// readCluster asks where pods and nodes are.
func readCluster(ctx context.Context, a *asker) (c Cluster, problems []string, err error) {
	finished, err := readFinished(ctx, a)
	if err != nil {
		return c, nil, err
	}
	samples, _, err := a.vector(ctx, "pods", podInfo)
	if err != nil {
		return c, nil, err
	}
	var pods []diagnosis.Pod
	for _, s := range samples {
		pod, ok := diagnosis.PodFromInfo(s.Labels)
		if ok && !finished[name{pod.Namespace, pod.Name}] {
			pods = append(pods, pod)
		}
		c.Jobs = append(c.Jobs, s.Labels["job"])
	}
	c.Jobs = distinct(c.Jobs)
	c.Pods, problems = diagnosis.UniquePods(pods)
	zones, err := readNodes(ctx, a, &c)
	c.Pods = diagnosis.WithZones(c.Pods, zones)
	return c, problems, err
}

// readFinished asks which pods have ended: they keep their node, but connect to nobody.
func readFinished(ctx context.Context, a *asker) (map[name]bool, error) {
	samples, _, err := a.vector(ctx, "phases of pods", `kube_pod_status_phase{phase=~"Succeeded|Failed"} == 1`)
	finished := make(map[name]bool)
	for _, s := range samples {
		finished[name{object(s.Labels, "namespace"), object(s.Labels, "pod")}] = true
	}
	return finished, err
}

// readNodes asks for the nodes and their zones: by the label of the node where kube-state-metrics may
// show it, else by its provider ID.
func readNodes(ctx context.Context, a *asker, c *Cluster) (zones map[string]string, err error) {
	zones = make(map[string]string)
	info, _, err := a.vector(ctx, "nodes", nodeInfo)
	if err != nil {
		return nil, err
	}
	for _, s := range info {
		if node, zone, ok := diagnosis.NodeFromInfo(s.Labels); ok {
			zones[node] = cmp.Or(zones[node], zone)
		}
	}
	labels, _, err := a.vector(ctx, "labels of nodes", nodeLabels)
	for _, s := range labels {
		if zone := s.Labels["label_topology_kubernetes_io_zone"]; zone != "" {
			zones[object(s.Labels, "node")] = zone
		}
	}
	for node, zone := range zones {
		c.Nodes = append(c.Nodes, diagnosis.Node{Name: node, Zone: zone})
	}
	slices.SortFunc(c.Nodes, func(x, y diagnosis.Node) int { return cmp.Compare(x.Name, y.Name) })
	return zones, err
}

// readEndpoints asks for the ready endpoints of a Service. Its slices are found by their label, where
// kube-state-metrics may show it, else by their names, which start with that of the Service.
func readEndpoints(ctx context.Context, a *asker, service name) ([]diagnosis.Pod, error) {
	labels, _, err := a.vector(ctx, "endpoint slices", sliceLabels+"{label_kubernetes_io_service_name="+quoted(service.name)+"}")
	if err != nil {
		return nil, err
	}
	var slicesOf []string
	for _, s := range labels {
		if object(s.Labels, "namespace") == service.namespace {
			slicesOf = append(slicesOf, regexp.QuoteMeta(object(s.Labels, "endpointslice")))
		}
	}
	if len(slicesOf) == 0 { // a generated suffix has neither vowels nor dashes: payments-api is no slice of payments
		slicesOf = []string{regexp.QuoteMeta(service.name) + "-[bcdfghjklmnpqrstvwxz2456789]{5}"}
	}
	samples, _, err := a.vector(ctx, "endpoints", sliceEndpoints+"{endpointslice=~"+quoted(strings.Join(distinct(slicesOf), "|"))+"}")
	var pods []diagnosis.Pod
	for _, s := range samples {
		pod, ready, ok := diagnosis.EndpointFromSlice(s.Labels)
		if ok && ready && object(s.Labels, "namespace") == service.namespace {
			pods = append(pods, pod)
		}
	}
	unique, problems := diagnosis.UniquePods(pods)
	a.failures = append(a.failures, problems...)
	return unique, err
}

// readPolicy asks for the external traffic policy of a Service; empty when it is not known.
func readPolicy(ctx context.Context, a *asker, service name) (string, error) {
	samples, _, err := a.vector(ctx, "traffic policy", serviceInfo+"{external_traffic_policy!=\"\"}")
	for _, s := range samples {
		if object(s.Labels, "namespace") == service.namespace && object(s.Labels, "service") == service.name {
			return s.Labels["external_traffic_policy"], err
		}
	}
	return "", err
}

// LoadBalancerServices lists the Services of type LoadBalancer, as namespace/name.
func LoadBalancerServices(ctx context.Context, q Querier, atMillis int64) ([]string, error) {
	samples, _, err := q.Query(ctx, `kube_service_spec_type{type="LoadBalancer"}`, atMillis)
	var names []string
	for _, s := range samples {
		names = append(names, name{object(s.Labels, "namespace"), object(s.Labels, "service")}.String())
	}
	return distinct(names), err
}

// selectPods returns the pods that a pattern namespace/regex names, both anchored regular expressions.
func selectPods(pods []diagnosis.Pod, pattern string) ([]diagnosis.Pod, error) {
	parts, err := parseName(pattern)
	if err != nil {
		return nil, err
	}
	namespace, err := regexp.Compile("^(?:" + parts.namespace + ")$")
	if err != nil {
		return nil, err
	}
	pod, err := regexp.Compile("^(?:" + parts.name + ")$")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(pods), func(p diagnosis.Pod) bool {
		return !namespace.MatchString(p.Namespace) || !pod.MatchString(p.Name)
	}), nil
}

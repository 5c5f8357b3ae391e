package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What kube-state-metrics says, as label sets. When it is scraped without honorLabels, the labels of
// the object that the scrape has too are renamed: `pod` is then the pod of kube-state-metrics itself
// and `exported_pod` the object.

// objectLabel returns a label of the object, whichever of its names is there.
func objectLabel(labels map[string]string, names ...string) string {
	for _, n := range names {
		if v := labels["exported_"+n]; v != "" {
			return v
		}
	}
	for _, n := range names {
		if v := labels[n]; v != "" {
			return v
		}
	}
	return ""
}

// PodFromInfo reads the labels of one kube_pod_info series. It is not ok without a pod.
func PodFromInfo(labels map[string]string) (Pod, bool) {
	p := Pod{
		Namespace: objectLabel(labels, "namespace"), Name: objectLabel(labels, "pod"),
		Node: objectLabel(labels, "node"), IP: objectLabel(labels, "pod_ip"),
	}
	return p, p.Name != ""
}

// EndpointFromSlice reads the labels of one kube_endpointslice_endpoints series: the pod behind one
// address, with its node and zone, and whether it is ready. The node is `endpoint_nodename` in what
// kube-state-metrics writes and `nodename` in what it documents. The labels serving, terminating and
// hostname are not read: before version 2.20 they were mixed up. It is not ok without an address.
func EndpointFromSlice(labels map[string]string) (pod Pod, ready, ok bool) {
	pod = Pod{
		Namespace: cmp.Or(objectLabel(labels, "targetref_namespace"), objectLabel(labels, "namespace")),
		Node:      objectLabel(labels, "endpoint_nodename", "nodename"),
		Zone:      objectLabel(labels, "endpoint_zone", "zone"),
		IP:        objectLabel(labels, "address"),
	}
	pod.Name = pod.IP
	if objectLabel(labels, "targetref_kind") == "Pod" {
		pod.Name = objectLabel(labels, "targetref_name")
	}
	return pod, objectLabel(labels, "ready") != "false", pod.IP != ""
}

// NodeFromInfo reads the labels of one kube_node_info series. The zone is taken from the provider ID,
// which is aws:///<zone>/<instance> on AWS, and is empty where that has another form.
func NodeFromInfo(labels map[string]string) (name, zone string, ok bool) {
	name = objectLabel(labels, "node")
	parts := strings.Split(objectLabel(labels, "provider_id"), "/")
	if len(parts) == 5 && parts[0] == "aws:" {
		zone = parts[3]
	}
	return name, zone, name != ""
}

// UniquePods merges what several scrapes say of the same pod, sorted by name. A pod of which they
// say different nodes, zones or addresses has none of what they differ in, and a problem is
// reported.
func UniquePods(pods []Pod) (unique []Pod, problems []string) {
	sorted := slices.Clone(pods)
	slices.SortFunc(sorted, func(x, y Pod) int {
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to].Namespace == sorted[from].Namespace && sorted[to].Name == sorted[from].Name {
			to++
		}
		p, same := sorted[from], sorted[from:to]
		for what, field := range map[string]func(*Pod) *string{
			"node":    func(p *Pod) *string { return &p.Node },
			"zone":    func(p *Pod) *string { return &p.Zone },
			"address": func(p *Pod) *string { return &p.IP },
		} {
			values := distinct(same, field)
			*field(&p) = ""
			if len(values) == 1 {
				*field(&p) = values[0]
			}
			if len(values) > 1 {
				problems = append(problems, fmt.Sprintf("pod %s: %s is %s; it is not used", p, what, strings.Join(values, " and ")))
			}
		}
		unique = append(unique, p)
		from = to
	}
	slices.Sort(problems)
	return unique, problems
}

// distinct returns the values of a field that are not empty, sorted.
func distinct(pods []Pod, field func(*Pod) *string) []string {
	var values []string
	for _, p := range pods {
		if v := *field(&p); v != "" {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// WithZones returns the pods with the zones of their nodes, where they have none of their own.
func WithZones(pods []Pod, zoneOfNode map[string]string) []Pod {
	placed := slices.Clone(pods)
	for i := range placed {
		placed[i].Zone = cmp.Or(placed[i].Zone, zoneOfNode[placed[i].Node])
	}
	return placed
}

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

// serviceIndex is what kube-state-metrics says of Services: those of type LoadBalancer, and those that have an
// address which is asked for.
type serviceIndex struct {
	typed     bool                  // whether types are told at all
	balancers map[podKey]bool       // of type LoadBalancer
	outside   map[string]podKey     // by the host name or address of a load balancer
	inside    map[addressKey]podKey // by the address inside the cluster
	hosts     map[podKey][]string   // host names of load balancers, by Service
}

// readServices asks for the Services of type LoadBalancer, of which there are few, with their addresses,
// and for those that have one of some addresses inside the cluster.
func (l *look) readServices(ctx context.Context, addresses []string) (*serviceIndex, error) {
	x := &serviceIndex{
		balancers: make(map[podKey]bool), outside: make(map[string]podKey), inside: make(map[addressKey]podKey), hosts: make(map[podKey][]string),
	}
	types, err := l.vector(ctx, "types of Services", serviceType+`{type="LoadBalancer"} or count(`+serviceType+")")
	if err != nil {
		return nil, err
	}
	for _, s := range types {
		x.typed = true
		if object(s.Labels, "service") != "" {
			x.balancers[objectKey(s.Labels, "service")] = true
		}
	}
	ingress, err := l.vector(ctx, "addresses of load balancers", serviceIngress)
	if err != nil {
		return nil, err
	}
	for _, s := range ingress {
		key := objectKey(s.Labels, "service")
		for _, address := range []string{object(s.Labels, "hostname"), object(s.Labels, "ip")} {
			if address = strings.ToLower(address); address != "" {
				x.outside[address] = key
				x.hosts[key] = append(x.hosts[key], address)
			}
		}
	}
	for batch := range slices.Chunk(distinct(addresses), podBatch) {
		inside, err := l.vector(ctx, "addresses of Services", serviceInfo+"{"+oneOf("cluster_ip", batch)+"}")
		if err != nil {
			return nil, err
		}
		for _, s := range inside {
			if ip, ok := normalIP(object(s.Labels, "cluster_ip")); ok {
				key := objectKey(s.Labels, "service")
				x.inside[addressKey{key.cluster, ip}] = key
			}
		}
	}
	return x, nil
}

// sliceIndex says which Services the endpoints at some addresses belong to.
type sliceIndex struct {
	told     map[string]bool            // addresses that are in any, ready or not
	services map[string][]sliceEndpoint // by address
}

// sliceEndpoint is a ready endpoint of a Service.
type sliceEndpoint struct {
	slice, service podKey
	pod            string // its name, or the address
}

// readSlices asks to which Services the pods at some addresses belong as ready endpoints.
func (l *look) readSlices(ctx context.Context, addresses []string) (*sliceIndex, error) {
	x := &sliceIndex{told: make(map[string]bool), services: make(map[string][]sliceEndpoint)}
	var names []string
	for batch := range slices.Chunk(distinct(addresses), podBatch) {
		samples, err := l.vector(ctx, "endpoints", sliceEndpoints+"{"+oneOf("address", batch)+"}")
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			pod, ready, ok := diagnosis.EndpointFromSlice(s.Labels)
			ip, valid := normalIP(pod.IP)
			x.told[ip] = valid
			if ok && ready && valid {
				slice := objectKey(s.Labels, "endpointslice")
				x.services[ip] = append(x.services[ip], sliceEndpoint{slice: slice, pod: pod.Name})
				names = append(names, slice.name)
			}
		}
	}
	labelled, err := l.serviceNames(ctx, names)
	for _, all := range x.services {
		for i := range all {
			slice := all[i].slice
			all[i].service = podKey{slice.cluster, slice.namespace, cmp.Or(labelled[slice], sliceSuffix.ReplaceAllString(slice.name, ""))}
		}
	}
	return x, err
}

// generatedSuffix is what the controller appends to the name of a Service for that of a slice: it has neither
// vowels nor dashes, so that payments-api is no slice of payments.
const generatedSuffix = "-[bcdfghjklmnpqrstvwxz2456789]{5}"

var sliceSuffix = regexp.MustCompile(generatedSuffix + "$")

// serviceNames returns the Services of slices by their label, where kube-state-metrics may show it.
func (l *look) serviceNames(ctx context.Context, sliceNames []string) (map[podKey]string, error) {
	names := make(map[podKey]string)
	for batch := range slices.Chunk(distinct(sliceNames), podBatch) {
		samples, err := l.vector(ctx, "endpoint slices", sliceLabels+"{"+oneOf("endpointslice", batch)+"}")
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			names[objectKey(s.Labels, "endpointslice")] = s.Labels["label_kubernetes_io_service_name"]
		}
	}
	return names, nil
}

// targetsOf are what is behind a Service: its ready endpoints, and its external traffic policy, empty where it
// is not known. Their namespaces and nodes begin with the cluster as those of pods do.
type targetsOf struct {
	pods     []diagnosis.Pod
	policy   string
	problems []string // contradictions
}

// readTargets asks for what is behind a Service, once.
func (l *look) readTargets(ctx context.Context, service podKey) (targetsOf, error) {
	if known, ok := l.targets[service]; ok {
		return known, nil
	}
	var t targetsOf
	pattern := `"` + regexp.QuoteMeta(service.name) + generatedSuffix + `"`
	labelled, err := l.vector(ctx, "endpoint slices", sliceLabels+"{label_kubernetes_io_service_name="+quoted(service.name)+l.inCluster(service)+"}")
	if err != nil {
		return t, err
	}
	var named []string
	for _, s := range labelled {
		if object(s.Labels, "namespace") == service.namespace {
			named = append(named, regexp.QuoteMeta(object(s.Labels, "endpointslice")))
		}
	}
	if len(named) > 0 {
		pattern = quoted(strings.Join(distinct(named), "|"))
	}
	samples, err := l.vector(ctx, "endpoints of a Service", sliceEndpoints+"{endpointslice=~"+pattern+l.inCluster(service)+"}")
	if err != nil {
		return t, err
	}
	var pods []diagnosis.Pod
	for _, s := range samples {
		pod, ready, ok := diagnosis.EndpointFromSlice(s.Labels)
		if ok && ready && object(s.Labels, "namespace") == service.namespace {
			pods = append(pods, inside(service.cluster, pod))
		}
	}
	t.pods, t.problems = diagnosis.UniquePods(pods)
	policies, err := l.vector(ctx, "traffic policy", serviceInfo+"{external_traffic_policy!=\"\""+l.inCluster(service)+"}")
	if err != nil {
		return t, err
	}
	for _, s := range policies {
		if objectKey(s.Labels, "service") == service {
			t.policy = s.Labels["external_traffic_policy"]
		}
	}
	l.targets[service] = t
	return t, nil
}

// inCluster is a matcher that follows others.
func (l *look) inCluster(of podKey) string {
	if of.cluster == "" {
		return ""
	}
	return ", cluster=" + quoted(of.cluster)
}

// inside puts the cluster in front of what is unique in it only.
func inside(cluster string, pod diagnosis.Pod) diagnosis.Pod {
	if cluster != "" {
		pod.Namespace = cluster + "/" + pod.Namespace
		if pod.Node != "" {
			pod.Node = cluster + "/" + pod.Node
		}
	}
	return pod
}

// networkName is the host name of a network load balancer, perhaps that of one zone: name and identifier. What
// comes before elb is the difference to an application load balancer, which has the region there.
var networkName = regexp.MustCompile(`^(?:[a-z0-9-]+\.)?([a-z0-9-]+)-([0-9a-f]{16})\.elb\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\.?$`)

// networkSuffix is how the names of network load balancers end.
var networkSuffix = regexp.MustCompile(`\.elb\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\.?$`)

// otherBalancer is the host name of an application load balancer or a classic one.
var otherBalancer = regexp.MustCompile(`\.elb\.amazonaws\.com(?:\.cn)?\.?$`)

// balancerID returns net/<name>/<identifier> for the host name of a network load balancer.
func balancerID(host string) (string, bool) {
	m := networkName.FindStringSubmatch(strings.ToLower(host))
	if m == nil {
		return "", false
	}
	return fmt.Sprintf("net/%s/%s", m[1], m[2]), true
}

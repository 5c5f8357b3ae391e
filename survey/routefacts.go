package survey

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// routeFacts finds out what is around one route.
type routeFacts struct {
	*look
	*routeConnects
	pods     *podIndex
	services *serviceIndex
	slices   *sliceIndex

	found     diagnosis.Surroundings
	front     []podKey // Services of type LoadBalancer of which the proxies are endpoints
	balancers []string // load balancers that the route uses: net/<name>/<identifier>
}

func (f *routeFacts) find(ctx context.Context, route string) error {
	f.found.Unknown = make(map[string]string)
	clients := f.proxyPods()
	f.behind(clients)
	if err := f.called(ctx, route, clients); err != nil {
		return err
	}
	reached := f.reach()
	upstream, err := f.readAssigned(ctx, f.source.Upstreams, route)
	if err != nil {
		return err
	}
	switch {
	case reached.pods:
		f.direct(clients)
	case len(reached.services) > 0:
		if err := f.balanced(ctx, clients, reached); err != nil {
			return err
		}
	case upstream.given:
		f.configured(clients, upstream)
	case len(clients) > 0 && !f.nameless:
		f.unknown(reached.why, diagnosis.CheckPlacement)
	}
	f.countEndpoints()
	return nil
}

// finish adds what the gauges of load balancers say, and what the server warned of.
func (f *routeFacts) finish(gauges *balancerGauges, errorMinutes []int64, warnings []string) diagnosis.Surroundings {
	var why string
	f.found.NLB, why = gauges.of(f.balancers, errorMinutes)
	if f.found.BehindNLB == nil && (f.found.ThroughNLB == nil || !*f.found.ThroughNLB) {
		why = "" // there may be no load balancer at all
	}
	f.unknown(why, diagnosis.CheckNLBPortAllocation, diagnosis.CheckNLBBlocked, diagnosis.CheckNLBUnhealthy, diagnosis.CheckNLBResets)
	f.found.Warnings = distinct(append(f.found.Warnings, warnings...))
	return f.found
}

// unknown says why checks cannot tell, if there is anything to say.
func (f *routeFacts) unknown(why string, checks ...string) {
	for _, c := range checks {
		if why != "" && f.found.Unknown[c] == "" {
			f.found.Unknown[c] = why
		}
	}
}

// contradicts notes that kube-state-metrics told several things of one pod or address, which has no node then.
func (f *routeFacts) contradicts(problem string) {
	f.unknown(problem, diagnosis.CheckPlacement, diagnosis.CheckSameNode, diagnosis.CheckOneNode)
	if strings.HasPrefix(problem, "pod ") { // that an address is used again is nothing strange
		f.found.Warnings = append(f.found.Warnings, problem+"; it is taken to be on neither")
	}
}

func (k podKey) compare(o podKey) int {
	return cmp.Or(cmp.Compare(k.cluster, o.cluster), cmp.Compare(k.namespace, o.namespace), cmp.Compare(k.name, o.name))
}

// proxyPods are the proxies that are there now, and those that nobody knows.
func (f *routeFacts) proxyPods() []diagnosis.Pod {
	var pods []diagnosis.Pod
	for _, key := range f.sortedMembers() {
		pod, alive, problem := f.pods.named(key)
		f.contradicts(problem)
		if alive || pod.IP == "" && pod.Node == "" {
			pods = append(pods, pod)
		}
	}
	return pods
}

// behind finds out whether callers reach the proxies through a load balancer. That there is none cannot be
// known: a target group may be filled by other means than a Service.
func (f *routeFacts) behind(proxies []diagnosis.Pod) {
	told := false // of other routes that are asked about at once there may be more
	for _, pod := range proxies {
		ip, _ := normalIP(pod.IP)
		told = told || f.slices.told[ip]
		for _, e := range f.slices.services[ip] { // on the host's network others have the address too
			if f.services.balancers[e.service] && (e.pod == pod.Name || e.pod == ip) {
				yes := true
				f.found.BehindNLB = &yes
				f.uses(f.services.hosts[e.service])
				if !slices.Contains(f.front, e.service) {
					f.front = append(f.front, e.service)
				}
			}
		}
	}
	switch {
	case f.found.BehindNLB != nil || !told:
	case f.services.typed:
		f.unknown("the proxies are no ready endpoints of a Service of type LoadBalancer, but may be targets by other means", diagnosis.CheckBehindNLB)
	default:
		f.unknown("the types of Services are not known", diagnosis.CheckBehindNLB)
	}
}

// uses notes load balancers by their host names.
func (f *routeFacts) uses(hosts []string) {
	for _, host := range hosts {
		if id, ok := balancerID(host); ok && !slices.Contains(f.balancers, id) {
			f.balancers = append(f.balancers, id)
		}
	}
}

// reached is what the endpoints of a route are.
type reached struct {
	pods     bool     // pods, all of them
	services []podKey // Services or load balancers
	outside  bool     // they are load balancers
	why      string   // it is not known what they are
}

// reach finds out how the upstream is reached: the endpoints are pods, or what stands before some.
func (f *routeFacts) reach() reached {
	if f.tooMany > 0 {
		return reached{why: fmt.Sprintf("there are %d series per endpoint, and no more than %d are read", f.tooMany, maxEndpointSeries)}
	}
	if len(f.endpoints) == 0 {
		return reached{why: "no stats per endpoint name the upstream"}
	}
	var r reached
	r.pods = true
	yes := true
	for _, at := range f.sortedEndpoints() {
		host := hostOf(at.address)
		ip, _ := normalIP(host)
		if networkSuffix.MatchString(strings.ToLower(at.hostname)) || networkSuffix.MatchString(strings.ToLower(host)) {
			f.found.ThroughNLB, r.pods, r.outside = &yes, false, true
			f.uses([]string{at.hostname, host})
		}
		f.classify(&r, at, host, ip)
	}
	return f.judgeReach(r)
}

// classify looks at one endpoint.
func (f *routeFacts) classify(r *reached, at endpointAt, host, ip string) {
	service, outside, ok := f.service(at, host, ip)
	_, _, isPod, _ := f.pods.at(at.proxy.cluster, ip)
	switch {
	case ok:
		r.pods = false
		if !slices.Contains(r.services, service) {
			r.services = append(r.services, service)
		}
		if outside {
			yes := true
			f.found.ThroughNLB, r.outside = &yes, true
			f.uses(f.services.hosts[service])
		}
	case r.outside:
	case otherBalancer.MatchString(strings.ToLower(at.hostname)):
		r.pods, r.why = false, "its endpoints are those of an application or classic load balancer"
	case !isPod:
		r.pods = false
		r.why = cmp.Or(r.why, "endpoint "+at.address+" is neither a pod nor a Service that kube-state-metrics knows")
	}
}

// judgeReach says how the upstream is reached where that is sure.
func (f *routeFacts) judgeReach(r reached) reached {
	switch {
	case f.found.ThroughNLB != nil:
		r.why = cmp.Or(r.why, "the load balancer chooses the upstream pods, and no Service is known to be behind it")
	case r.pods || len(r.services) > 0 && r.why == "":
		no := false
		f.found.ThroughNLB = &no
	default:
		if !f.anyPod() {
			r.why = "kube-state-metrics does not tell of any pod of the route (kube_pod_info)"
		}
		f.unknown(r.why, diagnosis.CheckThroughNLB)
	}
	return r
}

// anyPod tells whether any pod of the route is known.
func (f *routeFacts) anyPod() bool {
	for key := range f.members() {
		key.cluster = f.pods.cluster(key.cluster)
		if f.pods.byName[key] != nil {
			return true
		}
	}
	for at := range f.endpoints {
		ip, _ := normalIP(hostOf(at.address))
		if _, _, ok, _ := f.pods.at(at.proxy.cluster, ip); ok {
			return true
		}
	}
	return false
}

// service returns the Service that an endpoint is the address of, and whether it is that of its load balancer.
func (f *routeFacts) service(at endpointAt, host, ip string) (s podKey, outside, ok bool) {
	for _, name := range []string{at.hostname, host, ip} {
		if s, ok := f.services.outside[strings.ToLower(name)]; ok && name != "" {
			return s, true, true
		}
	}
	s, ok = f.services.inside[addressKey{f.pods.cluster(at.proxy.cluster), ip}]
	return s, false, ok
}

func (f *routeFacts) sortedEndpoints() []endpointAt {
	return slices.SortedFunc(maps.Keys(f.endpoints), func(a, b endpointAt) int {
		return cmp.Or(a.proxy.compare(b.proxy), cmp.Compare(a.address, b.address), cmp.Compare(a.hostname, b.hostname))
	})
}

// countEndpoints sums up the pairs of proxy and endpoint that have a failure.
func (f *routeFacts) countEndpoints() {
	if len(f.endpoints) == 0 {
		return
	}
	var attempts, failures int64
	for _, c := range f.endpoints {
		if c.failures > 0 {
			attempts, failures = attempts+max(c.connects, c.failures), failures+c.failures
		}
	}
	f.found.EndpointAttempts, f.found.EndpointFailures = &attempts, &failures
}

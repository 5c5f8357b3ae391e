package survey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// Surroundings tells what is around the routes of a source, for the checks of its findings: which nodes both
// ends of their connections are on, what stands between them, and what load balancers say. It asks only for the
// pods and addresses that the routes' own series name, and looks at a window four times an hour: what
// it costs grows with the routes that are asked about, and not with the cluster.
type Surroundings struct {
	ranger        Ranger
	source        Source
	loadBalancers bool
}

// NewSurroundings returns one for a source, of which the names and labels matter. With loadBalancers it asks for the gauges of
// CloudWatch exporters.
func NewSurroundings(ranger Ranger, source Source, loadBalancers bool) *Surroundings {
	return &Surroundings{ranger, source, loadBalancers}
}

// look is one look at a window.
type look struct {
	Ranger
	atMillis      int64 // its end
	window        time.Duration
	source        *Source
	loadBalancers bool
	targets       map[podKey]targetsOf    // behind Services
	patterns      map[PodPattern]assigned // of the configuration
	warnings      []string                // of the server
}

// Ask answers a question. Facts depend on the window and the route alone. A problem is a question that the server
// did not answer: then nothing is known of what is asked with it, of the ends of the routes or by the gauges
// of load balancers. Only a context that has ended is an error.
func (s *Surroundings) Ask(ctx context.Context, q diagnosis.Question) (facts map[string]diagnosis.Surroundings, problems []string, err error) {
	l := &look{
		Ranger: s.ranger, atMillis: q.AtMillis, source: &s.source, loadBalancers: s.loadBalancers,
		window: time.Duration(q.AtMillis-q.FromMillis) * time.Millisecond, targets: make(map[podKey]targetsOf),
		patterns: make(map[PodPattern]assigned),
	}
	names := make([]string, len(q.Routes))
	for i, r := range q.Routes {
		names[i] = r.Route
	}
	slices.Sort(names)
	found, err := l.facts(ctx, names)
	if err != nil {
		return nil, []string{err.Error()}, ctx.Err()
	}
	var used []string
	for _, name := range names {
		used = append(used, found[name].balancers...)
	}
	gauges, err := l.readBalancers(ctx, distinct(used))
	if err != nil {
		problems = append(problems, err.Error())
	}
	facts = make(map[string]diagnosis.Surroundings, len(q.Routes))
	for _, r := range q.Routes {
		facts[r.Route] = found[r.Route].finish(gauges, r.ErrorMinutes, l.warnings)
	}
	return facts, problems, ctx.Err()
}

// facts reads all but the gauges of load balancers.
func (l *look) facts(ctx context.Context, routes []string) (map[string]*routeFacts, error) {
	counted, err := l.readConnects(ctx, routes)
	if err != nil {
		return nil, err
	}
	var proxies, addresses []string
	for _, c := range counted {
		for key := range c.members() {
			proxies = append(proxies, key.name)
		}
		for at := range c.endpoints {
			if ip, ok := normalIP(hostOf(at.address)); ok {
				addresses = append(addresses, ip)
			}
		}
	}
	proxies = slices.DeleteFunc(distinct(proxies), func(name string) bool { return name == "" })
	pods, err := l.readPods(ctx, proxies, distinct(addresses))
	if err != nil {
		return nil, err
	}
	services, err := l.readServices(ctx, distinct(slices.DeleteFunc(addresses, func(ip string) bool { return pods.knows(ip) })))
	if err != nil {
		return nil, err
	}
	endpoints, err := l.readSlices(ctx, pods.addressesOf(counted))
	if err != nil {
		return nil, err
	}
	facts := make(map[string]*routeFacts)
	for _, route := range routes {
		f := &routeFacts{look: l, routeConnects: counted[route], pods: pods, services: services, slices: endpoints}
		if err := f.find(ctx, route); err != nil {
			return nil, err
		}
		facts[route] = f
	}
	return facts, nil
}

// knows tells whether a pod has or had an address, in any cluster.
func (x *podIndex) knows(ip string) bool {
	for at := range x.byIP {
		if at.ip == ip {
			return true
		}
	}
	return false
}

// addressesOf returns the addresses of the routes' proxies.
func (x *podIndex) addressesOf(counted map[string]*routeConnects) []string {
	var all []string
	for _, c := range counted {
		for key := range c.members() {
			if pod, _, _ := x.named(key); pod.IP != "" {
				all = append(all, pod.IP)
			}
		}
	}
	return distinct(all)
}

// members are all proxies of a route, by either kind of counters.
func (c *routeConnects) members() map[podKey]bool {
	all := make(map[podKey]bool)
	for key := range c.proxies {
		all[key] = true
	}
	for at := range c.endpoints {
		all[at.proxy] = true
	}
	return all
}

// vector asks for a vector at the end of the window.
func (l *look) vector(ctx context.Context, what, expr string) ([]Sample, error) {
	return l.vectorAt(ctx, what, expr, l.atMillis)
}

func (l *look) vectorAt(ctx context.Context, what, expr string, atMillis int64) ([]Sample, error) {
	samples, warnings, err := l.Query(ctx, expr, atMillis)
	l.warnings = append(l.warnings, warnings...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return samples, nil
}

// matrix asks for a range vector.
func (l *look) matrix(ctx context.Context, what, expr string, atMillis int64) ([]Series, error) {
	series, warnings, err := l.Range(ctx, expr, atMillis)
	l.warnings = append(l.warnings, warnings...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return series, nil
}

// sortedMembers lists the proxies of a route.
func (c *routeConnects) sortedMembers() []podKey {
	return slices.SortedFunc(maps.Keys(c.members()), podKey.compare)
}

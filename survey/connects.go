package survey

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxEndpointSeries bounds the series per endpoint of one route that are read, and of all routes that are
// asked for in one query.
const maxEndpointSeries = 20_000

// podKey is a pod of one of the clusters that a server may know.
type podKey struct{ cluster, namespace, name string }

func (k podKey) String() string {
	return strings.TrimPrefix(k.cluster+"/"+k.namespace+"/"+k.name, "/")
}

// connectCounts are connects, and those of them that failed.
type connectCounts struct{ connects, failures int64 }

// endpointAt is an endpoint as one proxy sees it.
type endpointAt struct {
	proxy             podKey
	address, hostname string
}

// routeConnects is what the proxies of one route counted in the window.
type routeConnects struct {
	proxies     map[podKey]*connectCounts     // from the counters of the cluster
	endpoints   map[endpointAt]*connectCounts // from stats per endpoint
	tooMany     int                           // series per endpoint, when these were not read
	nameless    bool                          // a proxy's series name no pod
	withFailure bool                          // whether failed connects are counted at all
}

// readConnects asks what the proxies of the routes counted. Two scrape jobs see one counter twice: the larger
// growth is that of the one that saw more of it.
func (l *look) readConnects(ctx context.Context, routes []string) (map[string]*routeConnects, error) {
	all := make(map[string]*routeConnects)
	for _, route := range routes {
		all[route] = &routeConnects{proxies: make(map[podKey]*connectCounts), endpoints: make(map[endpointAt]*connectCounts)}
	}
	if err := l.readProxies(ctx, routes, all); err != nil {
		return nil, err
	}
	batches, err := l.endpointBatches(ctx, routes, all)
	if err != nil {
		return nil, err
	}
	for _, batch := range batches {
		if err := l.readEndpointCounts(ctx, batch, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readProxies reads the counters of the routes' clusters.
func (l *look) readProxies(ctx context.Context, routes []string, all map[string]*routeConnects) error {
	for _, metric := range []string{connects, connectFail} {
		samples, err := l.grown(ctx, metric, routes, "cluster", "namespace", "pod")
		if err != nil {
			return err
		}
		for _, s := range samples {
			r := all[l.source.routeOf(s.Labels)]
			if r == nil {
				continue
			}
			proxy := proxyOf(s.Labels)
			r.nameless = r.nameless || proxy.name == ""
			if r.proxies[proxy] == nil {
				r.proxies[proxy] = new(connectCounts)
			}
			if grown := int64(math.Round(s.Value)); metric == connectFail {
				r.withFailure = true
				r.proxies[proxy].failures += grown
			} else {
				r.proxies[proxy].connects += grown
			}
		}
	}
	return nil
}

// endpointBatches counts the series per endpoint of each route, and groups the routes so that none of the
// groups has too many.
func (l *look) endpointBatches(ctx context.Context, routes []string, all map[string]*routeConnects) ([][]string, error) {
	expr := fmt.Sprintf("count by (%s) (%s)", strings.Join(l.source.countLabels(), ", "), l.selector(endpointTotal, routes))
	samples, err := l.vector(ctx, "endpoints of routes", expr)
	if err != nil {
		return nil, err
	}
	series := make(map[string]int)
	for _, s := range samples {
		series[l.source.routeOf(s.Labels)] += int(s.Value)
	}
	var batches [][]string
	sum := 0
	for _, route := range routes {
		switch n := series[route]; {
		case n == 0:
		case n > maxEndpointSeries:
			all[route].tooMany = n
		case len(batches) == 0 || sum+n > maxEndpointSeries:
			batches, sum = append(batches, []string{route}), n
		default:
			batches[len(batches)-1], sum = append(batches[len(batches)-1], route), sum+n
		}
	}
	return batches, nil
}

// readEndpointCounts reads the stats per endpoint of some routes.
func (l *look) readEndpointCounts(ctx context.Context, routes []string, all map[string]*routeConnects) error {
	for _, metric := range []string{endpointTotal, endpointFail} {
		samples, err := l.grown(ctx, metric, routes, "cluster", "namespace", "pod", "envoy_endpoint_address", "envoy_endpoint_hostname")
		if err != nil {
			return err
		}
		for _, s := range samples {
			r := all[l.source.routeOf(s.Labels)]
			if r == nil {
				continue
			}
			at := endpointAt{proxyOf(s.Labels), s.Labels["envoy_endpoint_address"], s.Labels["envoy_endpoint_hostname"]}
			r.nameless = r.nameless || at.proxy.name == ""
			if r.endpoints[at] == nil {
				r.endpoints[at] = new(connectCounts)
			}
			if grown := int64(math.Round(s.Value)); metric == endpointFail {
				r.endpoints[at].failures += grown
			} else {
				r.endpoints[at].connects += grown
			}
		}
	}
	return nil
}

// grown asks how much a counter of the routes grew in the window. What came in the window began at zero: Envoy makes
// counters when they are needed, and a pod is new. What left in it counts up to its last full hour, and of a counter that
// was reset the larger part counts.
func (l *look) grown(ctx context.Context, metric string, routes []string, labels ...string) ([]Sample, error) {
	by := strings.Join(distinct(slices.Concat(labels, l.source.countLabels())), ", ")
	selector := l.selector(metric, routes)
	before, err := l.vector(ctx, metric, fmt.Sprintf("max by (%s) (%s offset %dms)", by, selector, l.window.Milliseconds()))
	if err != nil {
		return nil, err
	}
	starts := make(map[string]float64)
	for _, s := range before {
		starts[identity(s.Labels)] = s.Value
	}
	samples, err := l.vector(ctx, metric, fmt.Sprintf("max by (%s) (%s)", by, peak(selector, l.window)))
	exclude := l.source.patterns()
	samples = slices.DeleteFunc(samples, func(s Sample) bool { return excluded(exclude, s.Labels) || math.IsNaN(s.Value) })
	for i, s := range samples {
		if start := starts[identity(s.Labels)]; start <= s.Value {
			samples[i].Value -= start
		}
	}
	return samples, err
}

// selector selects a metric of some routes. Of a route that is joined from several labels the first one is asked
// for: what that selects beside is sorted out later.
func (l *look) selector(metric string, routes []string) string {
	var firsts []string
	for _, route := range routes {
		firsts = append(firsts, route)
		for at := range route {
			if len(l.source.RouteLabels) > 1 && strings.HasPrefix(route[at:], routeJoint) {
				firsts = append(firsts, route[:at])
			}
		}
	}
	matchers := []string{oneOf(l.source.RouteLabels[0], firsts)}
	if l.source.Matchers != "" {
		matchers = append(matchers, l.source.Matchers)
	}
	return metric + "{" + strings.Join(matchers, ", ") + "}"
}

func proxyOf(labels map[string]string) podKey {
	return podKey{labels["cluster"], labels["namespace"], labels["pod"]}
}

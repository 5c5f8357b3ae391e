package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
)

// fleetSize is how many Envoys run. The scrapes of each are too few for a verdict in minutes; the
// routes of all of them add up, as those of a fleet do in days.
const fleetSize = 4

// A proxy is one Envoy.
type proxy struct {
	Name   string // of its pod
	Admin  address
	DNS    address // that it asks
	Routes []route
}

// A route is a scenario on one Envoy.
type route struct {
	scenario
	Listener, Upstream address
}

// newProxies finds addresses for all Envoys and their routes.
func newProxies(u *upstreams) ([]proxy, error) {
	all := scenarios()
	free, err := freeAddresses(fleetSize * (1 + len(all)))
	if err != nil {
		return nil, err
	}
	next := func() (a address) { a, free = free[0], free[1:]; return a }
	proxies := make([]proxy, fleetSize)
	for i := range proxies {
		proxies[i] = proxy{Name: fmt.Sprintf("edge-%d", i+1), Admin: next(), DNS: u.dns}
		for _, s := range all {
			proxies[i].Routes = append(proxies[i].Routes, route{scenario: s, Listener: next(), Upstream: u.at[s.upstream]})
		}
	}
	return proxies, nil
}

func (s *stack) startProxies(ctx context.Context) error {
	for _, p := range s.Proxies {
		config, err := renderAs(s.dir, "envoy.yaml", p.Name+".yaml", p)
		if err != nil {
			return err
		}
		// One worker, as each has connection pools of its own.
		err = s.run(ctx, p.Name, p.Admin, "/ready", s.tools.envoy,
			"--config-path", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
		if err != nil {
			return err
		}
	}
	return nil
}

// headStart is how much earlier the routes fail that must be suspected than all others: of the level that a
// day of suspicions has, a route gets the more the earlier it first failed.
const headStart = 30 * time.Second

// callers are the clients of all routes on all Envoys.
func callers(proxies []proxy, seed uint64) []traffic.Caller {
	var all []traffic.Caller
	for _, p := range proxies {
		for _, r := range p.Routes {
			for _, c := range r.calls {
				caller := traffic.Caller{
					Client: len(all), Route: r.Name, URL: "http://" + r.Listener.String() + c.path,
					Host: r.Lookup, Gap: c.gap, Retry: c.retry, BackOff: 250 * time.Millisecond, Seed: seed + uint64(len(all)),
				}
				if !r.suspected {
					caller.Wait = headStart
				}
				all = append(all, caller)
			}
		}
	}
	return all
}

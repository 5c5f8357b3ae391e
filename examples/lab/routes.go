package lab

import (
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
)

// The routes of the lab. Each is an Envoy route and its cluster, and so a route to ghostpair.
const (
	ghostClient = "ghost-client" // SYNs vanish, the client retries once: pairs of 503s
	ghostEnvoy  = "ghost-envoy"  // SYNs vanish, Envoy retries once: pairs of connect timeouts, single 503s
	fast500     = "fast-500"     // the service itself answers 500, at random times
	refused     = "refused"      // nobody listens, the client retries once: 503s at once, close together
	healthy     = "healthy"      // nothing is wrong
)

// callers are the clients of all routes. Their error rates are alike, three to six a minute: what
// tells the ghosts from the rest is only the time between errors.
//
// The clients of the ghosts leave more than 15 s between calls, so that a pair is a pair and not a
// link of a chain, and vary the gap, so that the pairs keep no beat of their own.
func callers(envoy address, seed uint64) []traffic.Caller {
	url := func(route, path string) string { return fmt.Sprintf("http://%s/%s%s", envoy, route, path) }
	rare := traffic.Uniform(15500*time.Millisecond, 22*time.Second)
	all := []traffic.Caller{
		{Route: ghostClient, URL: url(ghostClient, "/"), Gap: rare, Retry: true},
		{Route: ghostEnvoy, URL: url(ghostEnvoy, "/"), Gap: rare},
		{Route: fast500, URL: url(fast500, brokenPath), Gap: traffic.Exponential(12 * time.Second)},
		{Route: fast500, URL: url(fast500, "/"), Gap: traffic.Exponential(500 * time.Millisecond)},
		{Route: refused, URL: url(refused, "/"), Gap: traffic.LogNormal(18*time.Second, 0.7), Retry: true},
		{Route: healthy, URL: url(healthy, "/"), Gap: traffic.Exponential(200 * time.Millisecond)},
	}
	for i := range all {
		all[i].BackOff = 250 * time.Millisecond
		all[i].Seed = seed + uint64(i)
	}
	return all
}

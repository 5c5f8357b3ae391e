package lab

import (
	"os"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
)

// A scenario is one thing that is wrong, or nothing: an upstream, how Envoy reaches it, who calls,
// and what ghostpair must make of it. It is an Envoy listener, an HTTP connection manager, a cluster
// and a route, all of its name.
type scenario struct {
	Name  string
	fault string // for the manual

	// What Envoy is told of the upstream. Where nothing is said its defaults hold, of which the
	// connect timeout of 5 s is what makes the ghosts.
	EnvoyRetries int
	RouteTimeout string // as Envoy wants it
	TLS          bool
	Lookup       string // name to look up; empty: the address of the upstream is given
	Forward      bool   // the name is that of the request, and looked up for it
	upstream     kind

	calls []call

	// grows is by how much Envoy's counters of the cluster grow for one error that a client sees, of
	// those that watched lists.
	grows map[string]int
	// unseen tells that no counter of the cluster grows.
	unseen bool
	// pairedErrors and pairedConnects tell which of the two counters grow in pairs, 5 s apart.
	pairedErrors, pairedConnects bool
	// patience tells that only the long run waits until they are paired; in a short one they may be.
	patience bool

	// suspected tells whether the errors must be at a scrape every 15 s, and maybe whether they can be.
	// Waits of connects show it; the latency of a proxy can.
	suspected, maybe bool
	// causes must lead, and alsoNamed be the others that can be: at 15 s, and where the errors are
	// paired at 1 s too.
	causes, alsoNamed []string
}

// connectTimeouts is the counter of the signal of that name.
const connectTimeouts = "upstream_cx_connect_timeout"

// watched are the counters that tell what is wrong, as Prometheus names them behind envoy_cluster_.
var watched = []string{
	"upstream_cx_connect_fail", connectTimeouts, "upstream_rq_timeout",
	"upstream_cx_destroy_remote_with_active_rq", "upstream_cx_none_healthy", "ssl_connection_error",
}

// awaited tells whether this run waits for the pairs of a scenario.
func (s scenario) awaited() bool { return !s.patience || full() }

// full tells whether this is the long run.
func full() bool { return os.Getenv("LAB") == "full" }

// A call is what one client of a scenario does, on every Envoy.
type call struct {
	path  string
	gap   traffic.Gap
	retry bool // once, after a 5xx
}

// lostCauses lead where connects get no answer, and nothing is known of pods and load balancers:
// several routes are affected, which speaks for a hairpin. The others stay named.
var (
	lostCauses = []string{"hairpin-behind-nlb"}
	otherLost  = []string{"blocked", "dead-node"}
)

// The scenarios that others speak of.
const (
	ghostClient = "ghost-client"
	ghostEnvoy  = "ghost-envoy"
	healthy     = "healthy"
)

// scenarios are all that the lab runs. Their error rates are alike, two to eight a minute on each Envoy:
// what tells them apart is time and companions, not rates.
//
// Clients that wait for answers leave more than 15 s between calls, so that a pair is a pair and not
// a link of a chain. They vary the gap by a whole scrape interval: with less, calls of 30 s in all would fall
// at the same places between the scrapes again and again, and dwell times could not be estimated from them.
func scenarios() []scenario {
	return slices.Concat(ghostScenarios(), lookAlikes(), instantFailures(), controls())
}

// rarely is the gap between calls that may wait for their answer.
func rarely() traffic.Gap { return traffic.Uniform(15500*time.Millisecond, 30500*time.Millisecond) }

// often is the gap between failures that come at once.
func often() traffic.Gap { return traffic.Exponential(15 * time.Second) }

// well is a client of what works.
func well() call { return call{path: "/", gap: traffic.Exponential(500 * time.Millisecond)} }

// ghostScenarios lose connects in silence.
func ghostScenarios() []scenario {
	return []scenario{
		{
			Name: ghostClient, fault: "SYNs vanish; the client calls again after 0–250 ms",
			upstream: vanishes, calls: []call{{path: "/", gap: rarely(), retry: true}},
			grows:        map[string]int{"upstream_cx_connect_fail": 1, connectTimeouts: 1},
			pairedErrors: true, pairedConnects: true,
			suspected: true, causes: lostCauses, alsoNamed: otherLost,
		},
		{
			Name: ghostEnvoy, fault: "SYNs vanish; Envoy tries again itself", EnvoyRetries: 1,
			upstream: vanishes, calls: []call{{path: "/", gap: rarely()}},
			grows:          map[string]int{"upstream_cx_connect_fail": 2, connectTimeouts: 2},
			pairedConnects: true,
			suspected:      true, causes: lostCauses, alsoNamed: otherLost,
		},
	}
}

// lookAlikes take as long as a lost connect.
func lookAlikes() []scenario {
	return []scenario{
		{
			Name: "tls-stall", fault: "the upstream accepts, and never answers the TLS handshake", TLS: true,
			upstream: stalls, calls: []call{{path: "/", gap: rarely(), retry: true}},
			grows:        map[string]int{"upstream_cx_connect_fail": 1, connectTimeouts: 1},
			pairedErrors: true, pairedConnects: true, patience: true,
			suspected: true, causes: []string{"tls-stall"}, alsoNamed: []string{"hairpin-behind-nlb", "blocked", "dead-node"},
		},
		{
			Name: "slow", fault: "the upstream answers after the route timeout of 5 s", RouteTimeout: "5s",
			upstream: answers, calls: []call{{path: latePath, gap: rarely(), retry: true}, well()},
			grows:        map[string]int{"upstream_rq_timeout": 1},
			pairedErrors: true, patience: true,
			maybe: true, causes: []string{"route-timeout"},
		},
	}
}

// instantFailures take no time.
func instantFailures() []scenario {
	return []scenario{
		{
			Name: "hang-up", fault: "the upstream closes connections that Envoy has just sent a request on",
			upstream: answers, calls: []call{{path: hangUpPath, gap: often(), retry: true}, well()},
			grows:  map[string]int{"upstream_cx_destroy_remote_with_active_rq": 1},
			causes: []string{"stale-keep-alive"},
		},
		{
			Name: "lookup", fault: "the name of the upstream cannot be looked up: the DNS server is silent", Lookup: "upstream.example",
			upstream: isUnknown, calls: []call{{path: "/", gap: often(), retry: true}},
			grows:  map[string]int{"upstream_cx_none_healthy": 1},
			causes: []string{"dns-5s"},
		},
		{
			Name: "forward", fault: "the same, of a dynamic forward proxy, which looks names up for requests", Lookup: "upstream.example", Forward: true,
			upstream: isUnknown, calls: []call{{path: "/", gap: rarely(), retry: true}},
			unseen: true,
		},
		{
			Name: "refused", fault: "nobody listens; the client calls again at once",
			upstream: refuses, calls: []call{{path: "/", gap: traffic.LogNormal(25*time.Second, 0.7), retry: true}},
			grows:  map[string]int{"upstream_cx_connect_fail": 1},
			causes: []string{"refused"},
		},
	}
}

// controls are no failures of connections.
func controls() []scenario {
	return []scenario{
		{
			Name: "fast-500", fault: "the service answers 500, at random times",
			upstream: answers, calls: []call{{path: brokenPath, gap: often()}, well()},
		},
		{
			Name: healthy, fault: "none",
			upstream: answers, calls: []call{{path: "/", gap: traffic.Exponential(200 * time.Millisecond)}},
		},
	}
}

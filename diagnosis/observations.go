package diagnosis

import (
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// Observations is what is known about one route over one window beside the times of its errors. All
// counts are growth over the same window and over all targets of the route. What is nil is not known.
//
// Counters that Envoy creates with their first event are known to be 0 when their siblings are there. Counts
// that contradict each other, as more timeouts than failures, make the checks that rest on them unable to tell.
type Observations struct {
	Fingerprint           score.Fingerprint
	ScrapeIntervalSeconds *float64
	IrregularShare        *float64          // of scrape intervals, 0–1
	Lag                   *finding.Interval // of the pairs, seconds, where the detector found some

	Coarse       Evidence
	UpstreamSlow *Association // of errors with the histogram of completed upstream responses

	// ConnectTimeouts says that the errors are connects that timed out, by definition of their counter.
	ConnectTimeouts bool

	Errors     *int64 // of the route
	ErrorHours *int   // UTC hours with errors
	Hours      *int   // UTC hours that were covered

	Connects  ConnectCounts
	Responses ResponseCounts
	DNS       DNSCounts
	TLS       *bool  // whether the upstream speaks TLS
	TLSErrors *int64 // failed handshakes with the upstream

	RoutesAffected, RoutesTested *int // routes with pairs, suspected ones included, and all with errors

	ThroughNLB     *bool    // whether the upstream is reached through a load balancer
	BehindNLB      *bool    // whether callers reach Envoy through one
	Upstream       *Meeting // of proxies (clients) and upstream pods (targets)
	Callers        *Meeting // of callers (clients) and proxies (targets)
	SameNode       *SameNode
	FailuresByNode []int64 // failed connects by node of the endpoint, zeros included
	GhostPlacement *GhostPlacement

	Stepped               *bool // whether the counter is copied on a clock: the label of the finding
	Train                 *bool // whether errors recur many times at the lag: the label of the finding
	ProbeIntervalsSeconds []float64

	NLB NLBCounts

	Unknown map[string]string // why a check cannot tell, by its name, where more is known than that its input is missing
}

// ConnectCounts are the connects of the route's cluster.
type ConnectCounts struct {
	Attempts *int64 // upstream_cx_total
	Failures *int64 // upstream_cx_connect_fail
	Timeouts *int64 // upstream_cx_connect_timeout
	Late     *int64 // that succeeded after 1–5 s, and up to as little less as the buckets of upstream_cx_connect_ms cannot tell

	// Of the pairs of instance and endpoint with at least one failure only, from per-endpoint stats.
	EndpointAttempts, EndpointFailures *int64
}

// ResponseCounts are what happened to requests once they had a connection or wanted one.
type ResponseCounts struct {
	Timeouts *int64 // upstream_rq_timeout, upstream_rq_per_try_timeout and their kind
	Resets   *int64 // upstream_cx_destroy_remote_with_active_rq
	// upstream_rq_pending_overflow, upstream_cx_pool_overflow and their kind. Not upstream_cx_overflow: the
	// request then waits for a connection, and does not fail.
	Overflows *int64
	// upstream_cx_none_healthy: the cluster had no endpoint to send them to.
	NoEndpoint *int64

	// Of the HTTP connection managers of the route's proxies: requests that took about the timeout,
	// whatever became of them, and their 5xx.
	Slow, SlowScopeErrors *int64
}

// DNSCounts are the lookups of Envoy and the cluster.
type DNSCounts struct {
	Failures       *int64   // the cluster's update_failure
	Refreshes      *int64   // the cluster's update_attempt
	RefreshSeconds *float64 // mean time between refreshes of one process
	// Timeouts of the whole process, whatever it looked up: they say something only about a cluster whose
	// own failures are not known.
	ProcessTimeouts *int64
}

// NLBCounts are sums over the window of the load balancer's gauges per period, but for the hosts. A
// NaN is a value that is not known.
type NLBCounts struct {
	PortAllocationErrors *float64
	BlockedFlows         *float64
	UnhealthyHosts       *float64 // greatest in the window
	Resets               *Concentration
}

// Concentration is how often something happened in the periods with errors, and how often outside.
type Concentration struct {
	Inside, Outside               int64
	InsidePeriods, OutsidePeriods int64
}

// GhostPlacement crosses the routes with pairs with those whose pods can meet on a node.
type GhostPlacement struct {
	Routes, Affected, CanMeet, Both int
}

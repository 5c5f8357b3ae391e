package coarse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ghostpair/ghostpair/finding"
)

// role is what a companion series is.
type role uint8

const (
	roleErrors role = iota
	roleFailures
	roleTimeouts
	rolePending // a gauge, all others are counters
	roleResponseTimeouts
	roleResets
	roleOverflows
	roleTLSErrors
	roleHandshakes
	roleAttempts
	roleRefreshes
	roleRefreshFailures
	roleLookupTimeouts // of the whole process
	roleManagerErrors  // of the whole process
	roleLate           // connects, from a histogram
	roleNoEndpoint
	roles
)

// roleSet is a set of roles.
type roleSet uint32

func (s roleSet) has(r role) bool { return s>>r&1 == 1 }

// The metrics of the errors whose companions are read.
const (
	ErrorsMetric          = "envoy_cluster_upstream_rq_xx"
	ConnectTimeoutsMetric = "envoy_cluster_upstream_cx_connect_timeout"
)

// Classic buckets are series of the histogram's name with this suffix. A histogram that comes whole is handed
// over under its own name, a series for each bound that it tells.
const bucketSuffix = "_bucket"

// LatencyMetric is that of the buckets of the proxy's latency.
const LatencyMetric = latencyHistogram + bucketSuffix

const (
	latencyHistogram  = "envoy_http_downstream_rq_time"
	upstreamHistogram = "envoy_cluster_upstream_rq_time"
	connectHistogram  = "envoy_cluster_upstream_cx_connect_ms"
)

type metric struct {
	name string
	role role
}

// connectRoles are those that matter where the errors are connect timeouts. No response, no full queue and no
// lookup can be their reason.
const connectRoles = 1<<roleFailures | 1<<roleTimeouts | 1<<rolePending | 1<<roleAttempts | 1<<roleHandshakes | 1<<roleTLSErrors

var clusterMetrics = [...]metric{
	{"envoy_cluster_upstream_cx_connect_fail", roleFailures},
	{ConnectTimeoutsMetric, roleTimeouts},
	{"envoy_cluster_upstream_rq_pending_active", rolePending},
	{"envoy_cluster_upstream_cx_total", roleAttempts},
	{"envoy_cluster_upstream_rq_timeout", roleResponseTimeouts},
	{"envoy_cluster_upstream_rq_per_try_timeout", roleResponseTimeouts},
	{"envoy_cluster_upstream_rq_per_try_idle_timeout", roleResponseTimeouts},
	{"envoy_cluster_upstream_rq_max_duration_reached", roleResponseTimeouts},
	{"envoy_cluster_upstream_cx_destroy_remote_with_active_rq", roleResets},
	{"envoy_cluster_upstream_rq_pending_overflow", roleOverflows},
	{"envoy_cluster_upstream_cx_pool_overflow", roleOverflows},
	{"envoy_cluster_upstream_rq_active_overflow", roleOverflows},
	{"envoy_cluster_upstream_cx_none_healthy", roleNoEndpoint},
	{"envoy_cluster_update_attempt", roleRefreshes},
	{"envoy_cluster_update_failure", roleRefreshFailures},
	{"envoy_cluster_ssl_handshake", roleHandshakes},
	{"envoy_cluster_ssl_connection_error", roleTLSErrors},
	{"envoy_cluster_ssl_fail_verify_no_cert", roleTLSErrors},
	{"envoy_cluster_ssl_fail_verify_error", roleTLSErrors},
	{"envoy_cluster_ssl_fail_verify_san", roleTLSErrors},
	{"envoy_cluster_ssl_fail_verify_cert_hash", roleTLSErrors},
}

var processMetrics = [...]metric{
	{"envoy_http_downstream_rq_xx", roleManagerErrors},
	{"envoy_dns_cares_timeouts", roleLookupTimeouts},
}

// ClusterMetrics lists the counters and gauges of a cluster that Series understands.
func ClusterMetrics() []string { return names(clusterMetrics[:]) }

// ConnectMetrics lists those of them that matter where the errors are connect timeouts.
func ConnectMetrics() []string {
	return names(slices.DeleteFunc(slices.Clone(clusterMetrics[:]), func(m metric) bool { return !roleSet(connectRoles).has(m.role) }))
}

// ProcessMetrics lists the counters of a whole proxy that Series understands: of envoy_http_downstream_rq_xx
// it must be given class 5 only.
func ProcessMetrics() []string { return names(processMetrics[:]) }

func names(metrics []metric) []string {
	all := make([]string, len(metrics))
	for i, m := range metrics {
		all[i] = m.name
	}
	return all
}

func roleOf(metrics []metric, name string) (role, bool) {
	i := slices.IndexFunc(metrics, func(m metric) bool { return m.name == name })
	if i < 0 {
		return 0, false
	}
	return metrics[i].role, true
}

// joiner stands between the values of route labels.
const joiner = " / "

// starRoute stands for a route that is really called *, the name of the pooled stream.
const starRoute = "(*)"

// splitName takes the metric off a route name that begins with it.
func splitName(name string) (metric, rest string) {
	metric, rest, _ = strings.Cut(name, joiner)
	if rest == finding.PooledRoute {
		rest = starRoute
	}
	return metric, rest
}

// splitBound takes the upper bound, in milliseconds, off the name of a bucket.
func splitBound(name string) (group string, bound float64, ok bool) {
	text := name
	if at := strings.LastIndex(name, joiner); at >= 0 {
		group, text = name[:at], name[at+len(joiner):]
	}
	if group == finding.PooledRoute {
		group = starRoute
	}
	bound, err := strconv.ParseFloat(text, 64) // 5000 and 5000.0 are one bound
	return group, bound, err == nil
}

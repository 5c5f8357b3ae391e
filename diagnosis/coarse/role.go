package coarse

import (
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
	roles
)

// ErrorsMetric is the metric of the errors whose companions these are; LatencyMetric is that of the proxy's latency.
const (
	ErrorsMetric  = "envoy_cluster_upstream_rq_xx"
	LatencyMetric = "envoy_http_downstream_rq_time_bucket"
)

// roleOf tells what the series of a cluster's metric are.
func roleOf(metric string) (role, bool) {
	for _, m := range clusterMetrics {
		if m.name == metric {
			return m.role, true
		}
	}
	return 0, false
}

var clusterMetrics = [...]struct {
	name string
	role role
}{
	{"envoy_cluster_upstream_cx_connect_fail", roleFailures},
	{"envoy_cluster_upstream_cx_connect_timeout", roleTimeouts},
	{"envoy_cluster_upstream_rq_pending_active", rolePending},
	{"envoy_cluster_upstream_rq_timeout", roleResponseTimeouts},
	{"envoy_cluster_upstream_rq_per_try_timeout", roleResponseTimeouts},
	{"envoy_cluster_upstream_cx_destroy_remote_with_active_rq", roleResets},
	{"envoy_cluster_upstream_rq_pending_overflow", roleOverflows},
	{"envoy_cluster_ssl_connection_error", roleTLSErrors},
}

// ClusterMetrics lists the names of the metrics of a cluster that Series understands.
func ClusterMetrics() []string {
	names := make([]string, len(clusterMetrics))
	for i, m := range clusterMetrics {
		names[i] = m.name
	}
	return names
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
	bound, err := strconv.ParseFloat(text, 64) // 5000 and 5000.0 are one bound
	return group, bound, err == nil
}

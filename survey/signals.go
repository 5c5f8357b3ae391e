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

// Metrics of Envoy and of the exporters beside it that the checks of the diagnosis are made of.
const (
	errorClass      = "envoy_cluster_upstream_rq_xx"
	connectTimeout  = "envoy_cluster_upstream_cx_connect_timeout"
	connectFail     = "envoy_cluster_upstream_cx_connect_fail"
	connects        = "envoy_cluster_upstream_cx_total"
	pendingActive   = "envoy_cluster_upstream_rq_pending_active"
	connectTime     = "envoy_cluster_upstream_cx_connect_ms"
	upstreamTime    = "envoy_cluster_upstream_rq_time"
	downstreamTime  = "envoy_http_downstream_rq_time"
	requestTimeout  = "envoy_cluster_upstream_rq_timeout"
	remoteDestroy   = "envoy_cluster_upstream_cx_destroy_remote_with_active_rq"
	overflow        = "envoy_cluster_upstream_rq_pending_overflow"
	clusterUpdate   = "envoy_cluster_update_failure"
	caresTimeouts   = "envoy_dns_cares_timeouts"
	tlsHandshake    = "envoy_cluster_ssl_handshake"
	tlsError        = "envoy_cluster_ssl_connection_error"
	endpointFail    = "envoy_cluster_endpoint_cx_connect_fail"
	podInfo         = "kube_pod_info"
	podPhase        = "kube_pod_status_phase"
	serviceType     = "kube_service_spec_type"
	serviceIngress  = "kube_service_status_load_balancer_ingress"
	nodeInfo        = "kube_node_info"
	nodeLabels      = "kube_node_labels"
	sliceEndpoints  = "kube_endpointslice_endpoints"
	sliceLabels     = "kube_endpointslice_labels"
	serviceInfo     = "kube_service_info"
	loadBalancerAny = "aws_networkelb"
)

// A need is what one check takes: of every group of metrics at least one.
type need struct {
	check  string
	groups [][]string
}

// needs are the checks that take more than the errors themselves.
func needs() []need {
	all := func(names ...string) [][]string {
		var groups [][]string
		for _, name := range names {
			groups = append(groups, []string{name})
		}
		return groups
	}
	return []need{
		{diagnosis.CheckDwellTime, all(connectFail, pendingActive)},
		{diagnosis.CheckSlowBucket, all(downstreamTime)},
		{diagnosis.CheckUpstreamSlow, all(upstreamTime)},
		{diagnosis.CheckTimeoutShare, all(connectFail, connectTimeout)},
		{diagnosis.CheckConnectTimeouts, all(connectTimeout)},
		{diagnosis.CheckRecoveredLoss, all(connectTime, connectTimeout)},
		{diagnosis.CheckAlwaysFails, all(endpointTotal, endpointFail)},
		{diagnosis.CheckPlacement, all(endpointTotal, podInfo)},
		{diagnosis.CheckGhostPlacement, all(endpointTotal, podInfo)},
		{diagnosis.CheckSameNode, append(all(endpointTotal, podInfo), []string{endpointFail, connectFail})},
		{diagnosis.CheckOneNode, all(endpointTotal, endpointFail, podInfo)},
		{diagnosis.CheckThroughNLB, all(endpointTotal)},
		{diagnosis.CheckBehindNLB, all(podInfo, sliceEndpoints, serviceType)},
		{diagnosis.CheckResponseTimeouts, all(requestTimeout)},
		{diagnosis.CheckResets, all(remoteDestroy)},
		{diagnosis.CheckCapacity, all(overflow)},
		{diagnosis.CheckDNS, [][]string{{clusterUpdate, caresTimeouts}}},
		{diagnosis.CheckSlowSuccess, all(downstreamTime)},
		{diagnosis.CheckTLS, [][]string{{tlsHandshake, tlsError}}},
		{diagnosis.CheckNLBPortAllocation, all(loadBalancerAny)},
		{diagnosis.CheckNLBBlocked, all(loadBalancerAny)},
		{diagnosis.CheckNLBUnhealthy, all(loadBalancerAny)},
		{diagnosis.CheckNLBResets, all(loadBalancerAny)},
	}
}

// Signal is one metric, and who has it.
type Signal struct {
	Metric string         `json:"metric"`
	Jobs   map[string]int `json:"jobs"`           // series of each scrape job
	Native bool           `json:"native"`         // a native histogram: it has every bound
	Bounds []float64      `json:"bucket_bounds"`  // of a classic histogram, in its own unit, sorted
	Late   bool           `json:"only_in_a_past"` // not now, but in the last half hour: CloudWatch's time
}

// Check is one check of the diagnosis, and whether it can be made here.
type Check struct {
	Name     string   `json:"check"`
	Possible bool     `json:"possible"`
	Missing  []string `json:"missing"` // metrics
}

// histograms are asked for by their buckets; native ones come under their own name.
var histograms = []string{connectTime, upstreamTime, downstreamTime}

// examineSignals asks which metrics are there. The answer is nil when the server refused.
func examineSignals(ctx context.Context, a *asker, loadBalancers string) (map[string]*Signal, error) {
	names := []string{podInfo, nodeInfo, nodeLabels, sliceEndpoints, sliceLabels, serviceInfo, serviceType, errorClass}
	for _, n := range needs() {
		for _, group := range n.groups {
			names = append(names, group...)
		}
	}
	for _, name := range histograms {
		names = append(names, name+"_bucket")
	}
	slices.Sort(names)
	samples, ok, err := a.vector(ctx, "metrics", "count by (__name__, job) ("+anyOf(slices.Compact(names))+")")
	if !ok {
		return nil, err
	}
	signals := make(map[string]*Signal)
	for _, s := range samples {
		metric, classic := strings.CutSuffix(s.Labels["__name__"], "_bucket")
		signal := add(signals, metric)
		signal.Jobs[s.Labels["job"]] += int(s.Value)
		signal.Native = signal.Native || !classic && slices.Contains(histograms, metric)
	}
	if err := examineBounds(ctx, a, signals); err != nil {
		return nil, err
	}
	return signals, examineLoadBalancers(ctx, a, loadBalancers, signals)
}

func add(signals map[string]*Signal, metric string) *Signal {
	if signals[metric] == nil {
		signals[metric] = &Signal{Metric: metric, Jobs: make(map[string]int)}
	}
	return signals[metric]
}

// examineBounds asks for the bounds of the classic histograms.
func examineBounds(ctx context.Context, a *asker, signals map[string]*Signal) error {
	var names []string
	for _, name := range histograms {
		if s := signals[name]; s != nil {
			names = append(names, name+"_bucket")
		}
	}
	if len(names) == 0 {
		return nil
	}
	samples, _, err := a.vector(ctx, "buckets", "count by (__name__, le) ("+anyOf(names)+")")
	for _, s := range samples {
		if bound, ok := number(s.Labels["le"]); ok && bound < 1e12 { // the last bucket has none
			signal := add(signals, strings.TrimSuffix(s.Labels["__name__"], "_bucket"))
			signal.Bounds = append(signal.Bounds, bound)
		}
	}
	for _, s := range signals {
		slices.Sort(s.Bounds)
		s.Bounds = slices.Compact(s.Bounds) // 5000 and 5000.0
	}
	return err
}

// examineLoadBalancers asks for the gauges of CloudWatch exporters. One that keeps CloudWatch's time has
// none that are young enough for an instant query.
func examineLoadBalancers(ctx context.Context, a *asker, selector string, signals map[string]*Signal) error {
	if selector == "" {
		return nil
	}
	now, ok, err := a.vector(ctx, "load balancers", "count by (job) ("+selector+")")
	if err != nil || !ok {
		return err
	}
	late := len(now) == 0
	if late {
		now, _, err = a.vector(ctx, "load balancers in the last half hour", fmt.Sprintf("count by (job) (last_over_time(%s[30m]))", selector))
	}
	for _, s := range now {
		signal := add(signals, loadBalancerAny)
		signal.Jobs[s.Labels["job"]] += int(s.Value)
		signal.Late = late
	}
	return err
}

// possible tells which checks can be made with the signals.
func possible(signals map[string]*Signal) []Check {
	var out []Check
	for _, n := range needs() {
		c := Check{Name: n.check, Possible: true, Missing: []string{}}
		for _, group := range n.groups {
			if !slices.ContainsFunc(group, func(name string) bool { return signals[name] != nil }) {
				c.Missing = append(c.Missing, strings.Join(group, " or "))
				c.Possible = false
			}
		}
		out = append(out, c)
	}
	return out
}

// sorted lists signals by name.
func sorted(signals map[string]*Signal) []Signal {
	out := make([]Signal, 0, len(signals))
	for _, s := range slices.SortedFunc(maps.Values(signals), func(a, b *Signal) int { return cmp.Compare(a.Metric, b.Metric) }) {
		out = append(out, *s)
	}
	return out
}

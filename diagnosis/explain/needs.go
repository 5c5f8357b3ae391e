package explain

import "github.com/ghostpair/ghostpair/diagnosis"

// What several checks take. One of them may need a part only; whoever has all decides all.
const (
	connects     = "envoy_cluster_upstream_cx_connect_timeout and envoy_cluster_upstream_cx_connect_fail"
	fineScrape   = "a scrape of the error counters every second"
	places       = "kube_pod_info and Envoy's per-endpoint stats"
	services     = "kube_endpointslice_endpoints and kube_service_spec_type"
	balancers    = "the load balancer's aws_networkelb metrics, with a source of kind nlb"
	slowRequests = "envoy_http_downstream_rq_time"
	lookups      = "envoy_cluster_update_failure and envoy_cluster_update_attempt"
	handshakes   = "envoy_cluster_ssl_handshake and envoy_cluster_ssl_connection_error"
	timing       = "the lag: " + fineScrape
	regularity   = "how regular the scrapes are"
	history      = "errors over a day or more"
)

// needs says what each check takes beside the errors.
var needs = map[string]string{
	diagnosis.CheckDwellTime:         "envoy_cluster_upstream_cx_connect_fail and envoy_cluster_upstream_rq_pending_active",
	diagnosis.CheckSlowBucket:        slowRequests,
	diagnosis.CheckUpstreamSlow:      "envoy_cluster_upstream_rq_time",
	diagnosis.CheckTimeoutShare:      connects,
	diagnosis.CheckConnectTimeouts:   connects,
	diagnosis.CheckCountPairing:      history,
	diagnosis.CheckLag5s:             timing,
	diagnosis.CheckLag10s:            timing,
	diagnosis.CheckLag15s:            timing,
	diagnosis.CheckRecoveredLoss:     "envoy_cluster_upstream_cx_connect_ms",
	diagnosis.CheckAlwaysFails:       places,
	diagnosis.CheckBrief:             history,
	diagnosis.CheckSpread:            "errors on more than one route",
	diagnosis.CheckPlacement:         places,
	diagnosis.CheckPlacementCallers:  "kube_pod_info, and who calls",
	diagnosis.CheckGhostPlacement:    places,
	diagnosis.CheckSameNode:          places,
	diagnosis.CheckOneNode:           places,
	diagnosis.CheckThroughNLB:        places,
	diagnosis.CheckBehindNLB:         services,
	diagnosis.CheckResponseTimeouts:  "envoy_cluster_upstream_rq_timeout",
	diagnosis.CheckResets:            "envoy_cluster_upstream_cx_destroy_remote_with_active_rq",
	diagnosis.CheckCapacity:          "envoy_cluster_upstream_rq_pending_overflow",
	diagnosis.CheckDNS:               lookups,
	diagnosis.CheckSlowSuccess:       slowRequests,
	diagnosis.CheckTLS:               handshakes,
	diagnosis.CheckTLSErrors:         handshakes,
	diagnosis.CheckNLBPortAllocation: balancers,
	diagnosis.CheckNLBBlocked:        balancers,
	diagnosis.CheckNLBUnhealthy:      balancers,
	diagnosis.CheckNLBResets:         balancers,
	diagnosis.CheckStatsFlush:        timing,
	diagnosis.CheckDNSRefresh:        lookups,
	diagnosis.CheckScrapeComb:        regularity,
	diagnosis.CheckProbePeriod:       timing,
}

// Needs says what a check takes to be decided, as the name of a metric where that is one.
func Needs(check string) string { return needs[check] }

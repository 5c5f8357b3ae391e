package diagnosis

import "slices"

const (
	awsLoopback  = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html#loopback-timeout"
	awsMetrics   = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html"
	awsHealth    = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html"
	envoyTimeout = "https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts"
	envoyCluster = "https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats"
	dnsRace      = "https://github.com/kubernetes/kubernetes/issues/56903"
	keepAlive    = "https://github.com/envoyproxy/envoy/issues/14981"
	netpolicy    = "https://github.com/envoyproxy/gateway/issues/4114"
	synRetries   = "https://docs.kernel.org/networking/ip-sysctl.html"
)

// Catalogue returns all causes, in the order in which ties are listed.
func Catalogue() []Cause {
	return slices.Concat(hairpins(), lostConnects(), slowOnes(), instantOnes())
}

// noise are predictions that every real failure shares: what is an artefact of the measurement, or a
// periodic probe, is not one.
func noise() []Prediction {
	return []Prediction{
		ifNot(CheckStatsFlush, Contradicts, 2), ifNot(CheckScrapeComb, Contradicts, 1), ifNot(CheckProbePeriod, Contradicts, 2),
	}
}

// silent are the predictions that all causes share in which Envoy's connects get no answer.
func silent() []Prediction {
	return append(noise(),
		must(CheckConnectTimeouts, Supports, 2), must(CheckTimeoutShare, Supports, 2),
		hint(CheckDwellTime, Supports), hint(CheckSlowBucket, Supports), hint(CheckRecoveredLoss, Contradicts),
		ifNot(CheckResponseTimeouts, Contradicts, 1), ifNot(CheckCapacity, Contradicts, 2),
		ifNot(CheckResets, Contradicts, 2), ifNot(CheckDNS, Contradicts, 1))
}

// fastFailures are the predictions of causes whose errors take no time.
func fastFailures() []Prediction {
	return append(noise(), likely(CheckSlowBucket, Contradicts), likely(CheckConnectTimeouts, Contradicts))
}

func hairpins() []Cause {
	return []Cause{
		{
			Name: CauseHairpinBehind, Title: "Envoy's connects come back to its own node through a load balancer behind it, which preserves client addresses",
			First:     "Compare the nodes of the failing proxies with those of the upstream pods; where they coincide, turn preserve_client_ip off on the upstream's target group (new connections only) or reach the upstream by its cluster-internal name.",
			Reference: awsLoopback,
			Predicts: append(silent(),
				must(CheckThroughNLB, Supports, 2), must(CheckPlacement, Supports, 1), must(CheckSameNode, Supports, 3),
				likely(CheckGhostPlacement, Supports), likely(CheckAlwaysFails, Contradicts), hint(CheckSpread, Supports),
				hint(CheckBrief, Contradicts), ifNot(CheckOneNode, Contradicts, 1),
				ifNot(CheckNLBBlocked, Contradicts, 2), ifNot(CheckNLBUnhealthy, Contradicts, 1), ifNot(CheckNLBResets, Contradicts, 1), ifNot(CheckNLBPortAllocation, Contradicts, 2)),
		},
		{
			Name: CauseHairpinBefore, Title: "Callers' connects to the load balancer in front of Envoy come back to their own node",
			First:     "Run ghostpair preflight for the callers and the proxies; where they share nodes, use proxy protocol v2 instead of preserve_client_ip, or let callers in the cluster use the Service instead of the load balancer.",
			Reference: awsLoopback,
			Predicts: append(noise(),
				must(CheckConnectTimeouts, Contradicts, 1), must(CheckBehindNLB, Supports, 1), must(CheckPlacementCallers, Supports, 1),
				Prediction{Check: CheckUpstreamSlow, Expect: Supports, For: 3, Against: 2}, likely(CheckSlowBucket, Supports), hint(CheckSpread, Supports), hint(CheckBrief, Contradicts),
				hint(CheckResponseTimeouts, Contradicts), hint(CheckSlowSuccess, Contradicts), ifNot(CheckCapacity, Contradicts, 2), ifNot(CheckResets, Contradicts, 2), ifNot(CheckDNS, Contradicts, 1),
				ifNot(CheckNLBBlocked, Contradicts, 2), ifNot(CheckNLBUnhealthy, Contradicts, 1), ifNot(CheckNLBResets, Contradicts, 1), ifNot(CheckNLBPortAllocation, Contradicts, 2)),
		},
	}
}

func lostConnects() []Cause {
	return []Cause{
		{
			Name: CauseBlocked, Title: "A security group or a NetworkPolicy drops the connects",
			First:     "Connect by hand from a failing proxy's pod to a failing endpoint; if it never works, compare security groups and NetworkPolicies with an endpoint that does.",
			Reference: netpolicy,
			Predicts: append(silent(),
				Prediction{Check: CheckAlwaysFails, Expect: Supports, For: 3, Essential: true}, Prediction{Check: CheckNLBBlocked, Expect: Supports, For: 3},
				likely(CheckSameNode, Contradicts), hint(CheckBrief, Contradicts)),
		},
		{
			Name: CauseDeadNode, Title: "A node or pod died and is still in the load balancing",
			First:     "Look which endpoint the failures name and whether its node was Ready; shorten health checks or add outlier detection if it took too long to leave.",
			Reference: awsHealth,
			Predicts: append(silent(),
				Prediction{Check: CheckBrief, Expect: Supports, For: 3, Essential: true}, Prediction{Check: CheckOneNode, Expect: Supports, For: 2, Against: 3},
				likely(CheckNLBUnhealthy, Supports), hint(CheckAlwaysFails, Supports), hint(CheckSameNode, Contradicts)),
		},
		{
			Name: CauseConnectTimeout10s, Title: "Connects are lost, and given up only after Envoy Gateway's 10 s",
			First:     "Find out why connects are lost as for 5 s; set BackendTrafficPolicy timeout.tcp.connectTimeout well below half of the route timeout, so that a retry still fits into it.",
			Reference: "https://gateway.envoyproxy.io/docs/tasks/traffic/backend-traffic-policy/",
			Predicts:  append(silent(), must(CheckLag10s, Supports, 3), hint(CheckSpread, Supports)),
		},
		{
			Name: CauseTLSStall, Title: "TLS handshakes with the upstream stall until the connect timeout",
			First:     "Connect to a failing endpoint with openssl s_client: if TCP connects at once and the handshake hangs, look at the upstream's TLS set-up and CPU.",
			Reference: envoyTimeout,
			Predicts: append(silent(),
				must(CheckTLS, Supports, 2), Prediction{Check: CheckTLSErrors, Expect: Supports, For: 2}, likely(CheckSameNode, Contradicts)),
		},
		{
			Name: CausePacketLoss, Title: "Packets are lost at random; most connects recover by retransmission",
			First:     "Look at TCPSynRetrans, conntrack and interface drops of the nodes involved.",
			Reference: synRetries,
			Predicts:  append(noise(), must(CheckRecoveredLoss, Supports, 3), hint(CheckSameNode, Contradicts), hint(CheckConnectTimeouts, Contradicts)),
		},
		{
			Name: CausePortAllocation, Title: "The load balancer has no ports left for connections to a target",
			First:     "Add targets, or spread clients over more addresses; this can only happen while client addresses are not preserved, so also after that was turned off.",
			Reference: awsMetrics,
			Predicts: append(noise(), must(CheckNLBPortAllocation, Supports, 3),
				hint(CheckNLBResets, Supports), hint(CheckSameNode, Contradicts), ifNot(CheckCapacity, Contradicts, 2)),
		},
	}
}

func slowOnes() []Cause {
	return []Cause{
		{
			Name: CauseRouteTimeout, Title: "The upstream answers too late for the route's timeout",
			First:     "Look at the upstream's latency and at the route timeout (15 s by default): this is a slow application, not a lost connect.",
			Reference: envoyTimeout,
			Predicts: append(noise(), must(CheckResponseTimeouts, Supports, 3),
				likely(CheckConnectTimeouts, Contradicts), hint(CheckLag15s, Supports), hint(CheckSpread, Contradicts), hint(CheckSameNode, Contradicts), ifNot(CheckDNS, Contradicts, 1)),
		},
		{
			Name: CauseDNS, Title: "Name lookups fail or time out",
			First:     "Resolve the name from a failing proxy's pod; look at CoreDNS errors and conntrack insert_failed, and at Envoy's dns_cares timeouts; a node-local DNS cache or single-request-reopen avoids the race.",
			Reference: dnsRace,
			Predicts: append(noise(), must(CheckDNS, Supports, 3),
				likely(CheckConnectTimeouts, Contradicts), hint(CheckSlowSuccess, Supports), hint(CheckDNSRefresh, Supports), hint(CheckRecoveredLoss, Contradicts), ifNot(CheckResets, Contradicts, 1)),
		},
		{
			Name: CauseProbes, Title: "A health check or probe fails at its own period",
			First:     "Find what calls this route every few seconds (kubelet probes, health checks, synthetic monitors) and fix or exclude it.",
			Reference: "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
			Predicts: []Prediction{
				must(CheckProbePeriod, Supports, 3), ifNot(CheckStatsFlush, Contradicts, 2), hint(CheckSpread, Contradicts), hint(CheckSlowBucket, Contradicts), hint(CheckDwellTime, Contradicts),
			},
		},
		{
			Name: CauseMeasurement, Title: "The lag is made by the measurement: counters copied on a clock, or scrapes mixed",
			First:     "Scrape Envoy's admin endpoint directly, from one Prometheus, and look again.",
			Reference: "https://www.envoyproxy.io/docs/envoy/latest/operations/admin",
			Predicts: []Prediction{
				{Check: CheckStatsFlush, Expect: Supports, For: 3, Against: 1},
				{Check: CheckScrapeComb, Expect: Supports, For: 3, Against: 1},
				hint(CheckDwellTime, Contradicts), hint(CheckSlowBucket, Contradicts),
			},
		},
	}
}

func instantOnes() []Cause {
	return []Cause{
		{
			Name: CauseStaleKeepAlive, Title: "The upstream closes idle connections that Envoy still uses",
			First:     "Make Envoy's idle timeout shorter than the upstream's keep-alive, and retry on reset-before-request.",
			Reference: keepAlive,
			Predicts:  append(fastFailures(), must(CheckResets, Supports, 3), hint(CheckResponseTimeouts, Contradicts), ifNot(CheckCapacity, Contradicts, 1)),
		},
		{
			Name: CauseCapacity, Title: "Queues or circuit breakers are full",
			First:     "Look which circuit breaker of the cluster was open, and at the upstream's concurrency.",
			Reference: envoyCluster,
			Predicts:  append(fastFailures(), must(CheckCapacity, Supports, 3), hint(CheckResets, Contradicts), hint(CheckSpread, Contradicts)),
		},
		{
			Name: CauseRefused, Title: "Connects are refused or reset at once",
			First:     "Look whether the upstream listens on the port, and at readiness during roll-outs.",
			Reference: envoyCluster,
			Predicts: append(noise(), must(CheckTimeoutShare, Contradicts, 3), must(CheckDwellTime, Contradicts, 1),
				likely(CheckConnectTimeouts, Contradicts), hint(CheckSlowBucket, Contradicts), ifNot(CheckResets, Contradicts, 1), ifNot(CheckCapacity, Contradicts, 1)),
		},
	}
}

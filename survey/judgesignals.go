package survey

import (
	"fmt"
	"slices"
	"strings"
)

// judgeSignals says which checks of the diagnosis are out of reach, and why.
func (e *Examination) judgeSignals() {
	if !e.SignalsKnown {
		e.say("signal", Warning, "the server does not tell which metrics it has", "Which checks are possible is not known.", "")
		return
	}
	var can, cannot []string
	for _, c := range e.Checks {
		if c.Possible {
			can = append(can, c.Name)
		} else {
			cannot = append(cannot, c.Name)
		}
	}
	if len(can) > 0 {
		e.say("signal", OK, fmt.Sprintf("%d of %d checks of the diagnosis can be made", len(can), len(can)+len(cannot)), strings.Join(can, ", ")+".", "")
	}
	for _, m := range []struct {
		metric   string
		severity Severity
		loses    string
		remedy   string
	}{
		{connectTimeout, Note, "It separates lost connects from refused ones, and shows pairs that a retry in Envoy hides from clients. A scrape that leaves out unused counters has none before the first one.", RemedyStats},
		{pendingActive, Note, "With it even scrapes of 15 s tell how long failed connects waited.", RemedyStats},
		{downstreamTime, Note, "It tells whether errors came just past a timeout, at any scrape interval.", RemedyStats},
		{endpointFail, Note, "It tells which endpoint fails and on which node it is, and names the load balancer that the upstream is behind.", RemedyEndpoints},
	} {
		if e.signal(m.metric) == nil && e.Proxies.Kind != "" {
			e.say("signal", m.severity, "no "+m.metric, m.loses, m.remedy)
		}
	}
	e.judgeBuckets()
}

// judgeBuckets looks for bounds that tell a timeout from what is merely slow. Envoy's histograms keep two
// digits and put 5.00 to 5.09 s into the bucket that ends at 5000 ms, so that a bound just above the
// timeout is as useful as one just below.
func (e *Examination) judgeBuckets() {
	h := e.signal(downstreamTime)
	if h == nil || h.Native {
		return
	}
	var fine, coarse []string
	for _, fp := range e.fingerprints {
		lo, _ := fp.Seconds()
		around := slices.ContainsFunc(h.Bounds, func(b float64) bool { return b >= 900*lo && b <= 1000*lo }) &&
			slices.ContainsFunc(h.Bounds, func(b float64) bool { return b > 1000*lo && b <= 1300*lo })
		if around {
			fine = append(fine, fmt.Sprintf("%g s", lo))
			continue
		}
		coarse = append(coarse, fmt.Sprintf("%g s (buckets end at %s)", lo, neighbours(h.Bounds, 1000*lo)))
	}
	if len(fine) > 0 {
		e.say("signal", OK, downstreamTime+" has a bucket around "+strings.Join(slices.Compact(fine), " and "), "", "")
	}
	if len(coarse) > 0 {
		e.say("signal", Note, downstreamTime+" is coarse around "+strings.Join(slices.Compact(coarse), " and "),
			"Requests that are merely slow land beside the timeouts. Bounds at 0.96 and 1.06 of a timeout tell them apart.", RemedyBuckets)
	}
}

// neighbours lists the last two bounds up to a time in milliseconds, and the next one.
func neighbours(bounds []float64, ms float64) string {
	i := 0
	for i < len(bounds) && bounds[i] <= ms {
		i++
	}
	var texts []string
	for _, b := range bounds[max(0, i-2):min(i+1, len(bounds))] {
		texts = append(texts, fmt.Sprintf("%g", b))
	}
	if len(texts) == 0 {
		return "no bound"
	}
	if i == len(bounds) {
		return strings.Join(texts, ", ") + " ms, and no later"
	}
	return strings.Join(texts, ", ") + " ms"
}

func (e *Examination) judgeKubernetes() {
	if !e.SignalsKnown || !e.Proxies.Kubernetes && e.signal(podInfo) == nil {
		return
	}
	pods := e.signal(podInfo)
	if pods == nil {
		e.say("kubernetes", Note, "no kube-state-metrics", "Without it nobody can tell which pods share a node: whether a hairpin is possible, and preflight, need it.", RemedyKubeState)
		return
	}
	if len(pods.Jobs) > 1 {
		e.say("kubernetes", Note, fmt.Sprintf("kube-state-metrics is scraped by %d jobs: %s", len(pods.Jobs), few(keys(pods.Jobs))),
			"Pods are told apart by their names, so that nothing is counted twice, but it is probably not meant.", "")
	}
	for _, m := range []struct{ metric, loses string }{
		{sliceEndpoints, "The pods behind a Service or a load balancer cannot be told from others: preflight needs --targets, and findings cannot tell whether proxies share nodes with them."},
		{nodeInfo, "The zones of nodes are not known: without cross-zone balancing they decide."},
		{serviceInfo, "The traffic policy of a Service is not known: preflight needs --external-traffic-policy."},
		{serviceType, "Whether callers reach the proxies through a load balancer is not known."},
	} {
		if e.signal(m.metric) == nil {
			e.say("kubernetes", Note, "kube-state-metrics without "+m.metric, m.loses, RemedyKubeState)
		}
	}
	if e.signal(sliceEndpoints) != nil && e.signal(nodeInfo) != nil {
		e.say("kubernetes", OK, "kube-state-metrics tells which pods share a node", "", "")
	}
}

func (e *Examination) judgeLoadBalancers() {
	switch s := e.signal(loadBalancerAny); {
	case !e.SignalsKnown:
	case s == nil:
		e.say("load-balancer", Note, "no metrics of network load balancers",
			"cloudwatch_exporter or YACE would let checks exclude other causes: resets, unhealthy hosts, port allocation errors.", "")
	case s.Late:
		e.say("load-balancer", OK, "metrics of network load balancers come with CloudWatch's time, ten minutes late", "They are read further back.", "")
	default:
		e.say("load-balancer", OK, "metrics of network load balancers are there", "", "")
	}
	e.judgeBalancing()
}

// judgeBalancing says what load balancers complain of: each is another cause of errors than a hairpin, which
// leaves no trace in them.
func (e *Examination) judgeBalancing() {
	if e.Balancers == nil {
		return
	}
	for _, b := range []struct {
		value       *float64
		what, means string
	}{
		{e.Balancers.UnhealthyHosts, "unhealthy hosts", "Connections to a target that is about to be found unhealthy time out as well, for half a minute or so."},
		{e.Balancers.PortAllocationErrors, "port allocation errors", "Translated client addresses run out of ports. That only happens where client addresses are not preserved, and looks like lost connects."},
		{e.Balancers.BlockedFlows, "flows blocked by security groups", "A pair of endpoints that is blocked always fails; a hairpin fails for a share of the connections."},
	} {
		if b.value != nil && *b.value > 0 {
			e.say("load-balancer", Note, fmt.Sprintf("load balancers report %s: up to %.0f at a time", b.what, *b.value), b.means, "")
		}
	}
}

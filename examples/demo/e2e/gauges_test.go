package e2e

import (
	"math"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// Both exporters are read as they are: one has a value a minute with CloudWatch's time, the other repeats each value
// for five minutes at the times of scrapes, says NaN for nothing, and has the parts of a zone beside the whole.
func TestBalancerGauges(t *testing.T) {
	t.Parallel()
	const resets, ports, blocked = "aws_networkelb_tcp_elb_reset_count_sum", "aws_networkelb_port_allocation_error_count_sum", "aws_networkelb_security_group_blocked_flow_count_inbound_tcp_sum"
	minute := coarsetest.Start/60_000 + 120 // two hours after the start
	burst := func(period int64) float64 {   // three resets in the minute, or the five, of the error
		if period >= minute*60_000 && period < (minute+5)*60_000 {
			return 3
		}
		return 0
	}
	nothing := func(int64) float64 { return math.NaN() }
	number := func(v *float64) float64 {
		if v == nil {
			return -1
		}
		return *v
	}
	for name, c := range map[string]struct {
		yace                    bool
		inside, outside, errors int64
		ports                   float64
	}{
		"cloudwatch_exporter": {false, 3, 12, 1, 15}, // five minutes of three, of which the first has the error
		"YACE":                {true, 3, 0, 1, 3},    // once; it may be of the quarter of an hour before it was seen
	} {
		cluster := balanced()
		cluster.balancer(resets, balancerName, c.yace, burst)
		cluster.balancer(ports, balancerName, c.yace, burst)
		cluster.balancer(blocked, balancerName, c.yace, nothing)
		cluster.balancer(ports, "net/other/00000000000000aa", c.yace, func(int64) float64 { return 9 })
		s := factsAround(t, cluster, minute)
		n := s.NLB
		if got := number(n.PortAllocationErrors); got != c.ports {
			t.Errorf("%s: %g port allocation errors, want %g", name, got, c.ports)
		}
		// CloudWatch reports blocked flows only when there are some: nothing is none. Nothing is known of hosts.
		if number(n.BlockedFlows) != 0 || n.UnhealthyHosts != nil {
			t.Errorf("%s: %g blocked flows, %g unhealthy hosts; want 0, and nothing", name, number(n.BlockedFlows), number(n.UnhealthyHosts))
		}
		if n.Resets == nil || n.Resets.Inside != c.inside || n.Resets.Outside != c.outside || n.Resets.InsidePeriods < 1 || n.Resets.InsidePeriods > 4 || n.Resets.OutsidePeriods < 60 {
			t.Errorf("%s: resets %+v, want %d inside and %d outside", name, n.Resets, c.inside, c.outside)
		}
	}
	// Which of two load balancers it is, is not known: only that neither had unhealthy hosts.
	cluster := direct()
	cluster.balancer(ports, "net/one/00000000000000aa", false, func(int64) float64 { return 9 })
	cluster.balancer(ports, "net/two/00000000000000bb", false, func(int64) float64 { return 0 })
	cluster.balancer("aws_networkelb_un_healthy_host_count_maximum", "net/one/00000000000000aa", false, func(int64) float64 { return 0 })
	cluster.balancer(resets, "net/one/00000000000000aa", false, burst)
	s := factsAround(t, cluster, minute)
	if s.NLB.PortAllocationErrors != nil || s.NLB.Resets != nil || number(s.NLB.UnhealthyHosts) != 0 {
		t.Errorf("of an unknown load balancer is known: %+v", s.NLB)
	}
}

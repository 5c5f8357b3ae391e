package survey

import (
	"context"
	"fmt"
	"math"
	"time"
)

const balancerHosts = "aws_networkelb_un_healthy_host_count_maximum"

// Balancing is what the gauges of all load balancers said over a window: the most in one period of CloudWatch, a minute
// or five. What is nil is not known.
type Balancing struct {
	PortAllocationErrors *float64 `json:"port_allocation_errors"`
	BlockedFlows         *float64 `json:"blocked_flows"`
	UnhealthyHosts       *float64 `json:"unhealthy_hosts"`
}

// readBalancing reads what the gauges of all load balancers said over a window. CloudWatch's values are late by up to a
// quarter of an hour: the newest ones are not there yet. Exporters repeat values or leave gaps, which
// makes no difference to the greatest.
func readBalancing(ctx context.Context, a *asker, window time.Duration) (*Balancing, error) {
	var b Balancing
	for _, gauge := range []struct {
		what, metric string
		into         **float64
	}{
		{"port allocation errors", balancerPorts, &b.PortAllocationErrors},
		{"blocked inbound flows", balancerBlocked, &b.BlockedFlows},
		{"blocked outbound flows", balancerRefused, &b.BlockedFlows},
		{"unhealthy hosts", balancerHosts, &b.UnhealthyHosts},
	} {
		samples, _, err := a.vector(ctx, gauge.what, fmt.Sprintf("max_over_time(%s[%ds])", gauge.metric, int(window.Seconds())))
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			if gauge.metric == balancerHosts && !math.IsNaN(s.Value) || wholeBalancer(s) {
				most(gauge.into, s.Value)
			}
		}
	}
	return &b, nil
}

// wholeBalancer tells whether a series counts all zones: those of single zones are parts of it.
func wholeBalancer(s Sample) bool {
	return !math.IsNaN(s.Value) && wholeZones(s)
}

// wholeZones tells the same by the labels alone.
func wholeZones(s Sample) bool {
	return dimension(s.Labels, "availability_zone", "dimension_AvailabilityZone", "dimension_availability_zone") == ""
}

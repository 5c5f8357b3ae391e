package survey

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// balancerSum is a gauge of load balancers that is evidence against another cause. Both exporters give it this
// name.
type balancerSum struct {
	what, metric string
	into         **float64
}

const balancerHosts = "aws_networkelb_un_healthy_host_count_maximum"

// Balancing is what the gauges of all load balancers said over a window. What is nil is not known.
type Balancing struct {
	PortAllocationErrors *float64 `json:"port_allocation_errors"`
	BlockedFlows         *float64 `json:"blocked_flows"`
	UnhealthyHosts       *float64 `json:"unhealthy_hosts"` // the most at one time
}

// Balancers reads what the gauges of load balancers said over a window, for the checks of a diagnosis. CloudWatch's
// values are late by up to a quarter of an hour: choose a window that ends before. What no series tells is nil;
// problems are questions that the server did not answer.
//
// Gauges are values per period of CloudWatch, one minute with cloudwatch_exporter and five with YACE, which
// repeats each at every scrape: they are read once a minute and weighed by their period. Resets are not
// read: whether they come with the errors takes the times of these.
func Balancers(ctx context.Context, q Querier, atMillis int64, window time.Duration) (counts diagnosis.NLBCounts, problems []string, err error) {
	a := &asker{querier: q, atMillis: atMillis}
	for _, sum := range []balancerSum{
		{"port allocation errors", "aws_networkelb_port_allocation_error_count_sum", &counts.PortAllocationErrors},
		{"blocked inbound flows", "aws_networkelb_security_group_blocked_flow_count_inbound_tcp_sum", &counts.BlockedFlows},
		{"blocked outbound flows", "aws_networkelb_security_group_blocked_flow_count_outbound_tcp_sum", &counts.BlockedFlows},
	} {
		samples, _, err := a.vector(ctx, sum.what, fmt.Sprintf("sum_over_time((%s >= 0)[%ds:1m])", sum.metric, int(window.Seconds())))
		if err != nil {
			return counts, nil, err
		}
		for _, s := range samples {
			if wholeBalancer(s) {
				addTo(sum.into, s.Value*60/periodSeconds(s))
			}
		}
	}
	samples, _, err := a.vector(ctx, "unhealthy hosts", fmt.Sprintf("max_over_time(%s[%ds])", balancerHosts, int(window.Seconds())))
	for _, s := range samples {
		if !math.IsNaN(s.Value) {
			most(&counts.UnhealthyHosts, s.Value)
		}
	}
	return counts, a.failures, err
}

// wholeBalancer tells whether a series counts all zones: those of single zones are parts of it.
func wholeBalancer(s Sample) bool {
	return !math.IsNaN(s.Value) && wholeZones(s)
}

// wholeZones tells the same by the labels alone.
func wholeZones(s Sample) bool {
	return dimension(s.Labels, "availability_zone", "dimension_AvailabilityZone", "dimension_availability_zone") == ""
}

// periodSeconds is the default period of the exporter that has such labels.
func periodSeconds(s Sample) float64 {
	if dimension(s.Labels, "dimension_LoadBalancer", "dimension_load_balancer") != "" {
		return 300 // YACE
	}
	return 60
}

func addTo(sum **float64, v float64) {
	if *sum == nil {
		*sum = new(float64)
	}
	**sum += v
}

package survey

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Hosts is what the gauges of a load balancer say of a target group, in the last half hour. What is nil is
// not known.
type Hosts struct {
	Healthy              *float64 `json:"healthy_hosts"`
	Unhealthy            *float64 `json:"unhealthy_hosts"`
	PortAllocationErrors *float64 `json:"port_allocation_errors"` // in the busiest period
}

// readHosts asks the exporters of CloudWatch, whose values may be ten minutes old.
func readHosts(ctx context.Context, a *asker, selector, group string) (*Hosts, error) {
	if selector == "" || group == "" {
		return nil, nil
	}
	samples, ok, err := a.vector(ctx, "hosts of the load balancer", fmt.Sprintf("last_over_time(%s[30m])", selector))
	if !ok || err != nil {
		return nil, err
	}
	h := hostsOf(samples, group)
	if h == nil {
		a.failures = append(a.failures, fmt.Sprintf("hosts of the load balancer: no series names target group %s", group))
	}
	return h, nil
}

// hostsOf picks the series of a target group and of the load balancers that it stands behind; nil when
// there are none. Series of one zone are a part of those without a zone.
func hostsOf(samples []Sample, group string) *Hosts {
	var h Hosts
	balancers := make(map[string]bool)
	whole := slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool {
		return math.IsNaN(s.Value) || // YACE says so where CloudWatch has nothing
			dimension(s.Labels, "availability_zone", "dimension_AvailabilityZone", "dimension_availability_zone") != ""
	})
	for _, s := range whole {
		if !names(dimension(s.Labels, "target_group", "dimension_TargetGroup", "dimension_target_group"), group) {
			continue
		}
		balancers[balancerOf(s)] = true
		switch metric := s.Labels["__name__"]; {
		case strings.HasPrefix(metric, "aws_networkelb_healthy_host_count"):
			most(&h.Healthy, s.Value)
		case strings.HasPrefix(metric, "aws_networkelb_un_healthy_host_count"):
			most(&h.Unhealthy, s.Value)
		}
	}
	for _, s := range whole {
		if balancers[balancerOf(s)] && strings.HasPrefix(s.Labels["__name__"], "aws_networkelb_port_allocation_error_count") {
			most(&h.PortAllocationErrors, s.Value)
		}
	}
	if h == (Hosts{}) {
		return nil
	}
	return &h
}

func balancerOf(s Sample) string {
	return dimension(s.Labels, "load_balancer", "dimension_LoadBalancer", "dimension_load_balancer")
}

func dimension(labels map[string]string, names ...string) string {
	for _, name := range names {
		if v := labels[name]; v != "" {
			return v
		}
	}
	return ""
}

func most(into **float64, v float64) {
	if *into == nil || **into < v {
		*into = &v
	}
}

// explain compares with what kube-state-metrics knows.
func (h *Hosts) explain(targets int, say func(topic, format string, values ...any)) {
	if h.Unhealthy != nil && *h.Unhealthy > 0 {
		say("health-check", "unhealthy hosts of the load balancer: %g; shares are over the others, and larger", *h.Unhealthy)
	}
	if h.Healthy != nil && int(*h.Healthy) != targets {
		say("input", "healthy hosts of the load balancer: %g, target pods of kube-state-metrics: %d; with instance targets hosts are nodes, else something is registered that is not seen here, or the other way round", *h.Healthy, targets)
	}
	if h.PortAllocationErrors != nil && *h.PortAllocationErrors > 0 {
		say("preserve_client_ip", "the load balancer runs out of ports for translated client addresses: without preservation it needs more targets or addresses")
	}
}

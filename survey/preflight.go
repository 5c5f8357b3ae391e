package survey

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// PreflightOptions say which load balancer is asked about. Exactly one of Service and Targets is given.
type PreflightOptions struct {
	Querier Querier
	At      time.Time
	Service string   // namespace/name of the Service behind which the targets are
	Targets string   // namespace/name of the target pods, both regular expressions
	Clients []string // the same of the pods that connect; none: every pod may

	Group TargetGroup
	Known diagnosis.PreflightInput // what was said by hand: it wins over everything else

	LoadBalancers string // selector of the gauges of load balancers; empty: not asked for
	GroupName     string // of the target group in those gauges; empty: not asked for
}

// Placement is what the answer of preflight rests on.
type Placement struct {
	At                time.Time                `json:"at"`
	Input             diagnosis.PreflightInput `json:"-"`
	EveryPod          bool                     `json:"every_pod_is_a_client"`
	UnknownAttributes []string                 `json:"unknown_attributes"`
	Jobs              []string                 `json:"kube_state_metrics_jobs"`
	Hosts             *Hosts                   `json:"load_balancer"` // nil when not asked or not known
	Problems          []string                 `json:"problems"`      // contradictions, and questions without an answer

	Result diagnosis.PreflightResult `json:"result"`
}

// Preflight finds out which pods could be hairpinned when client addresses are preserved. It fails when
// the server answers no query at all, or when the options make no sense; what else it lacks is among
// the problems, and makes the answer less certain.
func Preflight(ctx context.Context, o PreflightOptions) (*Placement, error) {
	if _, _, err := o.Querier.Query(ctx, "vector(1)", o.At.UnixMilli()); err != nil {
		return nil, err
	}
	a := &asker{querier: o.Querier, atMillis: o.At.UnixMilli()}
	p := &Placement{At: o.At.UTC(), EveryPod: len(o.Clients) == 0, UnknownAttributes: []string{}}
	cluster, problems, err := readCluster(ctx, a)
	if err != nil {
		return nil, err
	}
	p.Jobs = cluster.Jobs
	in := o.known()
	in.Nodes = cluster.Nodes
	for _, key := range in.SetAttributes(o.Group.Attributes) {
		if bearing(key) {
			p.UnknownAttributes = append(p.UnknownAttributes, key)
		}
	}
	override(&in, o.Known)
	if in.Clients, err = o.clients(cluster.Pods); err != nil {
		return nil, err
	}
	if err := o.targets(ctx, a, cluster, &in); err != nil {
		return nil, err
	}
	p.Input, p.Result = in, diagnosis.Preflight(in)
	if p.Hosts, err = readHosts(ctx, a, o.LoadBalancers, o.GroupName); err != nil {
		return nil, err
	}
	p.Problems = append(append(append([]string{}, problems...), a.failures...), a.warnings...)
	p.explain(len(cluster.Pods))
	return p, nil
}

// known is what the files say of the target group.
func (o PreflightOptions) known() diagnosis.PreflightInput {
	return diagnosis.PreflightInput{
		TargetType: o.Group.TargetType, Protocol: o.Group.Protocol,
		HealthCheckProtocol: o.Group.HealthCheckProtocol, HealthCheckPort: o.Group.HealthCheckPort,
	}
}

// override puts what was said by hand in the place of what was found.
func override(in *diagnosis.PreflightInput, said diagnosis.PreflightInput) {
	in.TargetType = cmp.Or(said.TargetType, in.TargetType)
	in.Protocol = cmp.Or(said.Protocol, in.Protocol)
	in.ExternalTrafficPolicy = cmp.Or(said.ExternalTrafficPolicy, in.ExternalTrafficPolicy)
	in.HealthCheckProtocol = cmp.Or(said.HealthCheckProtocol, in.HealthCheckProtocol)
	in.HealthCheckPort = cmp.Or(said.HealthCheckPort, in.HealthCheckPort)
	in.PreserveClientIP = cmp.Or(said.PreserveClientIP, in.PreserveClientIP)
	in.ProxyProtocolV2 = cmp.Or(said.ProxyProtocolV2, in.ProxyProtocolV2)
	in.CrossZone = cmp.Or(said.CrossZone, in.CrossZone)
	in.StickySource = cmp.Or(said.StickySource, in.StickySource)
}

func (o PreflightOptions) clients(pods []diagnosis.Pod) ([]diagnosis.Pod, error) {
	if len(o.Clients) == 0 {
		return pods, nil
	}
	var all []diagnosis.Pod
	for _, pattern := range o.Clients {
		chosen, err := selectPods(pods, pattern)
		if err != nil {
			return nil, fmt.Errorf("clients %s: %w", pattern, err)
		}
		all = append(all, chosen...)
	}
	unique, _ := diagnosis.UniquePods(all)
	return unique, nil
}

// targets finds the pods behind the load balancer, and the traffic policy of its Service.
func (o PreflightOptions) targets(ctx context.Context, a *asker, c Cluster, in *diagnosis.PreflightInput) (err error) {
	if o.Service == "" {
		in.Targets, err = selectPods(c.Pods, o.Targets)
		if err != nil {
			err = fmt.Errorf("targets %s: %w", o.Targets, err)
		}
		return err
	}
	service, err := parseName(o.Service)
	if err != nil {
		return fmt.Errorf("service: %w", err)
	}
	if in.Targets, err = readEndpoints(ctx, a, service); err != nil {
		return err
	}
	zones := make(map[string]string)
	for _, n := range c.Nodes {
		zones[n.Name] = n.Zone
	}
	in.Targets = diagnosis.WithZones(in.Targets, zones)
	if in.ExternalTrafficPolicy == "" {
		in.ExternalTrafficPolicy, err = readPolicy(ctx, a, service)
	}
	return err
}

// explain adds to the reasons what only the survey knows.
func (p *Placement) explain(pods int) {
	say := func(topic, format string, values ...any) {
		p.Result.Reasons = append(p.Result.Reasons, diagnosis.Reason{Topic: topic, Text: fmt.Sprintf(format, values...)})
	}
	if pods == 0 {
		say("input", "there is no kube_pod_info: is kube-state-metrics scraped?")
	}
	if p.EveryPod && pods > 0 {
		say("input", "every pod of the cluster is taken for a client: name those that connect through the load balancer for a closer answer")
	}
	if len(p.Jobs) > 1 {
		say("input", "kube-state-metrics is scraped by %d jobs: %s; if these are two clusters, their nodes are mixed", len(p.Jobs), few(p.Jobs))
	}
	for _, key := range p.UnknownAttributes {
		say("input", "target-group attribute %s is not known, or its value is not understood", key)
	}
	if p.Hosts != nil {
		p.Hosts.explain(len(p.Input.Targets), say)
	}
}

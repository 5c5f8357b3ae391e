package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Answer is yes, no or cannot tell. The zero value is Unknown.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	Yes
	No
)

// String returns the name that JSON carries.
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	default:
		return "cannot-tell"
	}
}

// MarshalText writes the name of a.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// Target types of a target group and policies of a Service.
const (
	TargetInstance = "instance"
	TargetIP       = "ip"
	PolicyLocal    = "Local"
	PolicyCluster  = "Cluster"
)

// Node is a node of the cluster.
type Node struct{ Name, Zone string }

// PreflightInput is what is known of a target group and of the pods at both of its ends. What is nil
// or empty is not known.
type PreflightInput struct {
	Clients []Pod  // that connect to the load balancer from inside the cluster
	Targets []Pod  // behind it
	Nodes   []Node // all that can be registered: needed for instance targets with policy Cluster

	TargetType            string // TargetInstance or TargetIP
	Protocol              string // of the target group: TCP, TLS, UDP, TCP_UDP, QUIC, TCP_QUIC
	ExternalTrafficPolicy string // of the Service: PolicyLocal or PolicyCluster
	HealthCheckProtocol   string // TCP, HTTP or HTTPS
	HealthCheckPort       string // traffic-port, or a number

	PreserveClientIP *bool
	ProxyProtocolV2  *bool
	CrossZone        *bool
	StickySource     *bool // whether a client always gets the same target
}

// SetAttributes takes over target-group attributes, as key and value. It returns the keys that it
// does not know or whose values it does not understand, sorted.
func (in *PreflightInput) SetAttributes(attributes map[string]string) (unknown []string) {
	sticky, source := false, false
	for key, value := range attributes {
		switch key {
		case "preserve_client_ip.enabled":
			in.PreserveClientIP = boolean(value)
		case "proxy_protocol_v2.enabled":
			in.ProxyProtocolV2 = boolean(value)
		case "load_balancing.cross_zone.enabled":
			if value == "use_load_balancer_configuration" {
				continue // the load balancer knows
			}
			in.CrossZone = boolean(value)
		case "stickiness.enabled":
			sticky = value == "true"
		case "stickiness.type":
			source = value == "source_ip"
			continue
		default:
			unknown = append(unknown, key)
			continue
		}
		if boolean(value) == nil {
			unknown = append(unknown, key)
		}
	}
	if _, ok := attributes["stickiness.enabled"]; ok {
		both := sticky && source
		in.StickySource = &both
	}
	slices.Sort(unknown)
	return unknown
}

func boolean(value string) *bool {
	if value != "true" && value != "false" {
		return nil
	}
	b := value == "true"
	return &b
}

// Reason is one thing that an answer rests on, and what to do about it.
type Reason struct {
	Topic string `json:"topic"` // placement, preserve_client_ip, proxy_protocol_v2, health-check, cross-zone, stickiness, input
	Text  string `json:"text"`
}

// PreflightResult answers whether client addresses may be preserved.
type PreflightResult struct {
	Safe          Answer   `json:"safe"`                   // whether preserving client addresses drops no connection
	Preserved     Answer   `json:"preserved"`              // whether they are preserved as it stands
	ProxyProtocol Answer   `json:"proxy_protocol_instead"` // whether proxy protocol v2 can carry them instead, as it stands
	Meeting       Meeting  `json:"meeting"`                // share of new connections that would be dropped
	Reasons       []Reason `json:"reasons"`
}

func (r *PreflightResult) say(topic, format string, values ...any) {
	r.Reasons = append(r.Reasons, Reason{topic, fmt.Sprintf(format, values...)})
}

// Preflight answers whether client addresses may be preserved on a network load balancer that points
// at the cluster. With them preserved, a connection that is sent back to the node that it came from
// is dropped in silence, and its retransmissions with it.
func Preflight(in PreflightInput) PreflightResult {
	var r PreflightResult
	r.preserved(in)
	r.placed(in)
	r.proxyProtocol(in)
	return r
}

// preserved finds out how it stands: the attribute, or the defaults of AWS.
func (r *PreflightResult) preserved(in PreflightInput) {
	protocol := strings.ToUpper(in.Protocol)
	switch {
	case protocol != "" && protocol != "TCP" && protocol != "TLS":
		r.Preserved = Yes
		r.say("preserve_client_ip", "client addresses are always preserved with %s; it cannot be turned off", protocol)
	case in.PreserveClientIP != nil:
		r.Preserved = answer(*in.PreserveClientIP)
		r.say("preserve_client_ip", "client addresses preserved as it stands: %v", r.Preserved)
	case in.TargetType == TargetInstance:
		r.Preserved = Yes
		r.say("preserve_client_ip", "the attribute is not given; the default for instance targets is on")
	case in.TargetType == TargetIP && protocol != "":
		r.Preserved = No
		r.say("preserve_client_ip", "the attribute is not given; the default for IP targets is off")
	default:
		r.say("input", "neither preserve_client_ip.enabled nor target type and protocol are known")
	}
}

// placed finds out which connections would come back.
func (r *PreflightResult) placed(in PreflightInput) {
	targets, certain := in.eligible()
	r.Meeting = Place(in.Clients, targets, in.CrossZone)
	m := r.Meeting
	switch {
	case m.CanMeet():
		r.Safe = No
		nodes := make([]string, 0, len(m.Nodes))
		for _, n := range m.Nodes {
			nodes = append(nodes, n.Node)
		}
		r.say("placement", "%d of %d clients share a node with a target (%s): %s of their new connections would be dropped",
			m.Meeting, m.Clients, abridged(nodes), percentRange(m.Lower, m.Upper))
	case m.Clients == 0 || m.Targets == 0:
		r.say("input", "%d clients and %d targets are known: there is nothing to compare", m.Clients, m.Targets)
	case m.Unplaced > 0:
		r.say("input", "no client is seen to share a node with a target, but the node of %d pods is not known", m.Unplaced)
	case !certain:
		r.say("input", "targets are instances and the traffic policy, or the list of nodes, is not known: any node may be a target")
	default:
		r.Safe = Yes
		r.say("placement", "no client shares a node with a target now; only anti-affinity keeps it so")
	}
	r.balanced(in)
}

func (r *PreflightResult) balanced(in PreflightInput) {
	if !r.Meeting.CanMeet() {
		return
	}
	if in.CrossZone == nil {
		r.say("cross-zone", "cross-zone balancing is not known: the share holds for on and off")
	} else if !*in.CrossZone {
		r.say("cross-zone", "cross-zone balancing is off: a client whose zone has one target, on its node, always fails when it uses the address of its zone (at worst %.0f %%)", 100*r.Meeting.Worst)
	}
	if in.StickySource != nil && *in.StickySource {
		r.say("stickiness", "clients stick to their target: a retry is dropped like the first attempt")
	}
}

// eligible returns the targets as the load balancer sees them: pods, or the nodes that are
// registered. It is not certain when any node might be one.
func (in PreflightInput) eligible() (targets []Pod, certain bool) {
	if in.TargetType == TargetIP {
		return in.Targets, true
	}
	nodes := make(map[string]string)
	for _, t := range in.Targets {
		nodes[t.Node] = cmp.Or(nodes[t.Node], t.Zone)
	}
	certain = in.TargetType == TargetInstance
	if in.ExternalTrafficPolicy == PolicyCluster {
		certain = certain && len(in.Nodes) > 0
		for _, n := range in.Nodes {
			nodes[n.Name] = cmp.Or(nodes[n.Name], n.Zone)
		}
	} else if in.ExternalTrafficPolicy != PolicyLocal {
		certain = false
	}
	if in.TargetType == "" { // pods or nodes: both come back from the same nodes
		return in.Targets, false
	}
	for name, zone := range nodes {
		targets = append(targets, Pod{Name: name, Node: name, Zone: zone})
	}
	return targets, certain
}

// proxyProtocol finds out what stands in the way of the fix: carrying client addresses in the proxy
// protocol instead. The header is sent on health checks too.
func (r *PreflightResult) proxyProtocol(in PreflightInput) {
	const topic = "proxy_protocol_v2"
	health := strings.ToUpper(in.HealthCheckProtocol)
	ownPort := in.HealthCheckPort != "" && in.HealthCheckPort != "traffic-port"
	switch {
	case strings.Contains(strings.ToUpper(in.Protocol), "UDP") || strings.Contains(strings.ToUpper(in.Protocol), "QUIC"):
		r.ProxyProtocol = No
		r.say(topic, "it is no way out with %s, whose client addresses are preserved in any case", strings.ToUpper(in.Protocol))
	case in.TargetType == TargetInstance && in.ExternalTrafficPolicy == PolicyLocal && health != "TCP":
		r.ProxyProtocol = No
		r.say("health-check", "instance targets with traffic policy Local are checked at kube-proxy's health port, which does not speak proxy protocol v2: use IP targets, policy Cluster, or a check port that speaks it")
	case health == "HTTP" || health == "HTTPS":
		if ownPort {
			r.say("health-check", "%s checks of port %s work only if that port speaks proxy protocol v2", health, in.HealthCheckPort)
		} else {
			r.ProxyProtocol = Yes
			r.say("health-check", "%s checks of the traffic port carry the header too: Envoy accepts them once its listener does", health)
		}
	case health == "TCP":
		r.ProxyProtocol = Yes
		r.say("health-check", "TCP checks only connect: the header does not disturb them")
	default:
		r.say("input", "the protocol of the health checks is not known")
	}
	switch {
	case r.ProxyProtocol == No:
	case in.ProxyProtocolV2 != nil && *in.ProxyProtocolV2:
		r.say(topic, "it is on already")
	default:
		r.say(topic, "it is not known to be on: let Envoy accept connections with and without the header first, then turn it on, then tighten; clients that bypass the load balancer send no header")
	}
}

func percentRange(lower, upper float64) string {
	if l, u := fmt.Sprintf("%.0f", 100*lower), fmt.Sprintf("%.0f", 100*upper); l != u {
		return l + "–" + u + " %"
	}
	return fmt.Sprintf("%.1f %%", 100*upper)
}

// abridged joins names, the first few of many.
func abridged(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

package diagnosis

import (
	"slices"
	"testing"
)

func topics(r PreflightResult) (t []string) {
	for _, x := range r.Reasons {
		t = append(t, x.Topic)
	}
	return t
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	together := PreflightInput{
		Clients: []Pod{{Name: "c", Node: "n1", Zone: "a"}}, Targets: []Pod{{Name: "t", Node: "n1", Zone: "a"}, {Name: "u", Node: "n2", Zone: "b"}},
		Nodes:      []Node{{"n1", "a"}, {"n2", "b"}, {"n3", "b"}, {"n4", "b"}},
		TargetType: TargetIP, Protocol: "TCP", ExternalTrafficPolicy: PolicyLocal, HealthCheckProtocol: "TCP", CrossZone: p(true),
	}
	apart := together
	apart.Clients = []Pod{{Name: "c", Node: "n3", Zone: "b"}}
	change := func(in PreflightInput, f func(*PreflightInput)) PreflightInput { f(&in); return in }
	for _, c := range []struct {
		why                    string
		in                     PreflightInput
		safe, preserved, proxy Answer
		upper                  float64
	}{
		{"one of two targets on the client's node", together, No, No, Yes, 0.5},
		{"no target on the client's node", apart, Yes, No, Yes, 0},
		{"its zone has that target alone", change(together, func(in *PreflightInput) { in.CrossZone = p(false) }), No, No, Yes, 1},
		{"instance targets are nodes: with Local those with a pod", change(together, func(in *PreflightInput) { in.TargetType = TargetInstance }), No, Yes, Yes, 0.5},
		{"with Cluster every node, the client's too", change(apart, func(in *PreflightInput) { in.TargetType, in.ExternalTrafficPolicy = TargetInstance, PolicyCluster }), No, Yes, Yes, 0.25},
		{"with Cluster and nodes not known", change(apart, func(in *PreflightInput) {
			in.TargetType, in.ExternalTrafficPolicy, in.Nodes = TargetInstance, PolicyCluster, nil
		}), Unknown, Yes, Yes, 0},
		{"policy not known", change(apart, func(in *PreflightInput) { in.TargetType, in.ExternalTrafficPolicy = TargetInstance, "" }), Unknown, Yes, Yes, 0},
		{"target type not known, yet they meet either way", change(together, func(in *PreflightInput) { in.TargetType = "" }), No, Unknown, Yes, 0.5},
		{"a pod of unknown node", change(apart, func(in *PreflightInput) { in.Targets = append(slices.Clone(in.Targets), Pod{Name: "v"}) }), Unknown, No, Yes, 0},
		{"no clients", change(apart, func(in *PreflightInput) { in.Clients = nil }), Unknown, No, Yes, 0},
		{"no targets", change(apart, func(in *PreflightInput) { in.Targets = nil }), Unknown, No, Yes, 0},
		{"set on", change(apart, func(in *PreflightInput) { in.PreserveClientIP = p(true) }), Yes, Yes, Yes, 0},
		{"UDP cannot be turned off", change(apart, func(in *PreflightInput) { in.Protocol, in.PreserveClientIP = "udp", p(false) }), Yes, Yes, No, 0},
		{"kube-proxy's health port speaks no proxy protocol", change(together, func(in *PreflightInput) {
			in.TargetType, in.HealthCheckProtocol = TargetInstance, "HTTP"
		}), No, Yes, No, 0.5},
		{"HTTP checks of the traffic port", change(together, func(in *PreflightInput) { in.HealthCheckProtocol, in.HealthCheckPort = "HTTP", "traffic-port" }), No, No, Yes, 0.5},
		{"HTTP checks of another port", change(together, func(in *PreflightInput) { in.HealthCheckProtocol, in.HealthCheckPort = "HTTP", "19003" }), No, No, Unknown, 0.5},
		{"checks not known", change(together, func(in *PreflightInput) { in.HealthCheckProtocol = "" }), No, No, Unknown, 0.5},
		{"nothing known", PreflightInput{}, Unknown, Unknown, Unknown, 0},
	} {
		got := Preflight(c.in)
		if got.Safe != c.safe || got.Preserved != c.preserved || got.ProxyProtocol != c.proxy || got.Meeting.Upper != c.upper {
			t.Errorf("%s: safe %v, preserved %v, proxy protocol %v, dropped %v; want %v, %v, %v, %v\n%v",
				c.why, got.Safe, got.Preserved, got.ProxyProtocol, got.Meeting.Upper, c.safe, c.preserved, c.proxy, c.upper, got.Reasons)
		}
		if len(got.Reasons) < 3 {
			t.Errorf("%s: %v", c.why, got.Reasons)
		}
	}
	if got := topics(Preflight(change(together, func(in *PreflightInput) { in.StickySource = p(true) }))); !slices.Contains(got, "stickiness") {
		t.Errorf("stickiness is not mentioned: %v", got)
	}
}

// A Safe answer must hold: no client shares a node with what can be a target.
func FuzzPreflight(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(0))
	f.Add([]byte{0, 0, 1, 129}, uint8(255))
	f.Fuzz(func(t *testing.T, places []byte, bits uint8) {
		in := PreflightInput{TargetType: []string{TargetIP, TargetInstance, "", "lambda"}[bits%4], ExternalTrafficPolicy: []string{PolicyLocal, PolicyCluster, "", "?"}[bits/4%4], Protocol: "TCP"}
		if bits&16 > 0 {
			in.CrossZone = p(bits&32 > 0)
		}
		nodes := map[string]bool{}
		for i, b := range places {
			pod := Pod{Name: string(rune('a' + i%26)), Node: []string{"", "n1", "n2", "n3"}[b%4], Zone: []string{"", "z1", "z2", "z3"}[b%4]}
			if b < 128 {
				in.Clients = append(in.Clients, pod)
			} else {
				in.Targets = append(in.Targets, pod)
				nodes[pod.Node] = true
			}
		}
		r := Preflight(in)
		if r.Meeting.Lower < 0 || r.Meeting.Lower > r.Meeting.Upper+1e-12 || r.Meeting.Upper > r.Meeting.Worst+1e-12 || r.Meeting.Worst > 1 {
			t.Fatalf("%+v", r.Meeting)
		}
		for _, c := range in.Clients {
			if r.Safe == Yes && (c.Node == "" || nodes[""] || nodes[c.Node]) {
				t.Fatalf("%+v called safe: %v", in, r.Reasons)
			}
		}
	})
}

func TestSetAttributes(t *testing.T) {
	t.Parallel()
	var in PreflightInput
	unknown := in.SetAttributes(map[string]string{
		"preserve_client_ip.enabled": "false", "proxy_protocol_v2.enabled": "true", "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
		"stickiness.enabled": "true", "stickiness.type": "source_ip", "deregistration_delay.timeout_seconds": "300",
	})
	if in.PreserveClientIP == nil || *in.PreserveClientIP || in.ProxyProtocolV2 == nil || !*in.ProxyProtocolV2 || in.CrossZone != nil || in.StickySource == nil || !*in.StickySource {
		t.Errorf("%+v", in)
	}
	if !slices.Equal(unknown, []string{"deregistration_delay.timeout_seconds"}) {
		t.Errorf("unknown: %q", unknown)
	}
	in = PreflightInput{}
	if got := in.SetAttributes(map[string]string{"load_balancing.cross_zone.enabled": "yes"}); in.CrossZone != nil || len(got) != 1 {
		t.Errorf("%+v, %q", in, got)
	}
}

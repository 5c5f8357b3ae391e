package diagnosis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func TestPlaceByHand(t *testing.T) {
	t.Parallel()
	// Zone a: nodes a1 (client, target) and a2 (target). Zone b: node b1 (client, two targets).
	clients := []Pod{{Name: "c1", Node: "a1", Zone: "a"}, {Name: "c2", Node: "b1", Zone: "b"}, {Name: "c3", Node: "b2", Zone: "b"}}
	targets := []Pod{{Name: "t1", Node: "a1", Zone: "a"}, {Name: "t2", Node: "a2", Zone: "a"}, {Name: "t3", Node: "b1", Zone: "b"}, {Name: "t4", Node: "b1", Zone: "b"}}
	unzoned := slices.Clone(targets)
	unzoned[0].Zone = ""
	for _, c := range []struct {
		why                 string
		targets             []Pod
		cross               *bool
		lower, upper, worst float64
	}{
		// c1 meets 1 of 4, c2 2 of 4, c3 none: (1/4 + 2/4 + 0)/3.
		{"cross-zone", targets, p(true), 0.25, 0.25, 0.5},
		// Own zone: c1 1 of 2, c2 2 of 2. With the addresses of both zones alike: half of that.
		{"zonal", targets, p(false), 0.25, 0.5, 1},
		{"either", targets, nil, 0.25, 0.5, 1},
		{"a zone is not known", unzoned, p(false), 0, 2.0 / 3, 1},
	} {
		m := Place(clients, c.targets, c.cross)
		if math.Abs(m.Lower-c.lower)+math.Abs(m.Upper-c.upper)+math.Abs(m.Worst-c.worst) > 1e-12 || m.Meeting != 2 || m.Unplaced != 0 {
			t.Errorf("%s: %+v", c.why, m)
		}
		want := []SharedNode{{"a1", []string{"c1"}, []string{"t1"}}, {"b1", []string{"c2"}, []string{"t3", "t4"}}}
		if !reflect.DeepEqual(m.Nodes, want) {
			t.Errorf("%s: %+v", c.why, m.Nodes)
		}
	}
}

func randomCluster(rng *rand.Rand) (clients, targets []Pod) {
	zones := 1 + rng.IntN(3)
	pod := func(kind string, i int) Pod {
		zone := rng.IntN(zones)
		return Pod{Namespace: "n", Name: fmt.Sprint(kind, i), Zone: fmt.Sprint("z", zone), Node: fmt.Sprint("z", zone, "-", rng.IntN(4))}
	}
	for i := range 1 + rng.IntN(8) {
		clients = append(clients, pod("c", i))
	}
	for i := range 1 + rng.IntN(12) {
		targets = append(targets, pod("t", i))
	}
	return clients, targets
}

// The load balancer, drawn: what comes back must be what Place says.
func TestPlaceAgreesWithDraws(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	const draws = 4000
	for range 30 {
		clients, targets := randomCluster(rng)
		zones := map[string][]Pod{}
		var names []string
		for _, target := range targets {
			if zones[target.Zone] == nil {
				names = append(names, target.Zone)
			}
			zones[target.Zone] = append(zones[target.Zone], target)
		}
		back := map[string]int{}
		for range draws {
			c := clients[rng.IntN(len(clients))]
			if targets[rng.IntN(len(targets))].Node == c.Node {
				back["cross"]++
			}
			if z := zones[names[rng.IntN(len(names))]]; z[rng.IntN(len(z))].Node == c.Node {
				back["any"]++
			}
			if z := zones[c.Zone]; len(z) > 0 && z[rng.IntN(len(z))].Node == c.Node {
				back["own"]++
			}
		}
		cross, zonal := Place(clients, targets, p(true)), Place(clients, targets, p(false))
		for name, want := range map[string]float64{"cross": cross.Upper, "any": zonal.Lower, "own": zonal.Upper} {
			if got := float64(back[name]) / draws; math.Abs(got-want) > 5*math.Sqrt(0.25/draws) {
				t.Errorf("%s: drawn %.3f, computed %.3f", name, got, want)
			}
		}
		slices.Reverse(clients)
		slices.Reverse(targets)
		if !reflect.DeepEqual(zonal, Place(clients, targets, p(false))) {
			t.Error("the order of pods matters")
		}
	}
}

func TestLabelsOfKubeStateMetrics(t *testing.T) {
	t.Parallel()
	honoured := map[string]string{"namespace": "shop", "pod": "cart-1", "node": "n1", "pod_ip": "10.0.0.1"}
	renamed := map[string]string{"namespace": "monitoring", "pod": "ksm-0", "node": "n9", "exported_namespace": "shop", "exported_pod": "cart-1", "exported_node": "n1", "pod_ip": "10.0.0.1"}
	want := Pod{Namespace: "shop", Name: "cart-1", Node: "n1", IP: "10.0.0.1"}
	for _, labels := range []map[string]string{honoured, renamed} {
		if got, ok := PodFromInfo(labels); !ok || got != want {
			t.Errorf("%v: %+v, %v", labels, got, ok)
		}
	}
	want.Zone = "z1"
	for _, node := range []string{"endpoint_nodename", "nodename"} { // what is written and what is documented
		labels := map[string]string{"namespace": "shop", "targetref_namespace": "shop", "targetref_kind": "Pod", "targetref_name": "cart-1", "address": "10.0.0.1", node: "n1", "endpoint_zone": "z1", "ready": "true", "serving": "false"}
		if got, ready, ok := EndpointFromSlice(labels); !ok || !ready || got != want {
			t.Errorf("%v: %+v, %v, %v", labels, got, ready, ok)
		}
	}
	if got, ready, ok := EndpointFromSlice(map[string]string{"address": "192.0.2.1", "ready": "false"}); !ok || ready || got.Name != "192.0.2.1" {
		t.Errorf("without a pod: %+v, %v, %v", got, ready, ok)
	}
	if _, _, ok := EndpointFromSlice(map[string]string{}); ok {
		t.Error("an endpoint without an address")
	}
	if _, ok := PodFromInfo(map[string]string{"node": "n1"}); ok {
		t.Error("a pod without a name")
	}
	for id, zone := range map[string]string{"aws:///eu-west-1a/i-0abc": "eu-west-1a", "gce://project/zone/name": "", "": "", "kind://docker/kind/kind-worker": ""} {
		if name, got, ok := NodeFromInfo(map[string]string{"node": "n1", "provider_id": id}); name != "n1" || got != zone || !ok {
			t.Errorf("%q: %q, %q, %v", id, name, got, ok)
		}
	}
}

func TestUniquePods(t *testing.T) {
	t.Parallel()
	pods, problems := UniquePods([]Pod{
		{Namespace: "b", Name: "x", Node: "n1", IP: "10.0.0.1"},
		{Namespace: "a", Name: "x", Node: "n2"},
		{Namespace: "b", Name: "x", Node: "n1"},
		{Namespace: "b", Name: "y", Node: "n1"},
		{Namespace: "b", Name: "y", Node: "n3"},
	})
	want := []Pod{{Namespace: "a", Name: "x", Node: "n2"}, {Namespace: "b", Name: "x", Node: "n1", IP: "10.0.0.1"}, {Namespace: "b", Name: "y"}}
	if !slices.Equal(pods, want) || !slices.Equal(problems, []string{"pod b/y: node is n1 and n3; it is not used"}) {
		t.Errorf("%+v, %q", pods, problems)
	}
	if zoned := WithZones(pods, map[string]string{"n2": "z"}); zoned[0].Zone != "z" || zoned[1].Zone != "" || pods[0].Zone != "" {
		t.Errorf("%+v of %+v", zoned, pods)
	}
}

func TestCountSameNode(t *testing.T) {
	t.Parallel()
	pods := []Pod{
		{Namespace: "e", Name: "envoy-1", Node: "n1", IP: "10.0.1.1"},
		{Namespace: "e", Name: "envoy-2", Node: "n2", IP: "10.0.2.1"},
		{Name: "a", Node: "n1", IP: "10.0.1.5"},
		{Name: "b", Node: "n2", IP: "fd00::5"},
		{Name: "c", Node: "n1", IP: "10.0.9.9"},
		{Name: "d", Node: "n2", IP: "10.0.9.9"}, // both claim it
	}
	got := CountSameNode([]EndpointCount{
		{"e", "envoy-1", "10.0.1.5:8080", 4, 40},
		{"e", "envoy-1", "[fd00::5]:8080", 1, 60},
		{"e", "envoy-2", "[fd00::5]:8080", 3, 20},
		{"e", "envoy-2", "10.0.9.9:80", 7, 10},
		{"e", "envoy-3", "10.0.1.5:8080", 8, 10},
		{"e", "envoy-1", "example.com:80", 9, 10},
	}, pods)
	if want := (SameNode{Failures: 8, Shared: 7, Expected: 0.5, Unplaced: 24}); got == nil || *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := CountSameNode(nil, pods); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestCrossGhosts(t *testing.T) {
	t.Parallel()
	at := func(nodes ...string) (pods []Pod) {
		for i, n := range nodes {
			pods = append(pods, Pod{Name: fmt.Sprint(i), Node: n})
		}
		return pods
	}
	route := func(name string, instances, upstream []Pod) RoutePlacement {
		return RoutePlacement{name, Place(instances, upstream, p(true))}
	}
	placed := []RoutePlacement{
		route("d", at("n1"), at("n2", "")),       // perhaps: left out
		route("c", at("n1"), at("n2")),           // cannot meet
		route("b", at("n1", "n2"), at("n2")),     // can
		route("a", at("n1"), at("n1", "", "n3")), // can
		route("e", nil, at("n1")),                // nothing known
	}
	if got, want := CrossGhosts(placed, map[string]bool{"a": true, "c": true, "d": true}), (GhostPlacement{Routes: 3, Affected: 2, CanMeet: 2, Both: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

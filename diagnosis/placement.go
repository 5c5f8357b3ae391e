package diagnosis

import (
	"cmp"
	"net/netip"
	"slices"
)

// Pod is where a pod runs. Fields that are not known are empty.
type Pod struct {
	Namespace, Name string
	Node, Zone      string
	IP              string
}

func (p Pod) compare(o Pod) int {
	return cmp.Or(cmp.Compare(p.Namespace, o.Namespace), cmp.Compare(p.Name, o.Name), cmp.Compare(p.IP, o.IP))
}

func (p Pod) String() string {
	if p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// SharedNode is a node that hosts both clients and targets.
type SharedNode struct {
	Node    string   `json:"node"`
	Clients []string `json:"clients"` // namespace/name, sorted
	Targets []string `json:"targets"`
}

// Meeting is how clients and targets of a load balancer share nodes, and how likely a connection is
// to come back to the node that it came from. Without client addresses being preserved that does no
// harm.
type Meeting struct {
	Clients  int          `json:"clients"`
	Targets  int          `json:"targets"`
	Unplaced int          `json:"unplaced"` // clients and targets whose node is not known
	Meeting  int          `json:"meeting"`  // clients that share a node with a target
	Nodes    []SharedNode `json:"nodes"`    // sorted by name

	// Share of connections that come back, over all clients alike: between Lower, where clients use
	// the addresses of all zones alike, and Upper, where they use that of their own zone. Both are
	// equal with cross-zone balancing. Worst is Upper of the client that is worst off.
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
	Worst float64 `json:"worst"`
}

// CanMeet tells whether any connection can come back.
func (m Meeting) CanMeet() bool { return m.Meeting > 0 }

// Place finds how clients and targets share nodes. A load balancer picks among the targets of all
// zones with crossZone, else among those of the zone of the address that the client used; nil takes
// both into account. So a connection comes back with probability (targets on the client's node) over
// (eligible targets). Where zones decide and are not known, the bounds are 0 and 1.
func Place(clients, targets []Pod, crossZone *bool) Meeting {
	clients, targets = slices.Clone(clients), slices.Clone(targets)
	slices.SortFunc(clients, Pod.compare)
	slices.SortFunc(targets, Pod.compare)
	m := Meeting{Clients: len(clients), Targets: len(targets)}
	byNode, byZone := make(map[string][]string), make(map[string]int)
	for _, t := range targets {
		byZone[t.Zone]++
		if t.Node == "" {
			m.Unplaced++
			continue
		}
		byNode[t.Node] = append(byNode[t.Node], t.String())
	}
	shared := make(map[string][]string)
	for _, c := range clients {
		if c.Node == "" {
			m.Unplaced++
			continue
		}
		if here := len(byNode[c.Node]); here > 0 {
			m.Meeting++
			shared[c.Node] = append(shared[c.Node], c.String())
			lower, upper := comesBack(here, zoneOf(c.Node, targets), len(targets), byZone, crossZone)
			m.Lower += lower / float64(len(clients))
			m.Upper += upper / float64(len(clients))
			m.Worst = max(m.Worst, upper)
		}
	}
	for node, clients := range shared {
		m.Nodes = append(m.Nodes, SharedNode{Node: node, Clients: clients, Targets: byNode[node]})
	}
	slices.SortFunc(m.Nodes, func(x, y SharedNode) int { return cmp.Compare(x.Node, y.Node) })
	return m
}

// zoneOf returns the zone of a node from the targets on it.
func zoneOf(node string, targets []Pod) string {
	for _, t := range targets {
		if t.Node == node && t.Zone != "" {
			return t.Zone
		}
	}
	return ""
}

// comesBack bounds the probability that a connection is sent to one of here targets on its own node.
func comesBack(here int, zone string, targets int, byZone map[string]int, crossZone *bool) (lower, upper float64) {
	across := float64(here) / float64(targets)
	if crossZone != nil && *crossZone {
		return across, across
	}
	if zone == "" || byZone[""] > 0 {
		return 0, 1
	}
	upper = float64(here) / float64(byZone[zone])
	lower = upper / float64(len(byZone))
	if crossZone == nil {
		lower, upper = min(lower, across), max(upper, across)
	}
	return lower, upper
}

// RoutePlacement is the placement of one route.
type RoutePlacement struct {
	Route string
	Meeting
}

// CrossGhosts counts how the affected routes and those whose pods can meet coincide. Routes with
// pods of unknown place that are not seen to meet are left out.
func CrossGhosts(placed []RoutePlacement, affected map[string]bool) GhostPlacement {
	var g GhostPlacement
	for _, p := range placed {
		if p.Clients == 0 || p.Targets == 0 || p.Unplaced > 0 && !p.CanMeet() {
			continue
		}
		g.Routes++
		if affected[p.Route] {
			g.Affected++
		}
		if p.CanMeet() {
			g.CanMeet++
		}
		if affected[p.Route] && p.CanMeet() {
			g.Both++
		}
	}
	return g
}

// EndpointCount is what per-endpoint stats say of one endpoint, seen from one Envoy instance.
type EndpointCount struct {
	Namespace, Pod     string // of the Envoy instance
	Address            string // of the endpoint, as 10.0.1.5:8080 or [fd00::1]:8080
	Failures, Connects int64  // failed connects, and all
}

// SameNode is how many failed connects had both ends on one node.
type SameNode struct {
	Failures, Shared int64   // with both ends known, and of these those on one node
	Expected         float64 // share of all connects that had both ends on one node
	Unplaced         int64   // failed connects with an end that is not known

	// ByClient means that the node of the other end is not known, because a load balancer chooses it:
	// Shared then counts what failed at clients that share a node with any target, and Expected is the
	// share of all connects that such clients made. Where connects fail on shared nodes alone, no other
	// client has failures.
	ByClient bool
}

// CountSameNode finds the ends of failed connects among the pods. It is nil without connects that
// have both ends known.
func CountSameNode(counts []EndpointCount, pods []Pod) *SameNode {
	type name struct{ namespace, pod string }
	byName, byIP := make(map[name]string), make(map[string]string)
	for _, p := range pods {
		byName[name{p.Namespace, p.Name}] = p.Node
		if node, seen := byIP[p.IP]; seen && node != p.Node {
			byIP[p.IP] = "" // two nodes claim the address
			continue
		}
		byIP[p.IP] = p.Node
	}
	var n SameNode
	var all, shared int64
	for _, c := range counts {
		address, err := netip.ParseAddrPort(c.Address)
		from, to := byName[name{c.Namespace, c.Pod}], byIP[address.Addr().String()]
		if err != nil || from == "" || to == "" {
			n.Unplaced += c.Failures
			continue
		}
		all += c.Connects
		n.Failures += c.Failures
		if from == to {
			shared += c.Connects
			n.Shared += c.Failures
		}
	}
	if all == 0 {
		return nil
	}
	n.Expected = float64(shared) / float64(all)
	return &n
}

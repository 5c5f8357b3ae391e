package survey

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// podBatch is how many pods or addresses are asked for at once, and aliveSeconds how long before the end
// of the window a pod of which there is a sample is taken to be there: Prometheus looks back as far.
const (
	podBatch     = 500
	aliveSeconds = 5 * 60
)

// placedPod is a pod, where it was in the window, and whether it is there at its end.
type placedPod struct {
	diagnosis.Pod        // its namespace and node begin with the cluster, where there are several
	alive         bool   // at the end of the window
	contradiction string // why it has no node, where several are told
}

// podIndex is what kube-state-metrics said in the window about some pods.
type podIndex struct {
	clusters bool // whether its series name their cluster
	byName   map[podKey]*placedPod
	byIP     map[addressKey][]*placedPod
}

type addressKey struct{ cluster, ip string }

// readPods asks where pods were in the window: those of some names, and those of some addresses. Only
// these are asked for, and the server says of each series when it was there last.
func (l *look) readPods(ctx context.Context, names, addresses []string) (*podIndex, error) {
	x := &podIndex{byName: make(map[podKey]*placedPod), byIP: make(map[addressKey][]*placedPod)}
	seen := make(map[string]Sample)
	ask := func(label string, values []string) error {
		for batch := range slices.Chunk(distinct(values), podBatch) {
			expr := overGrid("max_over_time", "timestamp("+podInfo+"{"+oneOf(label, batch)+"})", l.window, "15m")
			samples, err := l.vector(ctx, "pods", expr)
			if err != nil {
				return err
			}
			for _, s := range samples {
				seen[identity(s.Labels)] = s
			}
		}
		return nil
	}
	for _, label := range []string{"pod", "exported_pod"} {
		if err := ask(label, names); err != nil {
			return nil, err
		}
	}
	if err := ask("pod_ip", addresses); err != nil {
		return nil, err
	}
	ended, err := l.readEnded(ctx, seen)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		x.add(seen[id], float64(l.atMillis)/1000, ended)
	}
	return x, nil
}

// identity tells series apart.
func identity(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "%q=%q,", name, labels[name])
	}
	return b.String()
}

// readEnded asks which of the pods have ended: they keep their node and address, but nobody connects to them.
func (l *look) readEnded(ctx context.Context, seen map[string]Sample) (map[podKey]bool, error) {
	var names []string
	for _, s := range seen {
		names = append(names, object(s.Labels, "pod"))
	}
	ended := make(map[podKey]bool)
	for batch := range slices.Chunk(distinct(names), podBatch) {
		for _, label := range []string{"pod", "exported_pod"} {
			samples, err := l.vector(ctx, "phases of pods", podPhase+`{phase=~"Succeeded|Failed", `+oneOf(label, batch)+"} == 1")
			if err != nil {
				return nil, err
			}
			for _, s := range samples {
				ended[objectKey(s.Labels, "pod")] = true
			}
		}
	}
	return ended, nil
}

// objectKey is the key of the object of a series of kube-state-metrics.
func objectKey(labels map[string]string, kind string) podKey {
	return podKey{object(labels, "cluster"), object(labels, "namespace"), object(labels, kind)}
}

// add takes what one series says. The same said twice is no matter; several nodes of one pod are.
func (x *podIndex) add(s Sample, atSeconds float64, ended map[podKey]bool) {
	pod, ok := diagnosis.PodFromInfo(s.Labels)
	key := objectKey(s.Labels, "pod")
	if !ok || ended[key] {
		return
	}
	x.clusters = x.clusters || key.cluster != ""
	pod = inside(key.cluster, pod)
	p := x.byName[key]
	if p == nil {
		p = &placedPod{Pod: pod}
		x.byName[key] = p
	}
	p.alive = p.alive || s.Value > atSeconds-aliveSeconds
	if pod.Node != "" && pod.Node != p.Node {
		if p.Node != "" {
			p.contradiction = fmt.Sprintf("pod %s is told to be on %s and on %s", p, p.Node, pod.Node)
		}
		p.Node = cmp.Or(p.Node, pod.Node)
	}
	if ip, ok := normalIP(pod.IP); ok {
		at := addressKey{key.cluster, ip}
		if !slices.Contains(x.byIP[at], p) {
			x.byIP[at] = append(x.byIP[at], p)
		}
	}
}

// normalIP writes an address as all others are written.
func normalIP(text string) (string, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return "", false
	}
	return ip.Unmap().String(), true
}

// cluster returns the cluster under which to look something up: none where one of the two sides does not
// name it.
func (x *podIndex) cluster(of string) string {
	if !x.clusters {
		return ""
	}
	return of
}

// named returns a pod by its name. One that is not known, or of which contradictory things are told, has
// no node.
func (x *podIndex) named(key podKey) (pod diagnosis.Pod, alive bool, problem string) {
	key.cluster = x.cluster(key.cluster)
	if p := x.byName[key]; p != nil {
		return p.pod(), p.alive, p.contradiction
	}
	return diagnosis.Pod{Namespace: key.namespace, Name: key.name}, false, ""
}

// at returns the pod at an address; ok when there was one. Pods on the host's network share an address
// and a node. Several pods on different nodes had the address one after the other: it has no node then.
func (x *podIndex) at(cluster, ip string) (pod diagnosis.Pod, alive, ok bool, problem string) {
	all := x.byIP[addressKey{x.cluster(cluster), ip}]
	if len(all) == 0 {
		return diagnosis.Pod{Name: ip, IP: ip}, false, false, ""
	}
	pod = all[0].pod()
	for _, p := range all {
		alive = alive || p.alive
		problem = cmp.Or(problem, p.contradiction)
		if p.Node != pod.Node && pod.Node != "" {
			problem = fmt.Sprintf("address %s was that of %s on %s and of %s on %s", ip, all[0], all[0].Node, p, p.Node)
		}
	}
	pod.IP = ip
	if problem != "" {
		pod.Node = ""
	}
	return pod, alive, true, problem
}

// pod returns the pod without its node where that is not sure.
func (p *placedPod) pod() diagnosis.Pod {
	pod := p.Pod
	if p.contradiction != "" {
		pod.Node = ""
	}
	return pod
}

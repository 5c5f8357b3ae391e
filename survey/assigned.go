package survey

import (
	"context"
	"fmt"
	"regexp"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// maxAssigned bounds the pods that one pattern may name.
const maxAssigned = 20_000

// PodPattern names pods of a cluster for some routes. All three are anchored regular expressions.
type PodPattern struct {
	Route, Namespace, Pod string
}

// anchored compiles an expression that must match the whole; one that does not compile matches nothing.
func anchored(expression string) *regexp.Regexp {
	re, err := regexp.Compile("^(?s:" + expression + ")$")
	if err != nil {
		return regexp.MustCompile(`[^\s\S]`)
	}
	return re
}

// assigned are the pods that a configuration puts at one end of a route.
type assigned struct {
	given bool // whether it says anything of the route
	pods  []diagnosis.Pod
	why   string // why they are not all known
}

// readAssigned asks where the pods of the patterns for a route are at the end of the window.
func (l *look) readAssigned(ctx context.Context, patterns []PodPattern, route string) (assigned, error) {
	var a assigned
	var all []diagnosis.Pod
	for _, p := range patterns {
		if !anchored(p.Route).MatchString(route) {
			continue
		}
		one, ok := l.patterns[p]
		if !ok {
			var err error
			if one, err = l.readPattern(ctx, p); err != nil {
				return a, err
			}
			l.patterns[p] = one
		}
		a.given, all = true, append(all, one.pods...)
		if one.why != "" {
			a.why = one.why
		}
	}
	var problems []string
	a.pods, problems = diagnosis.UniquePods(all)
	for _, problem := range problems {
		a.why = problem
	}
	return a, nil
}

// readPattern asks for the pods of one pattern that have not ended, under either of the names that their labels may have.
func (l *look) readPattern(ctx context.Context, p PodPattern) (assigned, error) {
	own := fmt.Sprintf(`namespace=~%s, pod=~%s, exported_pod=""`, quoted(p.Namespace), quoted(p.Pod))
	renamed := fmt.Sprintf(`exported_namespace=~%s, exported_pod=~%s`, quoted(p.Namespace), quoted(p.Pod))
	a := assigned{given: true}
	count, err := l.vector(ctx, "pods of the configuration", fmt.Sprintf("count(%[1]s{%[2]s} or %[1]s{%[3]s})", podInfo, own, renamed))
	if err != nil {
		return a, err
	}
	if len(count) > 0 && count[0].Value > maxAssigned {
		a.why = fmt.Sprintf("pods %s/%s of the configuration: there are %.0f, and no more than %d are used", p.Namespace, p.Pod, count[0].Value, maxAssigned)
		return a, nil
	}
	ended := make(map[podKey]bool)
	phases, err := l.vector(ctx, "phases of pods", fmt.Sprintf(`(%[1]s{phase=~"Succeeded|Failed", %[2]s} or %[1]s{phase=~"Succeeded|Failed", %[3]s}) == 1`, podPhase, own, renamed))
	if err != nil {
		return a, err
	}
	for _, s := range phases {
		ended[objectKey(s.Labels, "pod")] = true
	}
	samples, err := l.vector(ctx, "pods of the configuration", fmt.Sprintf("%[1]s{%[2]s} or %[1]s{%[3]s}", podInfo, own, renamed))
	for _, s := range samples {
		key := objectKey(s.Labels, "pod")
		if pod, ok := diagnosis.PodFromInfo(s.Labels); ok && !ended[key] {
			a.pods = append(a.pods, inside(key.cluster, pod))
		}
	}
	return a, err
}

// called places the callers of a route, as far as the configuration names them, and the proxies.
func (f *routeFacts) called(ctx context.Context, route string, proxies []diagnosis.Pod) error {
	callers, err := f.readAssigned(ctx, f.source.Callers, route)
	if err != nil || !callers.given {
		return err
	}
	local := len(f.front) > 0
	for _, s := range f.front {
		t, err := f.readTargets(ctx, s)
		if err != nil {
			return err
		}
		local = local && t.policy == diagnosis.PolicyLocal
	}
	m := diagnosis.Place(callers.pods, proxies, nil)
	switch {
	case callers.why != "":
		f.unknown(callers.why, diagnosis.CheckPlacementCallers)
		return nil
	case m.Clients == 0:
		f.unknown("no pod is among those that the configuration names as callers", diagnosis.CheckPlacementCallers)
	case m.Targets > 0 && !m.CanMeet() && m.Unplaced == 0 && !local:
		f.unknown("no caller shares a node with a proxy, but with targets by instance any node is a target", diagnosis.CheckPlacementCallers)
		return nil
	}
	f.found.Callers = &m
	return nil
}

// configured places the upstream pods that the configuration names. What stands before them is not known: only that ends
// share a node, or that all failed connects are of proxies on nodes of theirs, means something.
func (f *routeFacts) configured(clients []diagnosis.Pod, upstream assigned) {
	if upstream.why != "" {
		f.unknown(upstream.why, diagnosis.CheckPlacement, diagnosis.CheckSameNode)
		return
	}
	if len(upstream.pods) == 0 {
		f.unknown("no pod is among those that the configuration names as upstream", diagnosis.CheckPlacement)
		return
	}
	f.place(clients, upstream.pods, false)
}

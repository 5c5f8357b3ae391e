package survey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kinds of proxies, by the names of their routes.
const (
	KindGateway = "envoy-gateway"
	KindIstio   = "istio"
	KindEnvoy   = "envoy"
)

// Shape is what the proxies are and where they are found: it decides what a remedy looks like.
type Shape struct {
	Kind       string   `json:"kind"`       // one of the Kind constants, or empty when there are no proxies
	Kubernetes bool     `json:"kubernetes"` // their series name a pod
	Operator   bool     `json:"operator"`   // scraped by way of a PodMonitor or ServiceMonitor
	Namespaces []string `json:"namespaces"`
	Addresses  []string `json:"addresses"` // of the targets, as the scrape has them
	Pods       int      `json:"pods"`
}

// examineShape looks at the labels of the proxies' series.
func examineShape(ctx context.Context, a *asker, s *Source) (Shape, error) {
	var shape Shape
	labels := append([]string{"namespace", "pod", "container", "endpoint", "instance"}, s.countLabels()...)
	samples, _, err := a.vector(ctx, "labels of the proxies", fmt.Sprintf("count by (%s) (%s)", strings.Join(labels, ", "), s.siblings()))
	namespaces, addresses, pods := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	kinds, exclude := make(map[string]int), s.patterns()
	for _, sample := range samples {
		l := sample.Labels
		if excluded(exclude, l) {
			continue
		}
		addresses[l["instance"]] = l["instance"] != ""
		if l["pod"] != "" {
			pods[l["namespace"]+"/"+l["pod"]] = true
			namespaces[l["namespace"]] = l["namespace"] != ""
			shape.Operator = shape.Operator || l["endpoint"] != ""
		}
		kinds[kindOf(l, s.RouteLabels)]++
	}
	shape.Kubernetes, shape.Pods = len(pods) > 0, len(pods)
	shape.Namespaces, shape.Addresses = present(namespaces), present(addresses)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) { // of the most routes
		if shape.Kind == "" || kinds[kind] > kinds[shape.Kind] {
			shape.Kind = kind
		}
	}
	return shape, err
}

func present(set map[string]bool) []string {
	maps.DeleteFunc(set, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(set))
}

// kindOf tells by a route what named it: Envoy Gateway writes httproute/<namespace>/<name>/rule/<n>,
// Istio outbound|<port>|<subset>|<host>.
func kindOf(labels map[string]string, routeLabels []string) string {
	for _, name := range routeLabels {
		value := labels[name]
		first, _, _ := strings.Cut(value, "/")
		switch {
		case strings.HasSuffix(first, "route") && strings.Count(value, "/") >= 2:
			return KindGateway
		case strings.HasPrefix(value, "outbound|") || strings.HasPrefix(value, "inbound|"), strings.HasPrefix(name, "destination_"):
			return KindIstio
		}
	}
	return KindEnvoy
}

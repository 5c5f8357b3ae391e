package survey

import (
	"context"
	"errors"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// Network load balancers have the region behind elb, application and classic ones before it.
func TestBalancerID(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"shop-api-0123456789abcdef.elb.eu-west-1.amazonaws.com":          "net/shop-api/0123456789abcdef",
		"SHOP-0123456789ABCDEF.elb.eu-west-1.amazonaws.com.":             "net/shop/0123456789abcdef",
		"eu-west-1a.shop-0123456789abcdef.elb.eu-west-1.amazonaws.com":   "net/shop/0123456789abcdef", // of one zone
		"shop-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn":          "net/shop/0123456789abcdef",
		"internal-shop-1234567890.eu-west-1.elb.amazonaws.com":           "",
		"shop-0123456789abcdef.elb.eu-west-1.amazonaws.com.evil.example": "",
		"shop.example.org": "",
		"":                 "",
		"checkout-5d8f-0123456789abcdef.elb.eu-west-1.amazonaws.com.internal": "",
	} {
		got, ok := balancerID(host)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	if s := "internal-shop-1234567890.eu-west-1.elb.amazonaws.com"; networkSuffix.MatchString(s) || !otherBalancer.MatchString(s) {
		t.Error("an application load balancer is taken for a network one")
	}
}

// What an exporter said is taken apart by period.
func TestPeriods(t *testing.T) {
	t.Parallel()
	const minute = 60_000
	nan := math.NaN()
	for name, c := range map[string]struct {
		points []Point
		want   []period
	}{
		"nothing":                {nil, nil},
		"CloudWatch's minutes":   {[]Point{{minute, 1}, {4 * minute, 2}}, []period{{minute, 2 * minute, 1}, {4 * minute, 5 * minute, 2}}},
		"CloudWatch's five":      {[]Point{{0, 1}, {5 * minute, 0}}, []period{{0, 5 * minute, 1}, {5 * minute, 10 * minute, 0}}},
		"two jobs, out of order": {[]Point{{4 * minute, 2}, {minute, 1}, {minute, 1}}, []period{{minute, 2 * minute, 1}, {4 * minute, 5 * minute, 2}}},
		"repeated at scrapes": { // of each five minutes the newest
			[]Point{{minute + 1, 9}, {4*minute + 1, 3}, {6*minute + 1, 4}, {7*minute + 1, nan}},
			[]period{{4*minute + 1 - 15*minute, 4*minute + 1, 3}, {6*minute + 1 - 15*minute, 6*minute + 1, 4}},
		},
	} {
		if got := periods(c.points); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A route is selected by its first label, also where values look like expressions or hold the joint themselves.
func TestSelector(t *testing.T) {
	t.Parallel()
	matching := func(labels []string, route string) *regexp.Regexp {
		l := &look{source: &Source{RouteLabels: labels, Matchers: `env="prod"`}}
		text := l.selector("m", []string{route})
		_, pattern, ok := strings.Cut(text, labels[0]+`=~"`)
		pattern, rest, found := strings.Cut(pattern, `", env="prod"}`)
		if !ok || !found || rest != "" {
			t.Fatalf("selector %s", text)
		}
		return regexp.MustCompile("^(?:" + strings.ReplaceAll(pattern, `\\`, `\`) + ")$")
	}
	if re := matching([]string{"a"}, "x.y / z|w"); !re.MatchString("x.y / z|w") || re.MatchString("x.y") || re.MatchString("w") || re.MatchString("xay / z|w") {
		t.Errorf("one label: %s", re)
	}
	if re := matching([]string{"a", "b"}, "x / y / z"); !re.MatchString("x") || !re.MatchString("x / y") || !re.MatchString("x / y / z") || re.MatchString("z") {
		t.Errorf("two labels: %s", re)
	}
}

// failing answers with nothing until a query with a text comes.
type failing struct {
	text  string
	asked *int
}

var errAsked = errors.New("asked too much")

func (f failing) answer(expr string) error {
	*f.asked++
	if strings.Contains(expr, f.text) {
		return errAsked
	}
	return nil
}

func (f failing) Query(_ context.Context, expr string, _ int64) ([]Sample, []string, error) {
	if strings.HasPrefix(expr, "max by") { // the counters of a proxy
		return []Sample{{Labels: map[string]string{"envoy_cluster_name": "a", "namespace": "edge", "pod": "envoy-0"}, Value: 1}}, nil, f.answer(expr)
	}
	return nil, nil, f.answer(expr)
}

func (f failing) Range(_ context.Context, expr string, _ int64) ([]Series, []string, error) {
	return nil, nil, f.answer(expr)
}

// A question without an answer is told. What load balancers say is one question, what is around the ends another.
func TestAskFails(t *testing.T) {
	t.Parallel()
	q := diagnosis.Question{Routes: []diagnosis.RouteQuestion{{Route: "a"}}, AtMillis: 90 * 60_000}
	for text, ends := range map[string]bool{connects: false, podInfo: false, serviceType: false, balancerPorts: true, balancerHosts: true} {
		asked := 0
		facts, problems, err := NewSurroundings(failing{text, &asked}, Source{RouteLabels: []string{"envoy_cluster_name"}}, true).Ask(t.Context(), q)
		if err != nil || len(problems) != 1 || !strings.Contains(problems[0], errAsked.Error()) {
			t.Errorf("%s: problems %q, error %v", text, problems, err)
		}
		if _, ok := facts["a"]; ok != ends {
			t.Errorf("%s: facts %v", text, facts)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	asked := 0
	if _, _, err := NewSurroundings(failing{connects, &asked}, Source{RouteLabels: []string{"envoy_cluster_name"}}, true).Ask(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a context that has ended", err)
	}
}

// The window of load balancers ends a quarter of an hour earlier: one that is no longer has none.
func TestShortWindow(t *testing.T) {
	t.Parallel()
	asked := 0
	_, problems, err := NewSurroundings(failing{balancerPorts, &asked}, Source{RouteLabels: []string{"envoy_cluster_name"}}, true).
		Ask(t.Context(), diagnosis.Question{Routes: []diagnosis.RouteQuestion{{Route: "a"}}, FromMillis: 75 * 60_000, AtMillis: 90 * 60_000})
	if err != nil || len(problems) > 0 || asked == 0 {
		t.Errorf("problems %q, error %v", problems, err)
	}
}

// Addresses are compared as addresses, not as texts.
func TestPodIndex(t *testing.T) {
	t.Parallel()
	x := &podIndex{byName: make(map[podKey]*placedPod), byIP: make(map[addressKey][]*placedPod)}
	at := time.Unix(1_800_000_000, 0)
	x.add(Sample{Labels: map[string]string{"namespace": "a", "pod": "p", "node": "n", "pod_ip": "FD00:0::5"}, Value: float64(at.Unix() - 60)}, float64(at.Unix()), nil)
	ip, _ := normalIP(hostOf("[fd00::5]:8080"))
	if pod, alive, ok, problem := x.at("", ip); !ok || !alive || problem != "" || pod.Node != "n" {
		t.Errorf("pod %+v, alive %v, known %v, problem %q", pod, alive, ok, problem)
	}
	if pod, alive, problem := x.named(podKey{"elsewhere", "a", "p"}); pod.Node != "n" || !alive || problem != "" {
		t.Errorf("pod %+v: where one side names no cluster, it does not matter", pod)
	}
	if _, ok := normalIP("shop.example.org"); ok {
		t.Error("a host name is an address")
	}
}

// What is said of a route is the same whether others are asked about at once or not: the pods and endpoints
// of these say nothing of it.
func TestOtherRoutesSayNothing(t *testing.T) {
	t.Parallel()
	reached := func(pods *podIndex, told map[string]bool) map[string]string {
		f := &routeFacts{
			look:          &look{},
			routeConnects: &routeConnects{endpoints: map[endpointAt]*connectCounts{{proxy: podKey{"", "edge", "envoy-0"}, address: "10.0.0.9:80"}: {connects: 1}}},
			pods:          pods, services: &serviceIndex{}, slices: &sliceIndex{told: told},
		}
		f.found.Unknown = make(map[string]string)
		f.behind([]diagnosis.Pod{{Namespace: "edge", Name: "envoy-0", IP: "10.0.0.1"}})
		f.reach()
		return f.found.Unknown
	}
	empty := &podIndex{byName: make(map[podKey]*placedPod), byIP: make(map[addressKey][]*placedPod)}
	others := &podIndex{byName: make(map[podKey]*placedPod), byIP: make(map[addressKey][]*placedPod)}
	others.add(Sample{Labels: map[string]string{"namespace": "edge", "pod": "envoy-7", "node": "n", "pod_ip": "10.0.0.7"}, Value: 100}, 100, nil)
	alone, among := reached(empty, nil), reached(others, map[string]bool{"10.0.0.7": true})
	if !maps.Equal(alone, among) || !strings.Contains(alone[diagnosis.CheckThroughNLB], "kube_pod_info") || alone[diagnosis.CheckBehindNLB] != "" {
		t.Errorf("alone %q, among others %q", alone, among)
	}
	if own := reached(others, map[string]bool{"10.0.0.1": true}); own[diagnosis.CheckBehindNLB] == "" {
		t.Errorf("its own proxy is in a slice, and is no endpoint of a load balancer's Service: %q", own)
	}
}

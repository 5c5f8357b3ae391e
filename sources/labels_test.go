package sources

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/relabel"
	"gopkg.in/yaml.v3"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// shape is a label set as it is found in the field, and what becomes of it.
type shape struct {
	name          string
	change        func(*Options)
	up, counter   string
	route, target string
	view          string
}

var shapes = []shape{
	{
		name:    "Envoy Gateway, PodMonitor",
		up:      `up{namespace="envoy-gateway-system",pod="envoy-7d9",container="envoy",endpoint="metrics",job="proxy-stats",instance="10.0.1.5:19001"}`,
		counter: `envoy_cluster_upstream_rq_xx{namespace="envoy-gateway-system",pod="envoy-7d9",container="envoy",endpoint="metrics",job="proxy-stats",instance="10.0.1.5:19001",envoy_response_code_class="5",envoy_cluster_name="httproute/shop/checkout/rule/0"}`,
		route:   "httproute/shop/checkout/rule/0", target: "envoy-gateway-system / envoy-7d9",
		view: "job=proxy-stats, instance=10.0.1.5:19001, endpoint=metrics, container=envoy",
	},
	{
		name:    "Envoy Gateway, Helm chart of Prometheus: all pod labels",
		up:      `up{app_kubernetes_io_component="proxy",gateway_envoyproxy_io_owning_gateway_name="eg",namespace="envoy-gateway-system",node="ip-10-0-1-9",pod="envoy-7d9",job="kubernetes-pods",instance="10.0.1.5:19001"}`,
		counter: `envoy_cluster_upstream_rq_xx{app_kubernetes_io_component="proxy",gateway_envoyproxy_io_owning_gateway_name="eg",namespace="envoy-gateway-system",node="ip-10-0-1-9",pod="envoy-7d9",job="kubernetes-pods",instance="10.0.1.5:19001",envoy_response_code_class="5",envoy_cluster_name="httproute/shop/cart/rule/1"}`,
		route:   "httproute/shop/cart/rule/1", target: "envoy-gateway-system / envoy-7d9",
		view: "job=kubernetes-pods, instance=10.0.1.5:19001",
	},
	{
		name:    "plain Envoy: no pod, the instance is the target",
		up:      `up{job="envoy",instance="edge-1:9901"}`,
		counter: `envoy_cluster_upstream_rq_xx{job="envoy",instance="edge-1:9901",envoy_response_code_class="5",envoy_cluster_name="backend"}`,
		route:   "backend", target: "edge-1:9901", view: "job=envoy",
	},
	{
		name:    "a virtual host that is called as the pooled stream is",
		change:  func(o *Options) { o.RouteLabels = []string{"vhost"} },
		up:      `up{job="envoy",instance="edge-1:9901"}`,
		counter: `envoy_cluster_upstream_rq_xx{job="envoy",instance="edge-1:9901",envoy_response_code_class="5",vhost="*"}`,
		route:   "(*)", target: "edge-1:9901", view: "job=envoy",
	},
	{
		name: "Istio",
		change: func(o *Options) {
			o.Selector = `istio_requests_total{response_code=~"5..",reporter="source"}`
			o.RouteLabels = []string{"destination_workload_namespace", "destination_workload"}
		},
		up:      `up{namespace="shop",pod="cart-5",container="istio-proxy",job="envoy-stats",instance="10.0.2.2:15090"}`,
		counter: `istio_requests_total{namespace="shop",pod="cart-5",container="istio-proxy",job="envoy-stats",instance="10.0.2.2:15090",reporter="source",response_code="503",response_flags="UF",destination_workload_namespace="pay",destination_workload="ledger"}`,
		route:   "pay / ledger", target: "shop / cart-5", view: "job=envoy-stats, instance=10.0.2.2:15090, container=istio-proxy",
	},
	{
		name:    "labels that metric relabelling dropped from the counters",
		up:      `up{namespace="gw",pod="envoy-1",container="envoy",endpoint="metrics",job="proxy",instance="10.0.1.5:19001"}`,
		counter: `envoy_cluster_upstream_rq_xx{job="proxy",instance="10.0.1.5:19001",envoy_response_code_class="5",envoy_cluster_name="x"}`,
		route:   "x", target: "gw / envoy-1", view: "job=proxy, instance=10.0.1.5:19001, endpoint=metrics, container=envoy",
	},
	{
		name:    "labels that metric relabelling added to the counters",
		up:      `up{namespace="gw",pod="envoy-1",job="proxy",instance="10.0.1.5:19001"}`,
		counter: `envoy_cluster_upstream_rq_xx{cluster="eu-1",namespace="gw",pod="envoy-1",job="proxy",instance="10.0.1.5:19001",envoy_response_code_class="5",envoy_cluster_name="x"}`,
		route:   "x", target: "eu-1 / gw / envoy-1", view: "job=proxy, instance=10.0.1.5:19001",
	},
}

func TestLabelShapes(t *testing.T) {
	t.Parallel()
	for _, c := range shapes {
		for _, protocol := range []string{ProtocolRemoteRead, ProtocolQuery} {
			f := newFakeServer(t, series(c.up, every(1000, 1000, 10, 1)...), series(c.counter, every(5000, 1000, 6, 1)...))
			s := testSource(t, testServer(t, f.URL, protocol), c.change)
			r, stats := read(t, s, 0, 20_000, false)
			if len(r.series) != 1 || len(r.early) > 0 || stats.UnroutedSeries != 0 {
				t.Errorf("%s: %v, early %v", c.name, r, r.early)
				continue
			}
			for id := range r.series {
				if id.Route != c.route || id.Target != c.target || id.View != c.view {
					t.Errorf("%s: %+v", c.name, id)
				}
				if n := len(r.scrapes[observe.TargetView{Target: id.Target, View: id.View}]); n != 10 {
					t.Errorf("%s: %d scrapes of its view", c.name, n)
				}
			}
		}
	}
}

// counters of one target, or of several, and how they relate.
func TestViewsAndCounters(t *testing.T) {
	t.Parallel()
	const tail = `,envoy_response_code_class="5",envoy_cluster_name="x"}`
	const rq = `envoy_cluster_upstream_rq_xx{`
	for _, c := range []struct {
		name              string
		a, b              string // target labels of two series, with their own `up` each
		extraA, extraB    string // labels of the counters only
		targets, counters int
	}{
		{"a fine job beside the coarse one", `job="fine",instance="a:1",namespace="gw",pod="p",endpoint="x"`, `job="coarse",instance="a:2",namespace="gw",pod="p"`, "", "", 1, 1},
		{"replicas of Prometheus", `job="j",instance="a:1",pod="p",prometheus_replica="0"`, `job="j",instance="a:1",pod="p",prometheus_replica="1"`, "", "", 1, 1},
		{"two pods", `job="j",instance="a:1",pod="p"`, `job="j",instance="b:1",pod="q"`, "", "", 2, 1},
		{"the same pod and address in two clusters", `cluster="eu",job="j",instance="a:1",namespace="n",pod="p"`, `cluster="us",job="j",instance="a:1",namespace="n",pod="p"`, "", "", 2, 1},
		{"no pods, the same address in two clusters", `cluster="eu",job="j",instance="a:1"`, `cluster="us",job="j",instance="a:1"`, "", "", 2, 1},
		{"two counters of one target", `job="j",instance="a:1",pod="p"`, "", `,code="503"`, `,code="504"`, 1, 2},
		{"a label that is only named like one of the target", `job="j",instance="a:1",pod="p"`, "", `,service="s"`, `,service="t"`, 1, 2},
	} {
		data := []stored{series("up{"+c.a+"}", every(1000, 1000, 10, 1)...)}
		second := c.a
		if c.b != "" {
			second = c.b
			data = append(data, series("up{"+c.b+"}", every(1500, 1000, 10, 1)...))
		}
		data = append(data,
			series(rq+c.a+c.extraA+tail, every(1000, 1000, 10, 1)...),
			series(rq+second+c.extraB+tail, every(1500, 1000, 10, 1)...))
		r, _ := read(t, testSource(t, testServer(t, newFakeServer(t, data...).URL, ProtocolAuto), nil), 0, 20_000, false)
		targets, counters := map[string]bool{}, map[string]bool{}
		for id := range r.series {
			targets[id.Target], counters[id.Counter] = true, true
		}
		if len(r.series) != 2 || len(targets) != c.targets || len(counters) != c.counters || len(r.early) > 0 {
			t.Errorf("%s: %d series, targets %v, %d counters, early %v", c.name, len(r.series), slices.Collect(maps.Keys(targets)), len(counters), r.early)
		}
	}
}

func TestExcludedAndUnrouted(t *testing.T) {
	t.Parallel()
	const head = `envoy_cluster_upstream_rq_xx{job="j",instance="a",envoy_response_code_class="5"`
	f := newFakeServer(t,
		series(`up{job="j",instance="a"}`, every(0, 1000, 10, 1)...),
		series(head+`,envoy_cluster_name="admin"}`, every(0, 1000, 10, 1)...),
		series(head+`,envoy_cluster_name="administration"}`, every(0, 1000, 10, 1)...),
		series(head+`}`, every(0, 1000, 10, 1)...))
	r, stats := read(t, testSource(t, testServer(t, f.URL, ProtocolAuto), nil), -1, 20_000, false)
	if len(r.series) != 1 || stats.Series != 2 || stats.UnroutedSeries != 1 {
		t.Errorf("%v %+v", r, stats)
	}
}

func TestRelabelling(t *testing.T) {
	t.Parallel()
	var rules []*relabel.Config
	err := yaml.Unmarshal([]byte(`
- source_labels: [envoy_cluster_name]
  regex: (.+)-canary
  target_label: envoy_cluster_name
- source_labels: [envoy_cluster_name]
  regex: .+
  action: keep
- source_labels: [instance]
  regex: "([^:]+):.*"
  target_label: pod
`), &rules)
	if err != nil {
		t.Fatal(err)
	}
	const head = `envoy_cluster_upstream_rq_xx{job="j",instance="h1:9901",envoy_response_code_class="5",envoy_cluster_name=`
	f := newFakeServer(t,
		series(`up{job="j",instance="h1:9901"}`, every(0, 1000, 10, 1)...),
		series(head+`"shop"}`, every(0, 1000, 10, 1)...),
		series(head+`"shop-canary"}`, every(0, 1000, 10, 1)...))
	r, _ := read(t, testSource(t, testServer(t, f.URL, ProtocolAuto), func(o *Options) { o.RelabelConfigs = rules }), -1, 20_000, false)
	counters := map[string]bool{}
	for id := range r.series {
		if id.Route != "shop" || id.Target != "h1" {
			t.Errorf("%+v", id)
		}
		counters[id.Counter] = true
	}
	// A keep rule on a label of the counters must not drop `up`, and two counters stay two.
	if len(counters) != 2 || len(r.early) > 0 {
		t.Errorf("%d counters, early %v", len(counters), r.early)
	}
}

// TestUpIsNarrowed: only the jobs that have the metric are read, and a job without a single error is
// one of them.
func TestUpIsNarrowed(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t,
		series(`up{job="envoy",instance="a"}`, every(0, 1000, 100, 1)...),
		series(`up{job="quiet",instance="b"}`, every(0, 1000, 100, 1)...),
		series(`up{job="node",instance="c"}`, every(0, 1000, 100, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="quiet",instance="b",envoy_response_code_class="2",envoy_cluster_name="x"}`, every(0, 1000, 100, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",envoy_response_code_class="5",envoy_cluster_name="x"}`, every(0, 1000, 100, 1)...))
	r, _ := read(t, testSource(t, testServer(t, f.URL, ProtocolAuto), nil), -1, 100_000, false)
	var got []string
	for view := range r.scrapes {
		got = append(got, view.Target)
	}
	if slices.Sort(got); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("read up of %v", got)
	}
}

// TestNarrowerThanTheJob: an equality matcher on a target label narrows `up`, but only where `up` has
// the label.
func TestNarrowerThanTheJob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		up   string // label of `up`
		want int    // how many `up` series are read
	}{{`,namespace="gw"`, 1}, {"", 2}} {
		f := newFakeServer(t,
			series(`up{job="pods",instance="a"`+c.up+`}`, every(0, 1000, 10, 1)...),
			series(`up{job="pods",instance="b"}`, every(0, 1000, 10, 1)...),
			series(`envoy_cluster_upstream_rq_xx{job="pods",instance="a",namespace="gw",envoy_response_code_class="5",envoy_cluster_name="x"}`, every(0, 1000, 10, 1)...))
		s := testSource(t, testServer(t, f.URL, ProtocolAuto), func(o *Options) {
			o.Selector = `envoy_cluster_upstream_rq_xx{namespace="gw",envoy_response_code_class="5"}`
		})
		read(t, s, -1, 10_000, false)
		if len(s.targets.byKey) != c.want {
			t.Errorf("up%s: %d series of up read, want %d", c.up, len(s.targets.byKey), c.want)
		}
	}
}

// TestNewJob: the `up` of a job that appears between two looks at the list of jobs is fetched before
// its counters are handed on.
func TestNewJob(t *testing.T) {
	t.Parallel()
	const tail = `,envoy_response_code_class="5",envoy_cluster_name="x"}`
	f := newFakeServer(t,
		series(`up{job="old",instance="a"}`, every(0, 1000, 100, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="old",instance="a"`+tail, every(0, 1000, 100, 1)...))
	s := testSource(t, testServer(t, f.URL, ProtocolAuto), nil)
	read(t, s, 0, 15_000, true)
	f.series = append(f.series,
		series(`up{job="new",instance="b"}`, every(16_000, 1000, 80, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="new",instance="b"`+tail, every(20_000, 1000, 70, 1)...))
	for at := int64(15_000); at < 60_000; at += 15_000 {
		r, stats := read(t, s, at, at+15_000, true)
		if len(r.early) > 0 || stats.Series != 2 || len(r.scrapes) != 2 {
			t.Errorf("at %d: early %v, %+v", at, r.early, stats)
		}
	}
	if n := f.asked("/api/v1/label"); n != 1 {
		t.Errorf("asked %d times for the jobs", n)
	}
	if n := f.asked("/api/v1/read streamed=false queries=1"); n != 1 {
		t.Errorf("asked %d times for the up of the new job", n)
	}
}

// TestWithoutLabelValues: a server that does not list jobs gives the `up` of everything.
func TestWithoutLabelValues(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	f.series = append(f.series, series(`up{job="other",instance="b"}`, every(0, 1000, 10, 1)...))
	answerWith(f, "/api/v1/label/job/values", 100, http.NotFound)
	r, stats := read(t, testSource(t, testServer(t, f.URL, ProtocolAuto), nil), -1, 100_000, false)
	if len(r.scrapes) != 2 || len(r.series) != 2 || !stats.SiblingsPresent {
		t.Errorf("%v", r)
	}
}

func TestNothingThere(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, series(`up{job="node",instance="b"}`, every(0, 1000, 10, 1)...))
	for _, protocol := range []string{ProtocolRemoteRead, ProtocolQuery} {
		r, stats := read(t, testSource(t, testServer(t, f.URL, protocol), nil), -1, 100_000, false)
		if len(r.series) != 0 || stats.Series != 0 || stats.SiblingsPresent {
			t.Errorf("%s: %v %+v", protocol, r, stats)
		}
	}
}

// TestIdentitiesAreKept: a series has one SeriesID over reads, and what is gone for long is forgotten.
func TestIdentitiesAreKept(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	s := testSource(t, testServer(t, f.URL, ProtocolAuto), nil)
	ids := map[*observe.SeriesID]bool{}
	for at := int64(0); at < 90_000; at += 10_000 {
		if _, err := s.Read(t.Context(), at, at+10_000, false, idSink(ids)); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d identities of 2 series", len(ids))
	}
	s.reads += 100
	s.targets.forget(s.reads)
	s.identities.forget(s.reads)
	if len(s.identities.series)+len(s.targets.byKey)+len(s.targets.byJoin)+len(s.targets.views)+len(s.identities.strings) != 0 {
		t.Errorf("not all was forgotten: %+v %+v", s.identities, s.targets)
	}
	if r, _ := read(t, s, 0, 50_000, false); len(r.series) != 2 || len(r.early) > 0 {
		t.Errorf("after forgetting: %v", r)
	}
}

type idSink map[*observe.SeriesID]bool

func (idSink) Scrapes(observe.TargetView, []observe.Run)      {}
func (s idSink) Series(id *observe.SeriesID, _ []observe.Run) { s[id] = true }

func TestParseSelector(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`a_total`:           "",
		`(a_total{x="y"})`:  "",
		`{__name__=~"a.+"}`: "",
		``:                  "empty",
		`rate(a_total[5m])`: "function call",
		`a_total[5m]`:       "range selector",
		`sum(a_total)`:      "aggregation",
		`a_total / b_total`: "binary expression",
		`a_total offset 5m`: "offset",
		`a_total @ 5`:       "@",
		`a_total{x="y"`:     "parse error",
		`1`:                 "scalar expression",
		`{x=~".*"}`:         "non-empty matcher",
		`a_total[5m:1m]`:    "subquery",
		`-a_total`:          "expression",
	} {
		_, err := ParseSelector(text)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	server := testServer(t, "http://localhost:9090", "")
	for says, change := range map[string]func(*Options){
		"no server":       func(o *Options) { o.Server = nil },
		"function call":   func(o *Options) { o.Selector = "rate(x[1m])" },
		"route_labels":    func(o *Options) { o.RouteLabels = nil },
		"exclude a":       func(o *Options) { o.Exclude = map[string]string{"a": "("} },
		"relabel_configs": func(o *Options) { o.RelabelConfigs = []*relabel.Config{{}} },
	} {
		o := envoyOptions
		o.Server = server
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	for _, bad := range []ServerOptions{{URL: "localhost:9090"}, {URL: "http://"}, {URL: ":"}, {URL: "http://x", Protocol: "grpc"}} {
		if _, err := NewServer(bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

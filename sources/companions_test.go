package sources

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// windows makes windows of their ends.
func windows(ends ...float64) []coarse.Window {
	var all []coarse.Window
	for i := 0; i < len(ends); i += 2 {
		all = append(all, coarse.Window{LoMillis: ends[i], HiMillis: ends[i+1]})
	}
	return all
}

func twoFingerprints() []score.Fingerprint {
	return []score.Fingerprint{
		{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond},
		{Name: "connect-timeout-10s", Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
	}
}

// The companions of Envoy's counters of clusters are read of the same targets; other selectors have none.
func TestCompanionSelectors(t *testing.T) {
	t.Parallel()
	server, err := NewServer(ServerOptions{URL: "http://localhost:9090", Client: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		selector         string
		cluster, process string // what follows the names
		timeouts, none   bool
	}{
		{selector: `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`},
		// A matcher on a target holds for all, one on a cluster for what belongs to clusters.
		{
			selector: `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",namespace="edge",envoy_cluster_name!="x"}`,
			cluster:  `,namespace="edge",envoy_cluster_name!="x"`, process: `,namespace="edge"`,
		},
		{selector: `envoy_cluster_upstream_cx_connect_timeout{job="a"}`, cluster: `,job="a"`, process: `,job="a"`, timeouts: true},
		{selector: `my_errors_total{code="5xx"}`, none: true},
	} {
		companions, err := NewCompanions(Options{
			Name: "envoy", Server: server, Selector: c.selector,
			RouteLabels: []string{"envoy_cluster_name"}, TargetLabels: []string{"namespace", "pod"}, ViewLabels: []string{"job", "instance"},
		}, twoFingerprints())
		if err != nil || (len(companions.Readers) == 0) != c.none || companions.ConnectTimeouts != c.timeouts {
			t.Errorf("%s: %+v, error %v", c.selector, companions, err)
			continue
		}
		if c.none {
			continue
		}
		reader := companions.Readers[0]
		got := []string{selectorText(reader.selector)}
		for _, also := range reader.also {
			got = append(got, selectorText(also))
		}
		timeouts, late := bounds(windows(5000, 6500, 10000, 11500)).String(), bounds(windows(1000, 5000)).String()
		if c.timeouts { // of these, no response and no lookup can be the reason
			want := []string{
				`{__name__=~"` + strings.Join(coarse.ConnectMetrics(), "|") + `|envoy_cluster_upstream_cx_connect_ms"` + c.cluster + `}`,
				`{__name__="envoy_http_downstream_rq_time_bucket",` + timeouts + c.process + `}`,
				`{__name__="envoy_cluster_upstream_cx_connect_ms_bucket",` + late + c.cluster + `}`,
				`{__name__=~"envoy_http_downstream_rq_time",envoy_response_code_class=~"|5"` + c.process + `}`,
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: reads\n%s, want\n%s", c.selector, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			continue
		}
		want := []string{
			`{__name__=~"` + strings.Join(coarse.ClusterMetrics(), "|") + `|envoy_cluster_upstream_rq_time|envoy_cluster_upstream_cx_connect_ms"` + c.cluster + `}`,
			`{__name__="envoy_http_downstream_rq_time_bucket",` + timeouts + c.process + `}`,
			`{__name__="envoy_cluster_upstream_rq_time_bucket",` + timeouts + c.cluster + `}`,
			`{__name__="envoy_cluster_upstream_cx_connect_ms_bucket",` + late + c.cluster + `}`,
			`{__name__=~"envoy_http_downstream_rq_xx|envoy_dns_cares_timeouts|envoy_http_downstream_rq_time",envoy_response_code_class=~"|5"` + c.process + `}`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: reads\n%s, want\n%s", c.selector, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Of Envoy's 19 buckets the few are read that a window needs, and custom ones near it, however they are written.
func TestBounds(t *testing.T) {
	t.Parallel()
	defaults := []string{"0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000", "300000", "600000", "1800000", "3600000", "+Inf"}
	for _, c := range []struct {
		windows []coarse.Window
		want    []string // of the defaults
		also    []string
		not     []string
	}{
		{windows(5000, 6500), []string{"2500", "10000"}, []string{"10000.0", "4900", "6500.5", "1700", "19499"}, []string{"30000.0", "1000.0", "500.5", "50000", "5200"}},
		{windows(5000, 6500, 10000, 11500), []string{"2500", "5000", "10000", "30000"}, []string{"30000.0"}, []string{"60000.0"}},
		{windows(1000, 5000), []string{"500", "5000", "10000"}, []string{"900"}, []string{"250.0", "1000.0"}},
		{windows(300000, 310000), []string{"60000", "600000"}, []string{"600000.0"}, nil},
		{windows(600000, 610000), []string{"300000", "1800000"}, []string{"1.8e+06"}, nil},
		{windows(1, 2), []string{"0.5", "5"}, nil, nil},
	} {
		m := bounds(c.windows)
		for _, bound := range append(slices.Concat(defaults, c.also), c.not...) {
			want := slices.Contains(c.want, bound) || slices.Contains(c.also, bound)
			if got := m.Matches(bound); got != want {
				t.Errorf("%v: %s matches %s: %v, want %v", c.windows, m, bound, got, want)
			}
		}
	}
}

// The patterns match exactly the numbers between the ends.
func TestBetween(t *testing.T) {
	t.Parallel()
	for _, ends := range [][2]int64{{0, 0}, {0, 9}, {0, 1234}, {7, 7}, {7, 123}, {100, 999}, {95, 2005}, {1666, 3450}, {1000, 1000}, {999, 1001}} {
		pattern := regexp.MustCompile("^(" + strings.Join(between(ends[0], ends[1]), "|") + ")$")
		for n := range int64(4000) {
			want := n >= ends[0] && n <= ends[1]
			if got := pattern.MatchString(strconv.FormatInt(n, 10)); got != want {
				t.Errorf("%v: %s matches %d: %v", ends, pattern, n, got)
			}
		}
	}
}

// A server that fails at what is read beside the errors still answers: it is only away when errors cannot be read.
func TestFailingBesideErrorsIsNotAway(t *testing.T) {
	t.Parallel()
	fake := newFakeServer(t,
		series(`up{job="envoy",instance="a",pod="p"}`, every(1000, 1000, 100, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",pod="p",envoy_cluster_name="c",envoy_response_code_class="5"}`, every(1000, 1000, 100, 1)...))
	var broken atomic.Bool
	fake.before = func(w http.ResponseWriter, _ *http.Request) bool {
		if broken.Load() {
			http.Error(w, "the storage is away", http.StatusServiceUnavailable)
		}
		return broken.Load()
	}
	o := Options{
		Name: "envoy", Server: testServer(t, fake.URL, ProtocolRemoteRead), Selector: `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`,
		RouteLabels: []string{"envoy_cluster_name"}, TargetLabels: []string{"pod"}, ViewLabels: []string{"job", "instance"},
	}
	errors, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	companions, err := NewCompanions(o, twoFingerprints())
	if err != nil {
		t.Fatal(err)
	}
	read(t, errors, 0, 50_000, false)
	broken.Store(true)
	if _, err := companions.Readers[0].Read(t.Context(), 0, 50_000, false, newRecord()); err == nil || !o.Server.Status().Answers {
		t.Errorf("error %v, status %+v: want an error that says nothing about the server", err, o.Server.Status())
	}
	if _, err := errors.Read(t.Context(), 50_000, 100_000, false, newRecord()); err == nil || o.Server.Status().Answers {
		t.Errorf("error %v, status %+v: want a server that is away", err, o.Server.Status())
	}
}

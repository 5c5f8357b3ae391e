package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/prometheus/prometheus/model/labels"
)

// What the report counts must be what a person gets who does the sums in PromQL: the value of every
// counter at the end less that at the start, where a counter that was not there counts as 0.
func TestReportAgreesWithPromQL(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.Targets = simulate.Pods(8, 2, simulate.Grid{Interval: time.Second})
	from := start.Add(time.Hour).Truncate(report.SlotLength).UTC()
	to := from.Add(585 * time.Minute)
	server := servedWithRequests(t, f, to.Add(10*time.Minute))
	r := reportOf(t, server, from, to)
	const errorsOnly, all = `{envoy_response_code_class="5"}`, ""
	errors, requests := growth(t, server, errorsOnly, from, to), growth(t, server, all, from, to)
	if len(r.Routes) != len(f.Routes) || r.Totals.Errors < 100 {
		t.Fatalf("%d routes with %d errors are no test", len(r.Routes), r.Totals.Errors)
	}
	for _, route := range r.Routes {
		if got, want := float64(route.Errors), errors[route.Route]; got != want {
			t.Errorf("%s: %v errors, %v by PromQL", route.Route, got, want)
		}
		if route.Requests == nil || float64(*route.Requests) != requests[route.Route] {
			t.Errorf("%s: %v requests, %v by PromQL", route.Route, route.Requests, requests[route.Route])
			continue
		}
		allowed := 0.001 * requests[route.Route] // of 99.9 %, over all that there is of the window
		if got, want := *route.Budget.BurnRate, errors[route.Route]/allowed; math.Abs(got/want-1) > 1e-9 {
			t.Errorf("%s: burn rate %v, want %v", route.Route, got, want)
		}
		theirs := increase(t, server, from, to)[route.Route]
		if route.Increase == nil || math.Abs(*route.Increase-theirs) > 1e-6 {
			t.Errorf("%s: increase() %v, want %v", route.Route, route.Increase, theirs)
		}
		if theirs > errors[route.Route]+0.5 == (route.Difference == "" && theirs != errors[route.Route]) && math.Abs(theirs-errors[route.Route]) > 0.5 {
			t.Errorf("%s: %v against %v is not explained", route.Route, theirs, errors[route.Route])
		}
	}
	pairsAreShown(t, r)
}

// pairsAreShown looks at the share of the routes that have pairs, and have none.
func pairsAreShown(t *testing.T, r *report.Report) {
	t.Helper()
	for _, route := range r.Routes {
		switch route.Route {
		case "httproute/a/quiet/rule/0": // nothing but pairs
			if len(route.Paired) == 0 || route.Paired[0].Ratio == nil || route.Paired[0].Ratio.Estimate < 0.85 {
				t.Errorf("%s: %+v, want nearly all errors in pairs", route.Route, route.Paired)
			}
		case "httproute/b/retries/rule/0":
			if len(route.Paired) > 0 {
				t.Errorf("%s: %+v, want none", route.Route, route.Paired)
			}
		}
	}
}

// servedWithRequests is a Prometheus that has good requests, too: three a second of each route and
// target, as a counter that began long ago.
func servedWithRequests(t *testing.T, f *simulate.Fleet, end time.Time) *promtest.Server {
	t.Helper()
	dir := t.TempDir()
	if _, err := promtest.WriteBlock(dir, start.UnixMilli(), end.UnixMilli(), withRequests(f, f.Record(start.UnixMilli(), end.UnixMilli()), start)); err != nil {
		t.Fatal(err)
	}
	return serve(t, promtest.Options{Dir: dir})
}

// withRequests are the series of a record, and those of good requests.
func withRequests(f *simulate.Fleet, record *simulate.Record, since time.Time) []promtest.Series {
	series := promtest.FleetSeries(record)
	for target := range f.Targets {
		up := record.Up(target)
		for route := range f.Routes {
			b := labels.NewScratchBuilder(8)
			for _, l := range f.Labels(simulate.Series{Route: route, Target: target, Signal: simulate.Signal5xx}) {
				if l.Name == "envoy_response_code_class" {
					l.Value = "2"
				}
				b.Add(l.Name, l.Value)
			}
			b.Sort()
			series = append(series, promtest.Series{Labels: b.Labels(), Samples: func(yield func(int64, float64) bool) {
				for at := range simulate.Samples(up) {
					if !yield(at, 1e6+math.Floor(3e-3*float64(at-since.UnixMilli()))) {
						return
					}
				}
			}})
		}
	}
	return series
}

// reportOf runs the program.
func reportOf(t *testing.T, server *promtest.Server, from, to time.Time) *report.Report {
	t.Helper()
	stretch := from.Format(time.RFC3339) + ".." + to.Format(time.RFC3339)
	done := ghostpair(t, "report", "--prometheus.url="+server.URL(), "--range="+stretch, "--output=json")
	if done.code != 0 {
		t.Fatalf("exit code %d\n%s", done.code, done.stderr)
	}
	r := new(report.Report)
	if err := json.Unmarshal([]byte(done.stdout), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func growth(t *testing.T, server *promtest.Server, class string, from, to time.Time) map[string]float64 {
	t.Helper()
	sum := func(at time.Time) string {
		return fmt.Sprintf("sum by (envoy_cluster_name) (envoy_cluster_upstream_rq_xx%s @ %d)", class, at.Unix())
	}
	return ask(t, server, fmt.Sprintf("%s - (%s or 0 * %s)", sum(to), sum(from), sum(to)), to)
}

func increase(t *testing.T, server *promtest.Server, from, to time.Time) map[string]float64 {
	t.Helper()
	return ask(t, server, fmt.Sprintf(`sum by (envoy_cluster_name) (increase(envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}[%dms]))`, to.Sub(from).Milliseconds()), to)
}

// ask evaluates an expression and returns its values by route.
func ask(t *testing.T, server *promtest.Server, expr string, at time.Time) map[string]float64 {
	t.Helper()
	resp, err := http.PostForm(server.URL()+"/api/v1/query", url.Values{"query": {expr}, "time": {strconv.FormatInt(at.Unix(), 10)}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Error != "" {
		t.Fatal(err, answer.Error)
	}
	values := make(map[string]float64)
	for _, r := range answer.Data.Result {
		v, err := strconv.ParseFloat(r.Value[1].(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		values[r.Metric["envoy_cluster_name"]] = v
	}
	return values
}

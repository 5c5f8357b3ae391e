package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/simulate"
)

// fakePrometheus answers range selectors from a simulated fleet that goes on for ever, at any time
// that it is asked about. It has no remote read, and can be away.
type fakePrometheus struct {
	*httptest.Server
	fleet *simulate.Fleet
	away  atomic.Bool
	after atomic.Int64 // Unix milliseconds: what is asked about later times is refused; 0: nothing
	asked atomic.Int64 // range selectors

	longest atomic.Int64 // the longest of their ranges in milliseconds
}

func newFakePrometheus(t *testing.T, fleet *simulate.Fleet) *fakePrometheus {
	t.Helper()
	f := &fakePrometheus{fleet: fleet}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/query", f.query)
	mux.HandleFunc("/api/v1/status/config", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]string{"yaml": ""}) })
	mux.HandleFunc("/api/v1/label/job/values", func(w http.ResponseWriter, r *http.Request) {
		jobs := []string{}
		if strings.Contains(r.FormValue("match[]"), "envoy") {
			jobs = append(jobs, "envoy")
		}
		reply(w, jobs)
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// ghosts is two pods that are scraped every second, a route with a pair every two minutes and one
// without any, since long ago.
func ghosts(start time.Time) *simulate.Fleet {
	return &simulate.Fleet{
		Seed: 5, StartMillis: start.UnixMilli(),
		Targets: simulate.Pods(5, 2, simulate.Grid{Interval: time.Second}),
		Routes: []simulate.Route{
			{Name: "httproute/shop/checkout/rule/0", Processes: []simulate.Process{
				simulate.Pairs{PerHour: 30, Lag: simulate.Span{Lo: 5200 * time.Millisecond, Hi: 5500 * time.Millisecond}},
			}},
			{Name: "httproute/shop/cart/rule/0", Processes: []simulate.Process{simulate.Poisson{PerHour: 5}}, Eager: true},
		},
	}
}

type matrixSeries struct {
	Metric map[string]string `json:"metric"`
	Values [][2]any          `json:"values"`
}

func (f *fakePrometheus) query(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.PostFormValue("query"))
	at, errTime := strconv.ParseFloat(r.PostFormValue("time"), 64)
	if err != nil || errTime != nil {
		http.Error(w, fmt.Sprint(err, errTime), http.StatusBadRequest)
		return
	}
	matrix, ok := expr.(*parser.MatrixSelector)
	switch call, isCall := expr.(*parser.Call); {
	case ok:
	case isCall && call.Func.Name == "increase":
		http.Error(w, "not by me", http.StatusBadRequest)
		return
	default: // there is nothing beside the counters of errors
		reply(w, map[string]any{"resultType": "vector", "result": []any{}})
		return
	}
	to := int64(at * 1000)
	for span := matrix.Range.Milliseconds(); ; {
		if longest := f.longest.Load(); longest >= span || f.longest.CompareAndSwap(longest, span) {
			break
		}
	}
	if after := f.after.Load(); after > 0 && to > after {
		http.Error(w, "no credentials for that time", http.StatusForbidden)
		return
	}
	record := f.fleet.Record(max(f.fleet.StartMillis, to-matrix.Range.Milliseconds()), to)
	matchers := matrix.VectorSelector.(*parser.VectorSelector).LabelMatchers
	result := []matrixSeries{}
	add := func(set []simulate.Label, runs []observe.Run) {
		if s := (matrixSeries{Metric: map[string]string{}, Values: values(runs)}); len(s.Values) > 0 && matches(matchers, set) {
			for _, l := range set {
				s.Metric[l.Name] = l.Value
			}
			result = append(result, s)
		}
	}
	ups := make([][]observe.Run, len(f.fleet.Targets))
	for i := range f.fleet.Targets {
		ups[i] = record.Up(i)
		add(append([]simulate.Label{{Name: "__name__", Value: "up"}}, f.fleet.TargetLabels(i)...), ups[i])
	}
	for _, s := range record.Series() {
		add(f.fleet.Labels(s), record.Counter(s, ups[s.Target]))
	}
	reply(w, map[string]any{"resultType": "matrix", "result": result})
}

func values(runs []observe.Run) [][2]any {
	var all [][2]any
	for at, v := range simulate.Samples(runs) {
		all = append(all, [2]any{float64(at) / 1000, strconv.FormatFloat(v, 'f', -1, 64)})
	}
	return all
}

func matches(matchers []*labels.Matcher, set []simulate.Label) bool {
	values := make(map[string]string)
	for _, l := range set {
		values[l.Name] = l.Value
	}
	for _, m := range matchers {
		if !m.Matches(values[m.Name]) {
			return false
		}
	}
	return true
}

func reply(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": data})
}

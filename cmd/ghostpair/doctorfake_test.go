package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ghostpair/ghostpair/simulate"
)

// surveyed time of the tests: a day after the fleets began.
const (
	surveyAt   = "2026-01-06T12:00:00Z"
	surveyURL  = "http://prometheus.example:9090"
	fakeServer = "3.7.0"
)

// fakeGauge is a series with one value at all times since the start of the fleet; a late one is too old
// for a selector without a range.
type fakeGauge struct {
	labels map[string]string
	value  float64
	late   bool
}

// fakeSurveyed answers what doctor and preflight ask: counts and plain selectors over gauges, and raw
// samples of a fleet.
type fakeSurveyed struct {
	*httptest.Server
	fleet  *fakePrometheus
	gauges []fakeGauge
	since  time.Time
	shut   bool // shows neither its version nor its configuration

	robin atomic.Int64 // answers about scrape times so far
	mixed bool         // whether they are in turn those of two servers
}

func newFakeSurveyed(t *testing.T, fleet *simulate.Fleet, gauges ...fakeGauge) *fakeSurveyed {
	t.Helper()
	f := &fakeSurveyed{fleet: newFakePrometheus(t, fleet), since: time.UnixMilli(fleet.StartMillis), gauges: gauges}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/query", f.query)
	mux.HandleFunc("/api/v1/status/buildinfo", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]string{"version": fakeServer}) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { f.fleet.Config.Handler.ServeHTTP(w, r) })
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.shut && strings.HasPrefix(r.URL.Path, "/api/v1/status/") {
			http.Error(w, "not for you", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSurveyed) query(w http.ResponseWriter, r *http.Request) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.PostFormValue("query"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, ok := expr.(*parser.MatrixSelector); ok {
		f.fleet.query(w, r)
		return
	}
	at, err := strconv.ParseFloat(r.PostFormValue("time"), 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	found, err := f.evaluate(expr, at > float64(f.since.Unix()))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	result := []map[string]any{}
	for _, g := range found {
		result = append(result, map[string]any{"metric": g.labels, "value": [2]any{at, strconv.FormatFloat(g.value, 'g', -1, 64)}})
	}
	reply(w, map[string]any{"resultType": "vector", "result": result})
}

// evaluate knows the few forms that are asked.
func (f *fakeSurveyed) evaluate(expr parser.Expr, started bool) ([]fakeGauge, error) {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return f.evaluate(e.Expr, started)
	case *parser.VectorSelector:
		return f.matching(e, false, started), nil
	case *parser.BinaryExpr:
		found, err := f.evaluate(e.LHS, started)
		if e.Op == parser.EQLC { // x == 1
			found = slices.DeleteFunc(found, func(g fakeGauge) bool { return g.value != 1 })
		}
		return found, err // x >= 0, and the growth max_over_time(x) - min_over_time(x): the value of a gauge
	case *parser.Call:
		if e.Func.Name == "vector" {
			return []fakeGauge{{labels: map[string]string{}, value: 1}}, nil
		}
		if e.Func.Name == "timestamp" {
			phase := 0.0
			if turn := f.robin.Add(1); f.mixed {
				phase = float64(turn % 2)
			}
			return []fakeGauge{{labels: map[string]string{}, value: 1 + phase}}, nil
		}
		switch over := e.Args[0].(type) {
		case *parser.MatrixSelector:
			return f.matching(over.VectorSelector.(*parser.VectorSelector), true, started), nil
		case *parser.SubqueryExpr:
			return f.evaluate(over.Expr, started)
		}
	case *parser.AggregateExpr:
		found, err := f.evaluate(e.Expr, started)
		return groupBy(e.Op == parser.COUNT, found, e.Grouping), err
	}
	return nil, fmt.Errorf("the fake does not know %s", expr)
}

func (f *fakeSurveyed) matching(selector *parser.VectorSelector, past, started bool) []fakeGauge {
	var found []fakeGauge
	for _, g := range f.gauges {
		all := func(m *labels.Matcher) bool { return !m.Matches(g.labels[m.Name]) }
		if started && (past || !g.late) && !slices.ContainsFunc(selector.LabelMatchers, all) {
			found = append(found, g)
		}
	}
	return found
}

// groupBy counts the gauges of each group, or finds their largest value.
func groupBy(count bool, gauges []fakeGauge, names []string) []fakeGauge {
	groups := make(map[string]fakeGauge)
	for _, g := range gauges {
		kept := make(map[string]string)
		for _, name := range names {
			if v := g.labels[name]; v != "" {
				kept[name] = v
			}
		}
		key := fmt.Sprint(kept)
		value := max(groups[key].value, g.value)
		if count {
			value = groups[key].value + 1
		}
		groups[key] = fakeGauge{labels: kept, value: value}
	}
	return slices.SortedFunc(maps.Values(groups), func(a, b fakeGauge) int { return cmp.Compare(fmt.Sprint(a.labels), fmt.Sprint(b.labels)) })
}

// gauge makes a series of 1 from text such as name{a="b"}, or of another value that stands behind it; one whose
// name starts with ~ is late.
func gauge(t *testing.T, text string) fakeGauge {
	t.Helper()
	plain, late := strings.CutPrefix(text, "~")
	value := 1.0
	if series, number, ok := strings.Cut(plain, "} "); ok {
		plain = series + "}"
		var err error
		if value, err = strconv.ParseFloat(number, 64); err != nil {
			t.Fatal(err)
		}
	}
	set, err := parser.NewParser(parser.Options{}).ParseMetric(plain)
	if err != nil {
		t.Fatal(err)
	}
	return fakeGauge{labels: set.Map(), value: value, late: late}
}

func gauges(t *testing.T, texts ...string) []fakeGauge {
	t.Helper()
	var all []fakeGauge
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				all = append(all, gauge(t, line))
			}
		}
	}
	return all
}

// surveyGolden runs a command against a server and compares what it gives with a golden file, in which
// the server has a name.
func (f *fakeSurveyed) golden(t *testing.T, file string, args ...string) {
	t.Helper()
	stdout, stderr, code := runCommand(append(args, "--prometheus.url="+f.URL)...)
	got := fmt.Sprintf("exit code %d\n-- stdout\n%s-- stderr\n%s", code, stdout, stderr)
	compare(t, file, strings.ReplaceAll(got, f.URL, surveyURL), args)
}

package report

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/internal/goldens"
	"github.com/ghostpair/ghostpair/slo"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// odd is a route name with everything that some format could take amiss.
const odd = `=HYPERLINK("x") | <script>alert('1')</script> & "ünïcode" *` + "`\n"

var syn = score.Fingerprint{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}

// world is a fixed set of data: requests every minute, and the errors that a test adds.
type world struct {
	in       Input
	errors   *Errors
	requests *Requests
	units    map[string]*observe.Unit
}

// newWorld covers 28 days up to the end of a period, of which data is there from `from` on.
func newWorld(period slo.Period, from time.Time) *world {
	axis := NewAxis(period.End.AddDate(0, 0, -28), period.End)
	w := &world{units: make(map[string]*observe.Unit)}
	coverage := NewCoverage(axis)
	w.errors = NewErrors(axis, slo.Span{From: period.Start, To: period.End}, []score.Fingerprint{syn})
	w.requests = NewRequests(axis, coverage)
	first := axis.start(0).UnixMilli()
	if from.UnixMilli() > first {
		first = from.UnixMilli()
	}
	if first < period.End.UnixMilli() {
		coverage.Mark([]observe.Run{{FirstMillis: first + 1000, StepMillis: 15_000, Count: (period.End.UnixMilli() - first) / 15_000, Value: 1}})
	}
	w.in = Input{
		Period: period, Now: period.End.Add(8 * time.Hour), Prometheus: "http://prometheus:9090", Version: "1.2.3", RunbookURL: "https://example.org/runbook.md",
		Axis: axis, Coverage: coverage, Fingerprints: []score.Fingerprint{syn},
		Objectives: []Objective{{Pattern: ".*", Match: func(string) bool { return true }, Objective: slo.Objective{Target: 0.999, Window: 28 * 24 * time.Hour}}},
	}
	w.in.Sources = []Source{{Name: "envoy", Signal: "5xx", Errors: w.errors, Requests: w.requests}}
	return w
}

// serve lets a route answer perSlot requests in every slot from `from` on.
func (w *world) serve(route string, perSlot float64, from time.Time) {
	slots := w.requests.route(route)
	for i := range slots {
		if !w.in.Axis.start(i).Before(from) {
			slots[i] = perSlot
		}
	}
	w.errors.route(route)
}

// fail adds errors of a route at instants, one second wide.
func (w *world) fail(route string, at ...time.Time) {
	unit := w.units[route]
	if unit == nil {
		unit = &observe.Unit{ID: int32(len(w.units)), Route: route, Target: "pod-0", DeltaMillis: 1000}
		w.units[route] = unit
	}
	p := observe.Piece{FromMillis: w.in.Period.Start.UnixMilli(), ToMillis: w.in.Period.End.UnixMilli()}
	for _, t := range at {
		p.Events = append(p.Events, observe.Event{LeftMillis: t.UnixMilli() - 1000, AtMillis: t.UnixMilli(), Unit: unit, Kind: observe.Cell, Increment: 1})
	}
	w.errors.Add(p)
}

// weekOf is the week 47 of 2026 in a time zone.
func weekOf(t *testing.T, zone string) slo.Period {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	p, err := slo.ParsePeriod("2026-W47", location)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shop is the fixed data set of the golden files: one route with pairs, one that is fine, one with an
// odd name and all its errors in one hour, and one that never failed; retention of twenty days.
func shop(t *testing.T) *world {
	t.Helper()
	week := weekOf(t, "Europe/Berlin")
	from := week.End.AddDate(0, 0, -20)
	w := newWorld(week, from)
	w.serve("httproute/shop/checkout/rule/0", 300, from)
	w.serve("httproute/shop/cart/rule/0", 5000, from)
	w.serve(odd, 50, from)
	w.serve("httproute/shop/quiet/rule/0", 10, from)
	start := week.Start
	for h := range 24 * 19 { // two pairs and three single errors an hour, from a day after the data begins
		base := from.Add(24*time.Hour + time.Duration(h)*time.Hour)
		w.fail("httproute/shop/checkout/rule/0", base.Add(time.Minute), base.Add(time.Minute+5*time.Second), base.Add(13*time.Minute),
			base.Add(20*time.Minute+17*time.Second), base.Add(31*time.Minute), base.Add(31*time.Minute+6*time.Second), base.Add(50*time.Minute))
	}
	w.serve("httproute/shop/search/rule/0", 2000, from)
	for i := range 40 {
		w.fail("httproute/shop/search/rule/0", start.Add(time.Duration(i)*4*time.Hour+7*time.Minute))
	}
	for i := range 60 {
		w.fail("httproute/shop/cart/rule/0", start.Add(time.Duration(i)*2*time.Hour+time.Second))
	}
	for i := range 240 {
		w.fail(odd, start.Add(30*time.Hour+time.Duration(i)*15*time.Second))
	}
	w.errors.quality = finding.Quality{Series: 4, Samples: 2_400_000, Births: 3, Resets: 1}
	w.in.Maintenance = []Maintenance{
		{slo.Span{From: start.Add(30 * time.Hour), To: start.Add(30*time.Hour + 30*time.Minute)}, "roll-out <2>"},
		{slo.Span{From: start.Add(30*time.Hour + 15*time.Minute), To: start.Add(30*time.Hour + 30*time.Minute)}, "again"},
	}
	w.in.Sources[0].Increase = map[string]float64{"httproute/shop/checkout/rule/0": 1170.4, "httproute/shop/cart/rule/0": 60.2, odd: 240}
	w.in.Findings = shopFindings(start)
	return w
}

func shopFindings(start time.Time) finding.Document {
	key := func(route string) finding.Key {
		return finding.Key{Source: "envoy", Signal: "5xx", Route: route, Fingerprint: syn.Name}
	}
	alarm := start.Add(14 * time.Hour)
	lost := map[string]diagnosis.Outcome{
		diagnosis.CheckConnectTimeouts: diagnosis.Supports, diagnosis.CheckTimeoutShare: diagnosis.Supports, diagnosis.CheckResets: diagnosis.Contradicts,
	}
	throughNLB := map[string]diagnosis.Outcome{diagnosis.CheckThroughNLB: diagnosis.Supports, diagnosis.CheckSpread: diagnosis.Contradicts}
	maps.Copy(throughNLB, lost)
	d := finding.Document{Findings: []finding.Finding{
		{
			Key: key("httproute/shop/checkout/rule/0"), Verdict: finding.Paired, Level: "same", Labels: []string{},
			Transitions: []finding.Transition{{At: alarm, Verdict: "paired"}}, Histogram: &finding.Histogram{BinSeconds: 1},
		},
		{Key: key("httproute/shop/cart/rule/0"), Verdict: finding.Undecided, Reasons: []string{finding.ReasonTooFewErrors}, Advice: "about 14 more errors would settle it"},
		{Key: key(odd), Verdict: finding.Clear, Transitions: []finding.Transition{{At: alarm.Add(time.Hour), Verdict: "clear"}}},
		{
			Key: finding.Key{Source: "envoy-connect", Signal: "connect_timeout", Route: finding.PooledRoute, Fingerprint: syn.Name}, Verdict: finding.Paired,
			Labels: []string{finding.LabelWidespread}, Errors: 14, Members: []finding.Member{{Route: odd, Trials: 3}},
			Histogram: &finding.Histogram{BinSeconds: 1, FirstLagSeconds: 1, Observed: []int{0, 0, 0, 0, 6, 1, 0}, Expected: []float64{.2, .2, .2, .1, .1, .1, .1}},
		},
		{
			Key: key("httproute/shop/search/rule/0"), Verdict: finding.Suspected, Labels: []string{}, Advice: "for proof, a scrape of 3 s or less",
			Transitions: []finding.Transition{{At: alarm.Add(10 * time.Hour), Verdict: "suspected"}},
		},
	}}
	explained(&d.Findings[0], throughNLB)
	explained(&d.Findings[4], lost)
	return d
}

// explained gives a finding checks with these outcomes, and the causes that they name.
func explained(f *finding.Finding, outcomes map[string]diagnosis.Outcome) {
	f.Checks, f.Causes = nil, nil
	var checks []diagnosis.Check
	for _, name := range diagnosis.CheckNames() {
		if outcome, ok := outcomes[name]; ok {
			checks = append(checks, diagnosis.Check{Name: name, Outcome: outcome})
			f.Checks = append(f.Checks, finding.Check{
				Name: name, Outcome: outcome.String(), Figure: new(0.984), Lower: new(0.951), Upper: new(1.0), Unit: diagnosis.UnitRatio, Text: "what <" + name + "> found",
			})
		}
	}
	for _, r := range diagnosis.Rank(checks) {
		if r.Named {
			f.Causes = append(f.Causes, finding.Cause{
				Name: r.Cause, Title: r.Title, FirstStep: r.First, Reference: r.Reference, Score: r.Score, Tied: r.Tied,
				Supporting: r.Supporting, Contradicting: r.Contradicting,
			})
		}
	}
}

func TestGoldens(t *testing.T) {
	t.Parallel()
	r := Build(shop(t).in)
	for _, format := range Formats() {
		var got bytes.Buffer
		if err := r.Write(&got, format); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "report."+format)
		goldens.Check(t, path, got.String(), *update)
	}
	if err := r.Write(new(bytes.Buffer), "pdf"); err == nil {
		t.Error("an unknown format is written")
	}
}

// Three hundred routes must stay readable, and under two megabytes.
func TestThreeHundredRoutes(t *testing.T) {
	t.Parallel()
	week := weekOf(t, "UTC")
	w := newWorld(week, week.Start.AddDate(0, 0, -21))
	for i := range 300 {
		route := fmt.Sprintf("httproute/namespace-%d/a-rather-long-service-name-%d/rule/0", i%17, i)
		w.serve(route, float64(100+i), week.Start.AddDate(0, 0, -21))
		for k := range 150 {
			w.fail(route, week.Start.Add(time.Duration(i+k*61)*time.Minute))
		}
	}
	for i := range 300 { // the worst case: all of them have pairs, and in the connect timeouts, too
		route := fmt.Sprintf("httproute/namespace-%d/a-rather-long-service-name-%d/rule/0", i%17, i)
		for _, signal := range []string{"5xx", "connect_timeout"} {
			f := finding.Finding{Verdict: finding.Paired, Level: "same", Errors: 20, Histogram: &finding.Histogram{BinSeconds: 1, Observed: make([]int, 11), Expected: make([]float64, 11)}}
			f.Key = finding.Key{Source: map[string]string{"5xx": "envoy", "connect_timeout": "connect"}[signal], Signal: signal, Route: route, Fingerprint: syn.Name}
			w.in.Findings.Findings = append(w.in.Findings.Findings, f)
		}
	}
	r := Build(w.in)
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", page.Len())
	if page.Len() > 2<<20 {
		t.Errorf("the page has %d bytes", page.Len())
	}
	if n := bytes.Count(page.Bytes(), []byte(`class="spark"`)); n != 300 {
		t.Errorf("%d routes in the table, want 300", n)
	}
	if n := bytes.Count(page.Bytes(), []byte("<article")); n != 2*fullCharts+otherCharts {
		t.Errorf("%d cards with charts, want %d", n, 2*fullCharts+otherCharts)
	}
}

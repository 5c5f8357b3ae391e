package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/alert"
	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// twoMechanisms is a fleet in which one route has errors that are there at once and come again after 5 s, and
// another route, on other pods, the same of timeouts.
func twoMechanisms() *simulate.Fleet {
	again := []simulate.Process{
		simulate.Poisson{PerHour: 2},
		simulate.Pairs{PerHour: 8, Lag: simulate.Span{Lo: 5 * time.Second, Hi: 5500 * time.Millisecond}},
	}
	return &simulate.Fleet{
		Seed: 5, StartMillis: start.UnixMilli(), Targets: simulate.Pods(5, 4, simulate.Grid{Interval: time.Second}),
		Routes: []simulate.Route{
			{Name: "instant", Processes: again, Targets: []int{0, 1}},
			{Name: "timeouts", Processes: again, Targets: []int{2, 3}},
		},
	}
}

// histogramsOf are the latency histograms of a fleet as a second scrape job has them, every 15 s.
func histogramsOf(f *simulate.Fleet, end time.Time) []promtest.Series {
	l := &coarsetest.Latencies{Pods: len(f.Targets), Flush: 5000, Jobs: []coarsetest.Job{{Interval: 15_000}}}
	random := rand.New(rand.NewPCG(1, 2))
	record := f.Record(start.UnixMilli(), end.UnixMilli())
	for route, name := range []string{"instant", "timeouts"} {
		for _, e := range record.Events(route) {
			a := coarsetest.Answer{AtMillis: e.AtMillis, Pod: e.Target, TookMillis: 4}
			if name == "timeouts" && e.OriginMillis != 0 {
				a.TookMillis = 5005
			}
			l.Answers = append(l.Answers, a)
		}
	}
	for at := start; at.Before(end); at = at.Add(time.Duration(random.Int64N(int64(20 * time.Second)))) {
		l.Answers = append(l.Answers, coarsetest.Answer{AtMillis: at.UnixMilli(), Pod: random.IntN(len(f.Targets)), TookMillis: 30})
	}
	r := histogramRecorder{recorder: recorder{from: start.UnixMilli(), to: end.UnixMilli()}, fleet: f}
	l.Feed(r.from, r.to, &r)
	for i := range f.Targets {
		f.Targets[i].Grid.Interval = 15 * time.Second // the scrapes of that job
		b := labels.NewBuilder(labels.FromStrings("__name__", "up"))
		for _, l := range f.TargetLabels(i) {
			b.Set(l.Name, l.Value)
		}
		b.Set("job", "proxy-stats")
		up := f.Record(r.from, r.to).Up(i)
		r.series = append(r.series, promtest.Series{Labels: b.Labels(), Samples: simulate.Samples(up)})
	}
	return r.series
}

// histogramRecorder records buckets with the labels that the targets of a fleet have.
type histogramRecorder struct {
	recorder
	fleet *simulate.Fleet
}

func (r *histogramRecorder) Series(id *observe.SeriesID, runs []observe.Run) {
	parts := strings.Split(id.Route, " / ")
	target := slices.IndexFunc(r.fleet.Targets, func(t simulate.Target) bool { return t.Name == id.Target })
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, l := range r.fleet.TargetLabels(target) {
		b.Set(l.Name, l.Value)
	}
	b.Set("__name__", parts[0]).Set("envoy_http_conn_manager_prefix", parts[1]).Set("le", parts[2]).Set("job", "proxy-stats")
	r.series = append(r.series, promtest.Series{Labels: b.Labels(), Samples: r.samples(slices.Clone(runs))})
}

// Errors that are there at once and come again after 5 s raise the look-alike alert where a latency histogram is
// scraped, in whatever job, and the page where none is. Timeouts raise the page in either case.
func TestInstantErrorsRaiseNoPage(t *testing.T) {
	t.Parallel()
	const hours = 10
	end := start.Add(hours * time.Hour)
	for _, histograms := range []bool{true, false} {
		f := twoMechanisms()
		series := promtest.FleetSeries(f.Record(start.UnixMilli(), end.UnixMilli()))
		if histograms {
			series = append(series, histogramsOf(f, end)...)
		}
		options := promtest.Options{Dir: t.TempDir()}
		if _, err := promtest.WriteBlock(options.Dir, start.UnixMilli(), end.UnixMilli(), series); err != nil {
			t.Fatal(err)
		}
		result := ghostpair(t, backfillOf(serve(t, options).URL(), end, "--output=json")...)
		if result.code != 0 {
			t.Fatalf("exit code %d: %s", result.code, result.stderr)
		}
		var document finding.Document
		if err := json.Unmarshal([]byte(result.stdout), &document); err != nil {
			t.Fatal(err)
		}
		got := alertsOf(t, document)
		want := []string{"GhostpairPairedErrors instant", "GhostpairPairedErrors timeouts"}
		if histograms {
			want = []string{"GhostpairLookAlike instant fast", "GhostpairPairedErrors timeouts"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("histograms %v: alerts %q, want %q", histograms, got, want)
		}
	}
}

// withLatency adds the latency histograms of the 5xx source, as the program does it.
func withLatency(t *testing.T, server *promtest.Server, protocol string) func(*engine.Options) {
	t.Helper()
	prometheus, err := sources.NewServer(sources.ServerOptions{URL: server.URL(), Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *engine.Options) {
		for i, s := range o.Sources {
			d := config.Default().Sources[i]
			latency, err := sources.NewLatency([]*sources.Server{prometheus}, sources.Options{
				Name: s.Name, Selector: d.Selector, RouteLabels: d.RouteLabels, TargetLabels: d.TargetLabels, ViewLabels: d.ViewLabels,
			}, o.Fingerprints)
			if err != nil {
				t.Fatal(err)
			}
			if latency != nil {
				o.Sources[i].Latency = latency
			}
		}
	}
}

// The label is the same by every reader, and however time is cut.
func TestFastByEveryReader(t *testing.T) {
	t.Parallel()
	const hours = 9
	end := start.Add(hours*time.Hour + 1234*time.Millisecond)
	f := twoMechanisms()
	series := append(promtest.FleetSeries(f.Record(start.UnixMilli(), end.UnixMilli())), histogramsOf(f, end)...)
	options := promtest.Options{Dir: t.TempDir()}
	if _, err := promtest.WriteBlock(options.Dir, start.UnixMilli(), end.UnixMilli(), series); err != nil {
		t.Fatal(err)
	}
	server := serve(t, options)
	run := func(protocol string, through ...time.Time) outcome {
		e := newEngine(t, server, protocol, withLatency(t, server, protocol))
		advance(t, e, append(through, end)...)
		return outcomeOf(t, e).shown()
	}
	want := run(sources.ProtocolAuto)
	if !bytes.Contains(want.document, []byte(`"fast"`)) {
		t.Fatal("nothing is fast: the comparison would be empty")
	}
	same(t, "query", run(sources.ProtocolQuery), want)
	var cuts []time.Time
	for at := start; at.Before(end); at = at.Add(11*time.Minute + 7*time.Second) {
		cuts = append(cuts, at)
	}
	for i := range 20 { // live ticks at the end
		cuts = append(cuts, end.Add(time.Duration(i-20)*15*time.Second))
	}
	slices.SortFunc(cuts, time.Time.Compare)
	same(t, "cuts", run(sources.ProtocolAuto, cuts...), want)
}

// alertsOf are the alerts about routes that the shipped rules raise for a document: with name, route and label.
func alertsOf(t *testing.T, document finding.Document) []string {
	t.Helper()
	server := serve(t, promtest.Options{})
	now := time.Now()
	registry := prometheus.NewRegistry()
	registry.MustRegister(alert.NewCollector(func() *finding.Evaluation { return &finding.Evaluation{Document: document} }, time.Now))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var samples []promtest.Sample
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if m.GetGauge() == nil {
				continue
			}
			b := labels.NewBuilder(labels.FromStrings("__name__", family.GetName(), "job", "ghostpair", "instance", "g:9955"))
			for _, l := range m.GetLabel() {
				b.Set(l.GetName(), l.GetValue())
			}
			samples = append(samples, promtest.Sample{Labels: b.Labels(), AtMillis: now.UnixMilli(), Value: m.GetGauge().GetValue()})
		}
	}
	if err := server.Append(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	text, err := alert.Rules(alert.RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	client, err := api.NewClient(api.Config{Address: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	var raised []string
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			value, _, _, err := v1.NewAPI(client).Query(t.Context(), rule.Expr, now)
			if err != nil {
				t.Fatalf("%s: %v", rule.Alert, err)
			}
			for _, sample := range value.(model.Vector) {
				if route := sample.Metric["route"]; route != "" && route != finding.PooledRoute {
					raised = append(raised, strings.TrimSpace(fmt.Sprintf("%s %s %s", rule.Alert, route, sample.Metric["label"])))
				}
			}
		}
	}
	slices.Sort(raised)
	return raised
}

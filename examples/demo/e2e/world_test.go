package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/ghostpair/ghostpair/sources"
)

// start is no round number of anything, and lies in the past: Prometheus's own clock plays no part.
var start = time.UnixMilli(1_780_000_123_456)

// fleet is three pods with everything that goes wrong in practice: a restart, lost scrapes, one pod
// that comes late and goes early; two routes with pairs, one of them across pods, and one without.
func fleet() *simulate.Fleet {
	bursty, _ := simulate.Scenario("bursty")
	retry, _ := simulate.Scenario("retry3")
	lag := simulate.Span{Lo: 5 * time.Second, Hi: 6 * time.Second}
	targets := simulate.Pods(8, 3, simulate.Grid{Interval: time.Second})
	targets[0].Restarts = simulate.Restarts{Every: 5 * time.Hour, At: 31 * time.Minute, Down: 30 * time.Second}
	targets[1].Grid.Missed = 0.0005
	targets[2].BornMillis = start.Add(2 * time.Hour).UnixMilli()
	targets[2].GoneMillis = start.Add(9 * time.Hour).UnixMilli()
	return &simulate.Fleet{
		Seed: 3, StartMillis: start.UnixMilli(), Targets: targets,
		Routes: []simulate.Route{
			{Name: "httproute/a/quiet/rule/0", Processes: []simulate.Process{simulate.Pairs{PerHour: 6, Lag: lag}}, Planted: simulate.ByClientOnConnect},
			{Name: "httproute/a/bursts/rule/0", Processes: append(bursty, simulate.Pairs{PerHour: 8, Lag: lag, Across: true})},
			{Name: "httproute/b/retries/rule/0", Processes: retry},
		},
	}
}

// served writes what a fleet does in (start, end] and starts a Prometheus on it.
func served(t *testing.T, f *simulate.Fleet, end time.Time, options promtest.Options) *promtest.Server {
	t.Helper()
	options.Dir = t.TempDir()
	if _, err := promtest.WriteFleet(options.Dir, f, start.UnixMilli(), end.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	return serve(t, options)
}

func serve(t *testing.T, options promtest.Options) *promtest.Server {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	server, err := promtest.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// newEngine is an engine with the default sources, wired as the program does it, that reads a server
// by one protocol.
func newEngine(t *testing.T, server *promtest.Server, protocol string, adjust func(*engine.Options)) *engine.Engine {
	t.Helper()
	defaults := config.Default()
	prometheus, err := sources.NewServer(sources.ServerOptions{URL: server.URL(), Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	o := engine.Options{
		Origin: start, ConfigHash: "test", Tables: tables,
		FalseAlarmsPerMonth: defaults.FalseAlarmsPerMonth, ClearBelow: defaults.ClearBelow,
	}
	for _, f := range defaults.Fingerprints {
		o.Fingerprints = append(o.Fingerprints, score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi})
	}
	for _, s := range defaults.Sources {
		if !s.Timing() {
			continue
		}
		reader, err := sources.New(sources.Options{
			Name: s.Name, Server: prometheus, Selector: s.Selector,
			RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, ViewLabels: s.ViewLabels, Exclude: s.Exclude,
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Sources = append(o.Sources, engine.Source{Name: s.Name, Kind: s.Kind, Signal: s.Signal, Reader: reader})
	}
	if adjust != nil {
		adjust(&o)
	}
	e, err := engine.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// tables are shared: they are the same for all tests, and dear when they have to be solved.
var tables = score.NewCache()

// An outcome is what an engine knows: the document, and every bit of its state. The state tells when
// something was published, too: it is to be compared only where that was at the same instants.
type outcome struct {
	document, state []byte
}

// shown is the outcome without the state.
func (o outcome) shown() outcome { return outcome{document: o.document} }

func outcomeOf(t *testing.T, e *engine.Engine) outcome {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshot")
	if err := e.WriteSnapshot(path); err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.MarshalIndent(e.Evaluation().Document, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return outcome{document, state}
}

// same fails the test where two outcomes differ, and shows the first line in which they do.
func same(t *testing.T, what string, got, want outcome) {
	t.Helper()
	if !bytes.Equal(got.document, want.document) {
		a, b := bytes.Split(got.document, []byte("\n")), bytes.Split(want.document, []byte("\n"))
		for i := range min(len(a), len(b)) {
			if !bytes.Equal(a[i], b[i]) {
				t.Errorf("%s: documents differ in line %d:\n got %s\nwant %s", what, i+1, a[i], b[i])
				return
			}
		}
		t.Errorf("%s: documents of %d and %d lines", what, len(a), len(b))
		return
	}
	if !bytes.Equal(got.state, want.state) {
		t.Errorf("%s: equal documents, but the states differ", what)
	}
}

// advance moves an engine on, through the given instants.
func advance(t *testing.T, e *engine.Engine, through ...time.Time) {
	t.Helper()
	for _, to := range through {
		if err := e.Advance(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
}

// verdicts are those of the 5 s fingerprint, by signal and route.
func verdicts(e *engine.Engine) map[string]finding.Verdict {
	all := map[string]finding.Verdict{}
	for _, f := range e.Evaluation().Findings {
		if f.Fingerprint == "syn-timeout-5s" {
			all[f.Signal+" "+f.Route] = f.Verdict
		}
	}
	return all
}

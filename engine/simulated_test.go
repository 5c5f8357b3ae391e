package engine

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

// start is a Sunday evening, so that runs cross a midnight.
var start = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)

const signal = simulate.Signal5xx

// fleet is three pods that miss a scrape now and then and restart, with a route that has pairs.
func fleet(interval time.Duration) *simulate.Fleet {
	pods := simulate.Pods(7, 3, simulate.Grid{Interval: interval, Jitter: 5 * time.Millisecond, Missed: 0.001})
	pods[0].Restarts = simulate.Restarts{Every: 5 * time.Hour, At: time.Hour, Down: 20 * time.Second}
	pods[2].BornMillis = start.Add(3 * time.Hour).UnixMilli()
	bursty, _ := simulate.Scenario("bursty")
	return &simulate.Fleet{
		Seed: 11, StartMillis: start.Add(-time.Hour).UnixMilli(), Targets: pods,
		Routes: []simulate.Route{
			{Name: "paired", Processes: []simulate.Process{
				simulate.Poisson{PerHour: 10},
				simulate.Pairs{PerHour: 12, Lag: simulate.Span{Lo: 5100 * time.Millisecond, Hi: 5600 * time.Millisecond}},
			}},
			{Name: "quiet", Processes: []simulate.Process{simulate.Poisson{PerHour: 3}}},
			{Name: "bursty", Processes: bursty, Eager: true},
		},
	}
}

// fakeReader reads a fleet. It is as unkind as a server may be: series come in any order and in
// pieces, and a read fails in the middle when broken says so.
type fakeReader struct {
	fleet   *simulate.Fleet
	shuffle *rand.Rand                             // nil: as they come
	broken  func(fromMillis, toMillis int64) error // nil: never

	mu    sync.Mutex
	reads []finding.Window
	lives []bool
}

func (f *fakeReader) Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	if err := ctx.Err(); err != nil {
		return observe.ReadStats{}, err
	}
	f.mu.Lock()
	f.reads = append(f.reads, finding.Window{Start: instant(fromMillis), End: instant(toMillis)})
	f.lives = append(f.lives, live)
	f.mu.Unlock()
	lo := fromMillis
	if live {
		lo -= time.Minute.Milliseconds()
	}
	var kept keptSink
	stats := f.fleet.Record(lo, toMillis).Feed(signal, &kept)
	if f.broken != nil {
		if err := f.broken(fromMillis, toMillis); err != nil {
			kept.series = kept.series[:len(kept.series)/2]
			kept.replay(f.shuffle, sink)
			return observe.ReadStats{}, err
		}
	}
	kept.replay(f.shuffle, sink)
	return stats, nil
}

// keptSink keeps what it is given, to hand it on in another order.
type keptSink struct {
	scrapes, series []func(observe.Sink)
}

func (k *keptSink) Scrapes(view observe.TargetView, runs []observe.Run) {
	runs = slices.Clone(runs)
	k.scrapes = append(k.scrapes, func(s observe.Sink) { s.Scrapes(view, runs) })
}

func (k *keptSink) Series(id *observe.SeriesID, runs []observe.Run) {
	runs = slices.Clone(runs)
	k.series = append(k.series, func(s observe.Sink) {
		cut := len(runs) / 2 // a series may span frames
		s.Series(id, runs[:cut])
		s.Series(id, runs[cut:])
	})
}

func (k *keptSink) replay(shuffle *rand.Rand, sink observe.Sink) {
	for _, calls := range [][]func(observe.Sink){k.scrapes, k.series} {
		if shuffle != nil {
			shuffle.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
		}
		for _, call := range calls {
			call(sink)
		}
	}
}

// fingerprints has one whose table is embedded, so that no test solves one.
func fingerprints() []score.Fingerprint {
	return []score.Fingerprint{{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}}
}

// options returns an engine over two sources, one scraped every second and one every two.
func options(readers ...Reader) Options {
	o := Options{
		Origin: start, ConfigHash: "hash", Fingerprints: fingerprints(),
		FalseAlarmsPerMonth: 1, ClearBelow: 0.1,
		Now: func() time.Time { return start },
	}
	for i, r := range readers {
		o.Sources = append(o.Sources, Source{
			Name: []string{"fine", "coarse", "third"}[i], Kind: "envoy", Signal: signal, Reader: r, RouteLimit: 100,
		})
	}
	return o
}

func newEngine(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func advance(t *testing.T, e *Engine, to time.Time) {
	t.Helper()
	if err := e.Advance(context.Background(), to); err != nil {
		t.Fatalf("Advance(%s): %v", to, err)
	}
}

// outcome is all that may not depend on how time was cut.
type outcome struct {
	document, state string
}

func outcomeOf(t *testing.T, e *Engine) outcome {
	t.Helper()
	document, err := json.MarshalIndent(e.Evaluation().Document, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	// The moments of publishing are in the baseline of the counters, and belong to a run of the
	// service, not to the samples.
	for _, source := range e.timing {
		source.baseline = baseline{}
	}
	state, err := e.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return outcome{string(document), string(state)}
}

// check compares outcomes and shows the first place where they differ.
func (want outcome) check(t *testing.T, name string, got outcome) {
	t.Helper()
	if got.document != want.document {
		at := 0
		for at < min(len(got.document), len(want.document)) && got.document[at] == want.document[at] {
			at++
		}
		around := func(s string) string { return s[max(0, at-300):min(len(s), at+120)] }
		t.Fatalf("%s: the document differs:\n%s\n--- want:\n%s", name, around(got.document), around(want.document))
	}
	if got.state != want.state {
		t.Fatalf("%s: the state differs, the document does not", name)
	}
}

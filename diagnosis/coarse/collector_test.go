package coarse_test

import (
	"bytes"
	"encoding"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

const (
	hourMillis = 60 * 60 * 1000
	dayMillis  = 24 * hourMillis
)

var start = coarsetest.Start

func fingerprints() []score.Fingerprint {
	return []score.Fingerprint{
		{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond},
		{Name: "connect-timeout-10s", Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
	}
}

func collect(t *testing.T, w *coarsetest.World, cuts ...int64) *coarse.Collector {
	t.Helper()
	c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
	from := start
	for _, to := range cuts {
		c.Begin(from, to)
		w.Feed(from, to, c)
		w.FeedErrors(from, to, c.Errors())
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	return c
}

func stateOf(t *testing.T, c *coarse.Collector) []byte {
	t.Helper()
	b, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Dropped connects wait 5 s, which shows at 15 s; refused connects and fast errors do not.
func TestOnlyWhatWaitsIsSuspected(t *testing.T) {
	t.Parallel()
	end := start + dayMillis
	c := collect(t, coarsetest.NewWorld(1, 1), end)
	for route, want := range map[string]bool{"ghost": true, "refused": false, "fast": false, "busy": false, "unknown": false} {
		if _, got := c.Suspected(route, 0, end); got != want {
			t.Errorf("%s is suspected of the 5 s timeout: %v, want %v", route, got, want)
		}
		if _, got := c.Suspected(route, 1, end); got { // a wait of 5 s is no timeout of 10 s
			t.Errorf("%s is suspected of the 10 s timeout", route)
		}
	}
	if _, early := c.Suspected("ghost", 0, start+hourMillis); early {
		t.Error("ghost was suspected after an hour of 8 failures, before the first look at 20")
	}
}

// The figures are those that were planted.
func TestObservations(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(2, 1)
	end := start + dayMillis
	c := collect(t, w, start+5*hourMillis, end)
	var o diagnosis.Observations
	if !c.Observe("ghost", 0, &o) {
		t.Fatal("nothing is known of a route with errors")
	}
	// What happened before the first scrape of a pod is where counting starts.
	planted := int64(0)
	for _, f := range w.Failures["ghost"] {
		if f.AtMillis > w.Scrapes(f.Pod, start, start+dayMillis)[0] && f.AtMillis <= w.Scrapes(f.Pod, end-60000, end)[3] {
			planted++
		}
	}
	for name, got := range map[string]*int64{"errors": o.Errors, "failures": o.Connects.Failures, "timeouts": o.Connects.Timeouts} {
		if got == nil || *got != planted {
			t.Errorf("%s = %v, want %d", name, deref(got), planted)
		}
	}
	if o.Responses.Timeouts != nil || o.TLSErrors != nil {
		t.Error("counters that are nowhere are taken for 0")
	}
	d := o.Coarse.Dwell
	if d == nil || !d.Meets(5, 5.1) || d.LowerSeconds < 3 || d.UpperSeconds > 8 {
		t.Errorf("dwell = %+v, want about the 5 s that were planted", d)
	}
	if a := o.Coarse.Association; a == nil || a.Share.Lower < 0.9 {
		t.Errorf("association = %+v, want nearly all errors to be slow ones", a)
	}
	if s := o.Coarse.TimeoutShare; s == nil || s.Estimate != 1 {
		t.Errorf("timeout share = %+v, want 1", s)
	}
	if *o.Hours < 24 || *o.ErrorHours < 20 {
		t.Errorf("%d hours, %d with errors, want a day with errors in nearly all", *o.Hours, *o.ErrorHours)
	}
	ranked := diagnosis.Leading(diagnosis.Rank(diagnosis.Checks(o)))
	if !slices.ContainsFunc(ranked, func(r diagnosis.Ranked) bool { return r.Cause == diagnosis.CauseHairpinBehind }) {
		t.Errorf("leading causes = %+v, want the hairpin among those that lose connects", ranked)
	}
}

func deref(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

// However time is cut, and in which order series come, the state is the same.
func TestCutsDoNotMatter(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 2))
		w := coarsetest.NewWorld(seed, 2)
		w.TwoViews = seed%2 == 1
		w.Jitter = int64(seed/2) * 40
		w.Missed = func(pod int, scrape int64) bool { return (scrape*7+int64(pod))%97 < int64(seed) }
		end := start + 13*hourMillis
		want := stateOf(t, collect(t, w, end))
		w.Reorder = random
		var cuts []int64
		for at := start; at < end; {
			at = min(end, at+1+random.Int64N(2*hourMillis))
			cuts = append(cuts, at)
		}
		if got := stateOf(t, collect(t, w, cuts...)); !bytes.Equal(got, want) {
			t.Errorf("seed %d: the state differs after %d cuts: %s", seed, len(cuts), difference(got, want))
		}
	}
}

// Ticks as a service takes them come to the same as one stretch.
func TestTicksDoNotMatter(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(9, 1)
	end := start + 2*hourMillis
	var cuts []int64
	for at := start; at < end; at += 15000 {
		cuts = append(cuts, at+15000)
	}
	if got, want := stateOf(t, collect(t, w, cuts...)), stateOf(t, collect(t, w, end)); !bytes.Equal(got, want) {
		t.Errorf("the state differs: %s", difference(got, want))
	}
}

func difference(got, want []byte) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	around := func(b []byte) []byte { return b[max(0, at-200):min(len(b), at+80)] }
	return fmt.Sprintf("\n%s\n--- want:\n%s", around(got), around(want))
}

// A state that was written goes on as if nothing had happened.
func TestStateRoundTrip(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(3, 1)
	middle, end := start+7*hourMillis, start+12*hourMillis
	want := stateOf(t, collect(t, w, middle, end))
	half := stateOf(t, collect(t, w, middle))
	c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
	if err := c.UnmarshalBinary(half); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, c); !bytes.Equal(got, half) {
		t.Errorf("the state changed by being read: %s", difference(got, half))
	}
	c.Begin(middle, end)
	w.Feed(middle, end, c)
	w.FeedErrors(middle, end, c.Errors())
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, c); !bytes.Equal(got, want) {
		t.Errorf("the state differs: %s", difference(got, want))
	}
	for _, bad := range []string{"", "{}", `{"Version":1,"Routes":{"a":null}}`, `{"Version":1,"Routes":{"a":{"Accounts":[]}}}`} {
		if err := c.UnmarshalBinary([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a state", bad)
		}
	}
	if got := stateOf(t, c); !bytes.Equal(got, want) {
		t.Error("a state that was refused changed the collector")
	}
}

// A piece that is given up leaves no trace.
func TestAbort(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(4, 1)
	c := collect(t, w, start+hourMillis)
	want := stateOf(t, c)
	c.Begin(start+hourMillis, start+2*hourMillis)
	w.Feed(start+hourMillis, start+2*hourMillis, c)
	w.FeedErrors(start+hourMillis, start+2*hourMillis, c.Errors())
	c.Abort()
	if got := stateOf(t, c); !bytes.Equal(got, want) {
		t.Error("it does")
	}
}

// Routes beyond the limit are ignored, the same ones however time is cut.
func TestRouteLimit(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(7, 1)
	end := start + 3*hourMillis
	run := func(cuts ...int64) []byte {
		c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1, RouteLimit: 2})
		from := start
		for _, to := range cuts {
			c.Begin(from, to)
			w.Feed(from, to, c)
			w.FeedErrors(from, to, c.Errors())
			if err := c.End(); err != nil {
				t.Fatal(err)
			}
			from = to
		}
		for route, want := range map[string]bool{"busy": true, "fast": true, "ghost": false, "refused": false} { // by name: they begin together
			if got := c.Observe(route, 0, &diagnosis.Observations{}); got != want {
				t.Errorf("%s is known: %v, want %v", route, got, want)
			}
		}
		return stateOf(t, c)
	}
	want := run(end)
	if got := run(start+hourMillis, start+2*hourMillis, end); !bytes.Equal(got, want) {
		t.Errorf("the state differs: %s", difference(got, want))
	}
}

// A sample that is no count, as a broken exporter may have, is as good as none: it must not get into a state, which
// could not be written then.
func TestSamplesThatAreNoCounts(t *testing.T) {
	t.Parallel()
	c, l := coarse.New(coarse.Options{Fingerprints: fingerprints()}), coarse.NewLatency(fingerprints(), start)
	c.Begin(start, start+hourMillis)
	l.Begin(start, start+hourMillis)
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		for _, route := range []string{
			coarse.LatencyMetric + " / in / 5000", coarse.LatencyMetric + " / in / 10000", coarse.ClusterMetrics()[0] + " / ghost", coarse.ProcessMetrics()[0],
		} {
			id := observe.SeriesID{Route: route, Target: "pod", Counter: fmt.Sprint(value)}
			runs := []observe.Run{{FirstMillis: start + 15_000, StepMillis: 15_000, Count: 10, Value: value}}
			c.Scrapes(observe.TargetView{Target: "pod"}, runs)
			c.Series(&id, runs)
			l.Series(&id, runs)
		}
	}
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	l.End()
	for name, state := range map[string]encoding.BinaryMarshaler{"collector": c, "latency": l} {
		if _, err := state.MarshalBinary(); err != nil {
			t.Errorf("state of the %s: %v", name, err)
		}
	}
}

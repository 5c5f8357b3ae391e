package coarse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis"
)

func collect(t *testing.T, w *world, cuts ...int64) *Collector {
	t.Helper()
	c := New(Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
	from := start
	for _, to := range cuts {
		c.Begin(from, to)
		w.feed(from, to, c)
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	return c
}

func stateOf(t *testing.T, c *Collector) []byte {
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
	c := collect(t, newWorld(1, 1), end)
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
	w := newWorld(2, 1)
	end := start + dayMillis
	c := collect(t, w, start+5*hourMillis, end)
	var o diagnosis.Observations
	if !c.Observe("ghost", 0, &o) {
		t.Fatal("nothing is known of a route with errors")
	}
	// What happened before the first scrape of a pod is where counting starts.
	planted := int64(0)
	for _, f := range w.failures["ghost"] {
		if f.atMillis > w.scrapes(f.pod, start, start+dayMillis)[0] && f.atMillis <= w.scrapes(f.pod, end-60000, end)[3] {
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
		w := newWorld(seed, 2)
		w.twoViews = seed%2 == 1
		w.jitter = int64(seed/2) * 40
		w.missed = func(pod int, scrape int64) bool { return (scrape*7+int64(pod))%97 < int64(seed) }
		end := start + 20*hourMillis
		want := stateOf(t, collect(t, w, end))
		w.reorder = random
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
	w := newWorld(9, 1)
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
	w := newWorld(3, 1)
	middle, end := start+7*hourMillis, start+12*hourMillis
	want := stateOf(t, collect(t, w, middle, end))
	half := stateOf(t, collect(t, w, middle))
	c := New(Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
	if err := c.UnmarshalBinary(half); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, c); !bytes.Equal(got, half) {
		t.Errorf("the state changed by being read: %s", difference(got, half))
	}
	c.Begin(middle, end)
	w.feed(middle, end, c)
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
	w := newWorld(4, 1)
	c := collect(t, w, start+hourMillis)
	want := stateOf(t, c)
	c.Begin(start+hourMillis, start+2*hourMillis)
	w.feed(start+hourMillis, start+2*hourMillis, c)
	c.Abort()
	if got := stateOf(t, c); !bytes.Equal(got, want) {
		t.Error("it does")
	}
}

// The levels of a day add up to no more than was promised.
func TestLevelsAddUp(t *testing.T) {
	t.Parallel()
	c := New(Options{Fingerprints: fingerprints()[:1], FalseSuspicionsPerMonth: 3})
	day := int64(100 * dayMillis)
	for i := range 40 {
		r := newRoute(1)
		r.Accounts[0] = []account{{DeltaMillis: 15000, Born: day - 20*hourMillis + int64(i)*hourMillis}}
		c.routes[fmt.Sprintf("r%02d", i)] = r
	}
	levels, sum := c.levels(), 0.0
	for _, r := range c.routes {
		sum += levels.of(&r.Accounts[0][0])(day)
	}
	// Two tests on 30 days: a sixtieth of the month's 3, of which the newborn leave a tail.
	if limit := 3.0 / 60; sum > limit || sum < 0.9*limit {
		t.Errorf("the levels of a day add up to %g, want at most %g", sum, limit)
	}
}

package coarse_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// Where scrapes are fine enough to see the lag itself, how long errors take is still told, as scrapes every 15 s
// would; nothing is suspected by it.
func TestFineScrapesTellHowLongErrorsTake(t *testing.T) {
	t.Parallel()
	for _, interval := range []int64{1000, 2000} {
		w := coarsetest.NewWorld(2, 1)
		w.Interval = interval
		end := start + 5*hourMillis
		c := collect(t, w, start+2*hourMillis, end)
		o := observed(t, c, "ghost")
		if d := o.Coarse.Dwell; d == nil || !d.Meets(5, 5.1) || d.IntervalSeconds != 15 || d.LowerSeconds < 1.5 {
			t.Errorf("at %d ms: dwell %+v, want 5 s, as at 15 s", interval, d)
		}
		if a := o.Coarse.Association; a == nil || a.PValue > 1e-9 || a.Share.Estimate < 0.9 {
			t.Errorf("at %d ms: association %+v, want nearly all errors to be slow ones", interval, a)
		}
		if a := observed(t, c, "fast").Coarse.Association; a == nil || a.Share.Estimate > 0.2 {
			t.Errorf("at %d ms: fast errors: association %+v, want none", interval, a)
		}
		if history := c.History("ghost", 0); len(history) > 0 {
			t.Errorf("at %d ms: %v, want nothing to be suspected", interval, history)
		}
	}
}

// Scrapes that are left out, and pieces that hold nothing else, make no difference to how time is cut.
func TestCutsDoNotMatterToFineScrapes(t *testing.T) {
	t.Parallel()
	w := coarsetest.NewWorld(4, 1)
	w.Interval = 2000
	w.Missed = func(pod int, scrape int64) bool { return (scrape*5+int64(pod))%41 < 3 }
	random, end := rand.New(rand.NewPCG(8, 8)), start+2*hourMillis
	want := stateOf(t, collect(t, w, end))
	for _, longest := range []int64{20 * 60_000, 40_000} {
		options := coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1}
		c, from := coarse.New(options), start
		for _, to := range cutsOf(random, end, longest) {
			c.Begin(from, to)
			w.Feed(from, to, c)
			w.FeedErrors(from, to, c.Errors())
			if err := c.End(); err != nil {
				t.Fatal(err)
			}
			state := stateOf(t, c)
			if c = coarse.New(options); c.UnmarshalBinary(state) != nil {
				t.Fatal("a state was refused")
			}
			from = to
		}
		if got := stateOf(t, c); !bytes.Equal(got, want) {
			t.Errorf("pieces of up to %d ms make another state: %s", longest, difference(got, want))
		}
	}
}

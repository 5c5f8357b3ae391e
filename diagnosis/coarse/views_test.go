package coarse_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// fine hands on a few of the companions, as a scrape with a filter shows them, in a view of its own
// that sorts before the other.
type fine struct{ observe.Sink }

func (f fine) Series(id *observe.SeriesID, runs []observe.Run) {
	if strings.HasPrefix(id.Route, "envoy_") && !strings.Contains(id.Route, "_cx_connect_") {
		return
	}
	renamed := *id
	renamed.View = "job=a-fine"
	f.Sink.Series(&renamed, runs)
}

// collectBoth collects what both a fine scrape of few counters and a coarse one of all see.
func collectBoth(t *testing.T, w *coarsetest.World, cuts ...int64) *coarse.Collector {
	t.Helper()
	often := *w
	often.Interval = 1000
	c := coarse.New(coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1})
	from := start
	for _, to := range cuts {
		c.Begin(from, to)
		w.Feed(from, to, c)
		often.Feed(from, to, fine{c})
		w.FeedErrors(from, to, c.Errors())
		often.FeedErrors(from, to, fine{c.Errors()})
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	return c
}

// The scrape of the whole page tells how long connects wait, the finer one of a few counters does not:
// whichever comes first, the former is used.
func TestTheViewThatShowsMoreIsUsed(t *testing.T) {
	t.Parallel()
	c := collectBoth(t, coarsetest.NewWorld(1, 1), start+4*hourMillis)
	var o diagnosis.Observations
	if !c.Observe("ghost", 0, &o) || o.Coarse.Dwell == nil || !o.Coarse.Dwell.Meets(5, 6.5) || o.Coarse.Association == nil {
		t.Errorf("evidence = %+v, want that of the coarse scrape", o.Coarse)
	}
	// 8 failures an hour over four hours, less the few before the interval of the coarse view is known.
	if o.Errors == nil || *o.Errors < 18 || *o.Errors > 48 {
		t.Errorf("errors = %v, want each once", o.Errors)
	}
}

func TestCutsDoNotMatterToViews(t *testing.T) {
	t.Parallel()
	w, end := coarsetest.NewWorld(2, 1), start+2*hourMillis
	want := stateOf(t, collectBoth(t, w, end))
	random := rand.New(rand.NewPCG(3, 3))
	var cuts []int64
	for at := start; at < end; at += 1 + random.Int64N(20*60*1000) {
		if at > start {
			cuts = append(cuts, at)
		}
	}
	if got := stateOf(t, collectBoth(t, w, append(cuts, end)...)); !bytes.Equal(got, want) {
		t.Errorf("%d cuts make another state:\n%s\nwant\n%s", len(cuts), got, want)
	}
}

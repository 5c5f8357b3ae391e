package observe

import (
	"slices"
	"testing"
)

// TestAlias: the counters of a pod have a label that its `up` lacks, so that its scrapes are known by another
// name until the first error. However time is cut, that error is a cell between two scrapes.
func TestAlias(t *testing.T) {
	t.Parallel()
	known, as := TargetView{"10.0.0.1", ""}, TargetView{"pod", ""}
	advance := func(cuts ...int64) []string {
		o := New(Options{})
		var events []Event
		from, learned := int64(0), false
		for _, to := range cuts {
			o.Begin(from, to)
			times := grid(1000, 1000, 30)
			o.Scrapes(known, ups(times...))
			if learned = learned || to >= 20_000; learned { // with the first counter of a read
				o.Alias(known, as)
				o.Scrapes(as, ups(times...))
				o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(2, times[19:]...))
			}
			if from < 20_000 { // a read that is given up leaves nothing
				abort(t, o)
				o.Begin(from, to)
				o.Scrapes(known, ups(times...))
				if learned {
					o.Alias(known, as)
					o.Scrapes(as, ups(times...))
					o.Series(&SeriesID{Route: "r", Target: "pod"}, flat(2, times[19:]...))
				}
			}
			events = append(events, o.End().Events...)
			from = to
			o = reload(t, o, Options{})
		}
		return append(describe(events), string(marshal(t, o)))
	}
	want := advance(30_000)
	if len(want) != 2 || want[0] != "(19000,20000] r pod 1000 #0 cell 2" {
		t.Fatalf("events %q", want[:len(want)-1])
	}
	for _, cuts := range [][]int64{{20_000, 30_000}, {19_500, 20_000, 30_000}, {5000, 10_000, 19_999, 20_000, 21_000, 30_000}} {
		if got := advance(cuts...); !slices.Equal(got, want) {
			t.Errorf("cut at %d: events %q, want %q", cuts, got[:len(got)-1], want[:len(want)-1])
		}
	}
}

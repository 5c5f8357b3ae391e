package observe

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Dealing events out gives the order that comparing all of them gives: spread over the piece, crowded into
// a moment, at its very ends, alone, and for the longest piece that may be.
func TestSortEvents(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 1))
	units := []*Unit{{Route: "a", Target: "x"}, {Route: "a", Target: "y"}, {Route: "b", Target: "x"}}
	for range 300 {
		from := rng.Int64N(math.MaxInt64/2) - math.MaxInt64/4
		to := from + 1 + rng.Int64N(1+rng.Int64N(retentionMillis))
		crowd := 1 + rng.Int64N(to-from)
		var events []Event
		for range rng.IntN(400) {
			at := from + 1 + rng.Int64N(to-from)
			if rng.IntN(2) == 0 {
				at = from + crowd
			}
			events = append(events, Event{AtMillis: at, Unit: units[rng.IntN(3)], Kind: Kind(rng.IntN(3))})
		}
		events = append(events, Event{AtMillis: to, Unit: units[0]}, Event{AtMillis: from + 1, Unit: units[0]})
		want := slices.Clone(events)
		slices.SortFunc(want, compareEvents)
		sortEvents(events, from, to)
		if !slices.Equal(events, want) {
			t.Fatalf("events of (%d, %d] are not in order", from, to)
		}
	}
}

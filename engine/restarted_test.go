package engine

import (
	"math/rand/v2"
	"testing"
	"time"
)

// restarted advances in steps, taking over the state in a fresh engine after each, then to the end and a moment
// beyond it, and returns what came out.
func restarted(t *testing.T, o Options, steps []time.Duration, end, moment time.Duration) outcome {
	t.Helper()
	e := newEngine(t, o)
	for _, step := range append(steps[:len(steps):len(steps)], end) {
		advance(t, e, o.Origin.Add(step))
		state, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		e = newEngine(t, o)
		if err := e.UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
	}
	advance(t, e, o.Origin.Add(end+moment))
	return outcomeOf(t, e)
}

// cutsUpTo are instants up to the end, at random distances below the longest.
func cutsUpTo(end, longest time.Duration, random *rand.Rand) []time.Duration {
	var steps []time.Duration
	for at := time.Duration(0); at < end; at += time.Duration(random.Int64N(int64(longest))) {
		steps = append(steps, at)
	}
	return steps
}

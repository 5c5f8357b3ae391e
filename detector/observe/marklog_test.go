package observe

import (
	"math/rand/v2"
	"testing"
)

// What is put into the log comes out again: at both ends of the longest piece, with and without what is never.
func TestMarkLogKeepsMarks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	const longest = 49 * 24 * hourMillis
	for _, from := range []int64{-3 * longest, 0, 1_790_000_000_123} {
		log := markLog{from: from}
		anyTime := func() int64 {
			return []int64{never, from + 1, from + longest, from + 1 + rng.Int64N(longest)}[rng.IntN(4)]
		}
		var marks []mark
		for i := range 3 * markBlock {
			m := mark{at: from + 1 + rng.Int64N(longest), prior: anyTime(), before: anyTime(), value: rng.Float64(), next: noMark}
			m.vanished = never
			if m.missing = uint8(rng.IntN(3)); m.missing > 0 {
				m.vanished = anyTime()
			}
			if index := log.add(m); index != int32(i) {
				t.Fatalf("mark %d has index %d", i, index)
			}
			marks = append(marks, m)
		}
		log.link(7, 11)
		marks[7].next = 11
		for i, want := range marks {
			if got := log.at(int32(i)); got != want {
				t.Fatalf("since %d: mark %d is %+v, want %+v", from, i, got, want)
			}
		}
	}
}

package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/sources"
)

// However time is cut, the answer is the same; so it is when the program is started anew at a cut.
func TestCutsOfTimeDoNotMatter(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	server := served(t, fleet(), end, promtest.Options{})
	once := newEngine(t, server, sources.ProtocolAuto, nil)
	advance(t, once, end)
	want := outcomeOf(t, once).shown()
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 1))
		cuts := []time.Time{end}
		for range 30 {
			cuts = append(cuts, start.Add(time.Duration(random.Int64N(int64(12*time.Hour/time.Millisecond)))*time.Millisecond))
		}
		slices.SortFunc(cuts, time.Time.Compare)
		e := newEngine(t, server, sources.ProtocolAuto, nil)
		advance(t, e, cuts...)
		same(t, fmt.Sprintf("cuts of seed %d", seed), outcomeOf(t, e).shown(), want)

		path := filepath.Join(t.TempDir(), "snapshot")
		first := newEngine(t, server, sources.ProtocolAuto, nil)
		advance(t, first, cuts[:15]...)
		if err := first.WriteSnapshot(path); err != nil {
			t.Fatal(err)
		}
		second := newEngine(t, server, sources.ProtocolAuto, nil)
		if err := second.ReadSnapshot(path); err != nil {
			t.Fatal(err)
		}
		advance(t, second, end)
		same(t, fmt.Sprintf("restart at cut 15 of seed %d", seed), outcomeOf(t, second).shown(), want)
	}
}

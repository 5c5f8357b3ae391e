package detector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// origin is a UTC day boundary.
const origin = 20_800 * dayMillis

// busyWorld is a few days of several routes and targets at two scrape intervals, with gaps, missed
// samples, growth across gaps, a target that comes late, and pairs on one route: enough for alarms,
// confirmations, labels and a resolution. One route falls silent and leaves.
func busyWorld(seed uint64, hours int64) *world {
	rng := rand.New(rand.NewPCG(seed, 77))
	w := &world{}
	for i, delta := range []int64{1000, 1000, 1000, 2000, 15_000} {
		first := origin + 137 + rng.Int64N(delta)
		if i == 2 {
			first += 3*hourMillis + 1_800_000
		}
		last := origin + hours*hourMillis
		if i == 3 {
			last = origin + 5*hourMillis // its routes leave a day later
		}
		times := grid(first, last, delta)
		gap := origin + rng.Int64N(hours)*hourMillis
		times = slices.DeleteFunc(times, func(at int64) bool {
			return at > gap && at < gap+600_000 || rng.IntN(20_000) == 0
		})
		w.target(delta, times)
	}
	routes := [][]int32{{0, 1, 2}, {0}, {1, 2}, {3}, {3, 0}, {4}}
	for r, targets := range routes {
		for _, target := range targets {
			u := w.unit(fmt.Sprintf("route%d", r), int32(r), fmt.Sprintf("pod%d", target), target)
			w.errors(rng, u, hours, r)
		}
	}
	w.sort()
	return w
}

// errors puts a background on a unit, and pairs where the route is the first or the fourth.
func (w *world) errors(rng *rand.Rand, u *observe.Unit, hours int64, route int) {
	t := w.targets[u.TargetID]
	hits := map[int]bool{}
	put := func(at int64) {
		if i := t.latest(at-1) + 1; i < len(t.times) && i > 0 {
			hits[i] = true
		}
	}
	span := hours * hourMillis
	for range hours * 8 {
		put(origin + rng.Int64N(span))
	}
	if route == 0 || route == 3 {
		for range hours * 12 {
			at := origin + rng.Int64N(min(span, 30*hourMillis))
			put(at)
			put(at + 5000 + rng.Int64N(1500))
		}
	}
	for i := range hits {
		kind := observe.Cell
		if !t.regular(i) {
			kind = observe.Growth
		}
		w.add(u, t.times[i], kind, float64(1+rng.IntN(2)))
	}
	for range 5 {
		if i := rng.IntN(len(t.times)); !hits[i] {
			w.add(u, t.times[i], observe.Break, 0)
		}
	}
}

func testDetector(t testing.TB, w *world) *Detector {
	return New(Options{
		Source: "envoy", Signal: "5xx", Fingerprints: []score.Fingerprint{syn, gateway},
		Tables: referenceTables(t), FalseAlarmsPerMonth: 1,
		Ignore: func(route, fingerprint string, at int64) bool {
			return route == "route1" && fingerprint == gateway.Name && at < origin+30*hourMillis
		},
	}, w)
}

func snapshot(t testing.TB, d *Detector) []byte {
	t.Helper()
	b, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func findingsJSON(t testing.TB, d *Detector, at int64) []byte {
	t.Helper()
	all := d.Findings(at)
	var mates []Mates
	for i := range all {
		m, _ := d.Mates(all[i].Key)
		mates = append(mates, m)
	}
	b, err := json.Marshal(struct{ Findings, Mates, Routes any }{all, mates, d.Routes(at)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCutInvariance feeds the same days at once, in random pieces, and in random pieces with a
// restart from a snapshot and calls of Findings in between: state and findings must agree to the byte.
func TestCutInvariance(t *testing.T) {
	t.Parallel()
	const hours = 62
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := busyWorld(seed, hours)
			end := int64(origin + hours*hourMillis)
			whole := testDetector(t, w)
			w.feed(t, whole, origin, end)
			state, findings := snapshot(t, whole), findingsJSON(t, whole, end)

			rng := rand.New(rand.NewPCG(seed, 1))
			for round := range 4 {
				cuts := []int64{end}
				for range 1 + rng.IntN(150) {
					at := origin + 1 + rng.Int64N(hours*hourMillis-1)
					if rng.IntN(3) == 0 {
						at -= at % hourMillis // on the hour
					}
					cuts = append(cuts, at)
				}
				slices.Sort(cuts)
				cuts = slices.Compact(cuts)
				cuts = slices.DeleteFunc(cuts, func(at int64) bool { return at <= origin })
				d, from := testDetector(t, w), int64(origin)
				for _, to := range cuts {
					w.feed(t, d, from, to)
					from = to
					if round%2 == 1 && rng.IntN(4) == 0 {
						before := findingsJSON(t, d, to)
						d = restored(t, w, snapshot(t, d))
						if after := findingsJSON(t, d, to); !bytes.Equal(before, after) {
							t.Fatalf("findings at %d differ after a restart: %s", to, difference(before, after))
						}
					}
				}
				if !bytes.Equal(state, snapshot(t, d)) {
					t.Errorf("round %d: state depends on how time was cut", round)
				}
				if got := findingsJSON(t, d, end); !bytes.Equal(findings, got) {
					t.Errorf("round %d: findings depend on how time was cut: %s", round, difference(findings, got))
				}
			}
		})
	}
}

func restored(t testing.TB, w *world, state []byte) *Detector {
	t.Helper()
	d := testDetector(t, w)
	if err := d.UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(state, snapshot(t, d)) {
		t.Fatal("a restored state has other bytes")
	}
	return d
}

// difference shows the surroundings of the first byte that differs.
func difference(a, b []byte) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	show := func(x []byte) []byte { return x[max(0, i-300):min(len(x), i+80)] }
	return fmt.Sprintf("\n%s\n%s", show(a), show(b))
}

package detector

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// TestCutInvarianceFromSamples drives detector and observer together over ten days, in daily pieces and
// in random ones, with routes so quiet that their look-back reaches back a week, gaps, and a target that
// is away for days. Findings and state must agree to the byte.
func TestCutInvarianceFromSamples(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("ten days of samples")
	}
	const days = 10
	rng := rand.New(rand.NewPCG(31, 31))
	s := newSampled(rng, days)
	end := int64(origin + days*dayMillis)
	var daily, random []int64
	for at := int64(origin + dayMillis); at <= end; at += dayMillis {
		daily = append(daily, at)
	}
	for at := int64(origin); at < end; random = append(random, at) {
		at = min(end, at+1+rng.Int64N(dayMillis))
		if rng.IntN(3) == 0 {
			at = min(end, (at/hourMillis+1)*hourMillis)
		}
	}
	want, wantState := s.run(t, daily)
	got, gotState := s.run(t, random)
	if !bytes.Equal(want, got) {
		t.Errorf("findings depend on how time was cut: %s", difference(want, got))
	}
	if !bytes.Equal(wantState, gotState) {
		t.Error("state depends on how time was cut")
	}
	for _, verdict := range []string{`"paired"`, `"clear"`, `"undecided"`} {
		if !bytes.Contains(want, []byte(verdict)) {
			t.Errorf("no finding was ever %s: the test says little", verdict)
		}
	}
}

// sampled is the samples of targets and counters as a reader would hand them over.
type sampled struct {
	targets []string
	scrapes [][]observe.Run
	series  []observe.SeriesID
	values  [][]observe.Run
}

func newSampled(rng *rand.Rand, days int64) *sampled {
	s := &sampled{}
	for i, delta := range []int64{1000, 15_000, 2000, 1000} {
		gap := origin + rng.Int64N(days*24)*hourMillis + 100
		times := slices.DeleteFunc(grid(origin+rng.Int64N(delta)+1, origin+days*dayMillis, delta), func(at int64) bool {
			away := i == 3 && at > origin+dayMillis && at < origin+6*dayMillis
			return away || at > gap && at < gap+3*hourMillis || rng.IntN(50_000) == 0
		})
		name := fmt.Sprintf("pod%d", i)
		s.targets = append(s.targets, name)
		s.scrapes = append(s.scrapes, runsOf(times, func(int) float64 { return 1 }))
		for r := range 3 {
			perHour, paired := []float64{0.1, 4, 12}[r], r == 2 && i != 1
			s.add(rng, fmt.Sprintf("route%d", r), name, times, perHour, paired, float64(24*days))
		}
	}
	return s
}

// add adds the counter of a route on a target.
func (s *sampled) add(rng *rand.Rand, route, target string, times []int64, perHour float64, paired bool, hours float64) {
	stamps := scatter(rng, perHour, hours, 1)
	if paired {
		stamps = append(stamps, pairs(rng, 6, hours/3, 1, 5, 6.5)...)
	}
	increments := make([]int, len(times)+1)
	for _, e := range stamps {
		i, _ := slices.BinarySearch(times, origin+int64(e.at))
		increments[i]++
	}
	value := 0.0
	values := make([]float64, len(times))
	for i := range times {
		value += float64(increments[i])
		values[i] = value
	}
	s.series = append(s.series, observe.SeriesID{Route: route, Target: target, Counter: route + target})
	s.values = append(s.values, runsOf(times, func(i int) float64 { return values[i] }))
}

// runsOf joins equally spaced equal samples.
func runsOf(times []int64, value func(int) float64) []observe.Run {
	var runs []observe.Run
	for i, at := range times {
		if n := len(runs); n > 0 {
			last := &runs[n-1]
			if step := at - last.LastMillis(); last.Value == value(i) && (last.Count == 1 || last.StepMillis == step) {
				last.StepMillis = step
				last.Count++
				continue
			}
		}
		runs = append(runs, observe.Run{FirstMillis: at, Count: 1, Value: value(i)})
	}
	return runs
}

// clipped returns the samples in (from, to].
func clipped(runs []observe.Run, from, to int64) []observe.Run {
	var out []observe.Run
	for _, r := range runs {
		for r.Count > 0 && r.FirstMillis <= from {
			skip := int64(1)
			if r.StepMillis > 0 {
				skip = min(r.Count, (from-r.FirstMillis)/r.StepMillis+1)
			}
			r.FirstMillis += skip * r.StepMillis
			r.Count -= skip
		}
		if r.Count > 1 && r.LastMillis() > to {
			r.Count = max(0, (to-r.FirstMillis)/r.StepMillis+1)
		}
		if r.Count <= 0 || r.FirstMillis > to {
			continue
		}
		if r.Count == 1 {
			r.StepMillis = 0
		}
		out = append(out, r)
	}
	return out
}

// run feeds everything in pieces that end at the cuts. It returns the findings at every end of a day
// that is a cut of both runs, that is at the last one, and the state then.
func (s *sampled) run(t *testing.T, cuts []int64) (findings, state []byte) {
	t.Helper()
	o := observe.New(observe.Options{})
	d := New(Options{
		Source: "envoy", Signal: "5xx", Fingerprints: []score.Fingerprint{syn, gateway},
		Tables: score.NewCache(), FalseAlarmsPerMonth: 1,
	}, o)
	from := int64(origin)
	for _, to := range cuts {
		o.Begin(from, to)
		for i, target := range s.targets {
			o.Scrapes(observe.TargetView{Target: target}, clipped(s.scrapes[i], from, to))
		}
		for i := range s.series {
			o.Series(&s.series[i], clipped(s.values[i], from, to))
		}
		if err := d.Feed(o.End(), o.Units()); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	return findingsJSON(t, d, from), snapshot(t, d)
}

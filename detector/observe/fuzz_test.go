package observe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"
)

// fuzzWorld makes a world of bytes: three a sample, which say of what, how much later, and the value.
func fuzzWorld(data []byte) (w world, end int64) {
	w = world{ups: make(map[TargetView][]sample), series: make(map[SeriesID][]sample)}
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, math.Copysign(0, -1), 1e300, 101, 99}
	for ; len(data) >= 3; data = data[3:] {
		end += 50 * int64(data[1])
		value := float64(data[2])
		if int(data[2]) >= 256-len(values) {
			value = values[255-data[2]]
		}
		target, view := "pod", string(rune('a'+data[0]&1))
		if data[0]&2 > 0 {
			target = "other"
		}
		switch what := data[0] >> 2; {
		case what&3 == 0:
			id := TargetView{target, view}
			w.ups[id] = appendSample(w.ups[id], sample{end, value})
		default:
			id := SeriesID{string(rune('r' + what&1)), target, view, fmt.Sprint(what & 3)}
			w.series[id] = appendSample(w.series[id], sample{end, value})
			if what&4 > 0 {
				id := TargetView{target, view}
				w.ups[id] = appendSample(w.ups[id], sample{end, 1})
			}
		}
	}
	return w, end + 1000
}

// appendSample keeps the first of two samples at one time.
func appendSample(samples []sample, s sample) []sample {
	if n := len(samples); n > 0 && samples[n-1].at == s.at {
		return samples
	}
	return append(samples, s)
}

// FuzzObserver compares arbitrary samples with the oracle, and pieces with the whole.
func FuzzObserver(f *testing.F) {
	f.Add([]byte{4, 20, 1, 4, 20, 1, 4, 20, 2, 0, 20, 1, 8, 0, 255}, uint64(1))
	long := bytes.Repeat([]byte{28, 20, 1, 29, 0, 1, 28, 20, 3, 28, 20, 3}, 20)
	f.Add(append(long, 28, 200, 7, 0, 20, 1, 0, 20, 1, 28, 20, 2), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		w, end := fuzzWorld(data[:min(len(data), 3000)])
		if end >= retentionMillis/2 {
			t.Skip()
		}
		rng := rand.New(rand.NewPCG(seed, 6))
		o := New(Options{})
		o.Begin(-1, end)
		w.read(rng, o, -1, end)
		got, want := o.End().Events, oracle(w, Options{})
		if len(got) != len(want) {
			t.Fatalf("%d events, want %d", len(got), len(want))
		}
		for i, e := range got {
			if e := (oracleEvent{e.AtMillis, e.LeftMillis, e.Unit.DeltaMillis, e.Unit.Route, e.Unit.Target, e.Kind, e.Increment}); e != want[i] {
				t.Fatalf("event %d: %v, want %v", i, e, want[i])
			}
			if i > 0 && compareEvents(got[i-1], e) >= 0 || e.LeftMillis >= e.AtMillis {
				t.Fatalf("event %d out of order", i)
			}
		}
		compareOutcomes(t, w.advance(t, rng, Options{}, []int64{end}), w.advance(t, rng, Options{}, randomCuts(rng, end)))
	})
}

// FuzzUnmarshal damages a state. Where the checksum is not made to fit, it must be noticed; where it
// is, the observer must still not panic.
func FuzzUnmarshal(f *testing.F) {
	const end = 100_000
	w := messy(3, end)
	o := New(Options{})
	o.Begin(0, end)
	w.read(rngOf(1), o, 0, end)
	o.End()
	state := marshal(f, o)
	f.Add([]byte{}, uint32(0), true)
	f.Add([]byte{0xff}, uint32(20), true)
	f.Add([]byte{1, 2, 3}, uint32(100), false)
	f.Fuzz(func(t *testing.T, patch []byte, at uint32, fit bool) {
		data := bytes.Clone(state)
		copy(data[int(at)%len(data):], patch)
		if len(patch)%7 == 6 {
			data = data[:int(at)%len(data)]
		}
		if body := len(data) - crc32.Size; fit && body > 0 {
			binary.LittleEndian.PutUint32(data[body:], crc32.Checksum(data[:body], stateCRC))
		}
		fresh := New(Options{})
		err := fresh.UnmarshalBinary(data)
		if err == nil && !fit && !bytes.Equal(data, state) {
			t.Fatal("damage not noticed")
		}
		fresh.Begin(end, 2*end)
		w.read(rngOf(2), fresh, end, 2*end)
		fresh.End()
		ask(fresh, end, 2*end)
	})
}

// TestConservation: without births the increments add up to the difference of last and first value, and
// what was lost in resets.
func TestConservation(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rngOf(seed)
		value, want := 1000.0, 0.0
		var samples []sample
		for at := int64(1000); at < 200_000; at += 1000 {
			switch {
			case rng.IntN(10) == 0 && at > 1000:
				value = float64(rng.IntN(5))
				want += value
			case rng.IntN(3) == 0 && at > 1000:
				grown := float64(rng.IntN(4))
				value, want = value+grown, want+grown
			}
			if rng.IntN(20) == 0 && at > 1000 { // a scrape without samples must not lose errors, only their time
				continue
			}
			samples = append(samples, sample{at, value})
		}
		o := New(Options{})
		o.Begin(0, 300_000)
		o.Series(&SeriesID{Route: "r", Target: "pod"}, runs(samples, 0, 300_000))
		got, resets, previous := 0.0, 0.0, 0.0
		for _, e := range o.End().Events {
			got += e.Increment
		}
		for _, s := range samples {
			if s.value < previous {
				resets += previous
			}
			previous = s.value
		}
		if expected := previous - samples[0].value + resets; got != expected {
			t.Fatalf("seed %d: %v errors, want %v", seed, got, expected)
		}
		if got > want {
			t.Fatalf("seed %d: %v errors, only %v happened", seed, got, want)
		}
	}
}

// TestSplitTarget gives every route of a target a target of its own, scraped at the same times: the
// events of the routes stay as they are.
func TestSplitTarget(t *testing.T) {
	t.Parallel()
	const end = 600_000
	for seed := range seeds() / 4 {
		w := messy(seed, end)
		whole, split := New(Options{}), New(Options{})
		whole.Begin(0, end)
		split.Begin(0, end)
		for view, samples := range w.ups {
			if view.View != "job-0" {
				continue // with several views a route decides for the others which one is used
			}
			whole.Scrapes(view, runs(samples, 0, end))
			for r := range 3 {
				split.Scrapes(TargetView{fmt.Sprintf("%s route-%d", view.Target, r), view.View}, runs(samples, 0, end))
			}
		}
		for id, samples := range w.series {
			view := TargetView{id.Target, id.View}
			if id.View != "job-0" || !covers(w.ups[view], samples) {
				continue // a sample outside of `up` is a scrape for the other routes, too
			}
			whole.Series(&id, runs(samples, 0, end))
			id.Target += " " + id.Route
			split.Series(&id, runs(samples, 0, end))
		}
		a, b := increments(whole.End(), ""), increments(split.End(), " route-")
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("seed %d: split target has other events", seed)
		}
	}
}

func covers(up, samples []sample) bool {
	scraped := make(map[int64]bool)
	for _, s := range up {
		scraped[s.at] = s.value == 1
	}
	for _, s := range samples {
		if !scraped[s.at] {
			return false
		}
	}
	return true
}

// increments returns what grew by route, target and time.
func increments(p Piece, split string) map[string]float64 {
	out := make(map[string]float64)
	for _, e := range p.Events {
		target := e.Unit.Target
		if split != "" {
			target = target[:len(target)-len(split)-1]
		}
		out[fmt.Sprint(target, e.Unit.Route, e.LeftMillis, e.AtMillis, e.Kind)] += e.Increment
	}
	return out
}

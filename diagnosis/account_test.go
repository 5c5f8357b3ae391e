package diagnosis

import (
	"bytes"
	"cmp"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

const allKnown = KnownErrors | KnownSlow | KnownFailures | KnownTimeouts | KnownPending | KnownUpstream

// firstDay is a Monday; only its being the start of a UTC day matters.
const firstDay = 20000 * dayMillis

func fiveSeconds() score.Fingerprint {
	return score.Fingerprint{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}
}

func newAccount(t *testing.T, deltaMillis int64) *Account {
	t.Helper()
	a, err := NewAccount(AccountOptions{DeltaMillis: deltaMillis, Fingerprint: fiveSeconds()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func always(alpha float64) func(int64) float64 { return func(int64) float64 { return alpha } }

func add(t *testing.T, a *Account, s Stretch) {
	t.Helper()
	if err := a.Add(s); err != nil {
		t.Fatal(err)
	}
}

// A day of one target, interval by interval, must give what the batch functions give for the same
// intervals; the vectors are the input.
func TestAccountAgreesWithBatch(t *testing.T) {
	t.Parallel()
	const delta = 15000
	for _, c := range readReference(t).Association {
		if !c.Dilate {
			continue
		}
		a := newAccount(t, delta)
		x, y := marks(c.N, c.X), marks(c.N, c.Y)
		for i := range x {
			s := Stretch{Target: 7, LeftMillis: firstDay + int64(i-1)*delta, AtMillis: firstDay + int64(i)*delta, Intervals: 1, Known: allKnown, Slow: y[i], Upstream: y[c.N-1-i]}
			if x[i] {
				s.Errors, s.Failures, s.Timeouts, s.Pending = 1, 2, 2, int64(i%2)
			}
			add(t, a, s)
		}
		a.Advance(firstDay+int64(c.N)*delta+10*delta, always(0))
		want, _ := newAssociation(x, y, blockIntervals, true)
		got := a.Evidence()
		if got.Association == nil || *got.Association != want {
			t.Errorf("%s: %+v, want %+v", c.Name, got.Association, want)
		}
		backwards := slices.Clone(y) // the other histogram by itself
		slices.Reverse(backwards)
		upstream, _ := newAssociation(x, backwards, blockIntervals, true)
		if got.Upstream == nil || *got.Upstream != upstream {
			t.Errorf("%s: %+v, want %+v", c.Name, got.Upstream, upstream)
		}
		odd := int64(0)
		for _, i := range c.X {
			odd += int64(i % 2)
		}
		dwell, _ := NewDwell(2*int64(len(c.X)), odd, 15, 0)
		if got.Dwell == nil || *got.Dwell != dwell {
			t.Errorf("%s: %+v, want %+v", c.Name, got.Dwell, dwell)
		}
		counts := make([]int64, c.N)
		for _, i := range c.X {
			counts[i] = 1
		}
		pairing, _ := countMoments(counts).Pairing(15)
		if !reflect.DeepEqual(got.CountPairing, &pairing) {
			t.Errorf("%s: %+v, want %+v", c.Name, got.CountPairing, pairing)
		}
	}
}

// ghosts feeds one target for n intervals from a point of time: every fourth interval has one failed
// connect that timed out, its error and a slow request; the first hits of them were pending before.
func ghosts(t *testing.T, a *Account, from int64, failures, hits int, known Known) {
	t.Helper()
	const delta = 15000
	for i := range 4 * failures {
		s := Stretch{LeftMillis: from + int64(i)*delta, AtMillis: from + int64(i+1)*delta, Intervals: 1, Known: known}
		if i%4 == 0 {
			s.Errors, s.Failures, s.Timeouts, s.Slow = 1, 1, 1, true
			if i/4 < hits {
				s.Pending = 1
			}
		}
		add(t, a, s)
	}
}

// 45 failed connects reach 20 and 40, and are looked at once more when the day ends.
func TestLooksAreTakenWhenPlanned(t *testing.T) {
	t.Parallel()
	a := newAccount(t, 15000)
	var looked []int64
	alpha := func(day int64) float64 { looked = append(looked, day); return 0 }
	ghosts(t, a, firstDay-15000, 45, 15, allKnown)
	a.Advance(firstDay+dayMillis-1, alpha)
	// 20 and 40 are reached for both tests: four looks.
	if want := []int64{firstDay, firstDay, firstDay, firstDay}; !slices.Equal(looked, want) {
		t.Errorf("looks %v, want %v", looked, want)
	}
	looked = nil
	a.Advance(firstDay+3*dayMillis, alpha)
	if len(looked) != 2 { // each test once, with the rest, at the end of the day; empty days have none
		t.Errorf("looks at the end of the day: %v", looked)
	}
}

// Of alpha the looks take a half, a quarter and so on, and the end of the day what is left. No hits
// make p = 1, which passes every level here, so that the last look is the one that is remembered.
func TestLevelsOfADayAddUpToAlpha(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures int
		last     float64 // level of the look at the end of the day, as a part of alpha
	}{{5, 1}, {19, 1}, {20, 0.5}, {39, 0.5}, {40, 0.25}, {100, 0.125}, {200, 0.0625}} {
		a, err := NewAccount(AccountOptions{DeltaMillis: 15000, Fingerprint: score.Fingerprint{Hi: 14 * time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		ghosts(t, a, firstDay, c.failures, 0, KnownFailures|KnownPending)
		a.Advance(firstDay+2*dayMillis-1, always(64)) // all looks pass, the last one stays
		s, ok := a.Suspected()
		if !ok || s.Level != 64*c.last || s.Test != DwellTest {
			t.Errorf("%d failures: %+v, %v; want level %v", c.failures, s, ok, 64*c.last)
		}
	}
}

func TestSuspicionComesAndExpires(t *testing.T) {
	t.Parallel()
	a := newAccount(t, 15000)
	// 14 of 40 pending at 15 s: a wait of 5.25 s, p about 3e-7 at the second look.
	ghosts(t, a, firstDay+3600_000, 40, 14, allKnown)
	transitions := a.Advance(firstDay+dayMillis-1, always(1e-5))
	s, ok := a.Suspected()
	if !ok || len(transitions) != 1 || !transitions[0].Suspected || transitions[0].AtMillis != s.SinceMillis {
		t.Fatalf("%+v, %v, %+v", s, ok, transitions)
	}
	if s.SinceMillis > firstDay+3600_000+40*4*15000+10*15000 {
		t.Errorf("suspected only at %d", s.SinceMillis-firstDay)
	}
	// It is repeated on the next day, so it lives on with its old start, and ends with the day after.
	ghosts(t, a, firstDay+dayMillis+3600_000, 40, 14, allKnown)
	if transitions = a.Advance(firstDay+2*dayMillis+3600_000, always(1e-5)); len(transitions) != 0 {
		t.Errorf("repeated: %+v", transitions)
	}
	if again, ok := a.Suspected(); !ok || again.SinceMillis != s.SinceMillis || again.AtMillis < firstDay+dayMillis {
		t.Errorf("repeated: %+v, %v", again, ok)
	}
	transitions = a.Advance(firstDay+9*dayMillis, always(1e-5))
	if len(transitions) != 1 || transitions[0].Suspected || transitions[0].AtMillis < firstDay+3*dayMillis || transitions[0].AtMillis > firstDay+3*dayMillis+600_000 {
		t.Errorf("expiry: %+v", transitions)
	}
	if _, ok := a.Suspected(); ok {
		t.Error("still suspected")
	}
}

func TestObjectionsKeepFromSuspicion(t *testing.T) {
	t.Parallel()
	cases := []struct {
		why     string
		prepare func(*Stretch)
		delta   int64
		hits    int
		want    bool
	}{
		{"as it is", func(*Stretch) {}, 15000, 14, true},
		{"refused, not timed out", func(s *Stretch) { s.Timeouts = 0 }, 15000, 14, false},
		{"no histogram: the dwell test alone", func(s *Stretch) { s.Known &^= KnownSlow }, 15000, 14, true},
		{"no gauge: the association alone", func(s *Stretch) { s.Known &^= KnownPending }, 15000, 14, true},
		{"neither", func(s *Stretch) { s.Known &^= KnownPending | KnownSlow }, 15000, 14, false},
		{"failed at once though slow requests coincide", func(s *Stretch) { s.Pending = 0 }, 15000, 0, false},
		{"all of them waited: 15 s, not 5", func(s *Stretch) { s.Pending = s.Failures }, 15000, 40, false},
		{"busy gauge: the dwell time is not used", func(s *Stretch) { s.Pending++ }, 15000, 40, true},
		{"no timeout counter", func(s *Stretch) { s.Known &^= KnownTimeouts }, 15000, 14, true},
	}
	for _, c := range cases {
		a := newAccount(t, c.delta)
		for i := range 4 * 40 {
			s := Stretch{LeftMillis: firstDay + int64(i)*c.delta, AtMillis: firstDay + int64(i+1)*c.delta, Intervals: 1, Known: allKnown}
			if i%4 == 0 {
				s.Errors, s.Failures, s.Timeouts, s.Slow = 1, 1, 1, true
				if i/4 < c.hits {
					s.Pending = 1
				}
			}
			c.prepare(&s)
			add(t, a, s)
		}
		a.Advance(firstDay+dayMillis-1, always(1e-5))
		if _, got := a.Suspected(); got != c.want {
			t.Errorf("%s: %v, want %v (%+v)", c.why, got, c.want, a.Evidence())
		}
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	a := newAccount(t, 15000)
	good := Stretch{LeftMillis: firstDay, AtMillis: firstDay + 60000, Intervals: 4, Known: allKnown}
	add(t, a, good)
	a.Advance(firstDay+60000, always(0))
	before, _ := a.MarshalBinary()
	cases := []struct {
		why  string
		want error
		bad  Stretch
	}{
		{"again", ErrLate, good},
		{"other target before the watermark", ErrLate, Stretch{Target: 1, LeftMillis: firstDay + 30000, AtMillis: firstDay + 60000, Intervals: 2}},
		{"overlap", ErrLate, Stretch{LeftMillis: firstDay + 59000, AtMillis: firstDay + 74000, Intervals: 1}},
		{"a missed scrape", ErrIrregular, Stretch{LeftMillis: firstDay + 60000, AtMillis: firstDay + 90000, Intervals: 1}},
		{"backwards", ErrIrregular, Stretch{LeftMillis: firstDay + 90000, AtMillis: firstDay + 60000, Intervals: 2}},
		{"none", ErrIrregular, Stretch{LeftMillis: firstDay + 60000, AtMillis: firstDay + 60000}},
		{"unequal", ErrIrregular, Stretch{LeftMillis: firstDay + 60000, AtMillis: firstDay + 90001, Intervals: 2}},
		{"negative", ErrCounts, Stretch{LeftMillis: firstDay + 60000, AtMillis: firstDay + 75000, Intervals: 1, Failures: -1}},
	}
	for _, c := range cases {
		if err := a.Add(c.bad); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.why, err, c.want)
		}
	}
	if after, _ := a.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("a refused stretch changed the state")
	}
	for _, o := range []AccountOptions{{}, {DeltaMillis: -1}, {DeltaMillis: 4 * 3600_000}, {DeltaMillis: 15000, Fingerprint: score.Fingerprint{Lo: 2, Hi: 1}}} {
		if _, err := NewAccount(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// randomStretches makes single intervals of some targets over some days, with gaps, jitter, unknown
// counters and times of trouble.
func randomStretches(rng *rand.Rand, delta int64, targets, days int) []Stretch {
	var all []Stretch
	for target := range targets {
		at := firstDay - rng.Int64N(dayMillis/4) + rng.Int64N(delta)
		end := firstDay + int64(days)*dayMillis - rng.Int64N(dayMillis/2)
		known := allKnown
		if rng.IntN(3) == 0 {
			known = Known(rng.IntN(int(allKnown) + 1))
		}
		for at < end {
			left := at
			at += delta
			if rng.IntN(50) == 0 {
				at += rng.Int64N(delta/2) - delta/4
			}
			trouble := at/(3*3600_000)%2 == 0 && rng.IntN(6) == 0
			s := Stretch{Target: int32(target), LeftMillis: left, AtMillis: at, Intervals: 1, Known: known}
			if trouble {
				s.Errors, s.Slow = rng.Int64N(3), rng.IntN(3) > 0
				s.Failures, s.Pending, s.Upstream = rng.Int64N(3), rng.Int64N(2), rng.IntN(3) > 1
				s.Timeouts = s.Failures
			}
			if rng.IntN(100) > 0 { // else a gap
				all = append(all, s)
			}
		}
	}
	return all
}

// feed adds what ends in (watermark, to] at each of the cuts, in an order of targets that the rng
// chooses, joining equal neighbours now and then, and passes the state through bytes.
func feed(t *testing.T, stretches []Stretch, delta int64, cuts []int64, rng *rand.Rand) ([]byte, []Transition) {
	t.Helper()
	a := newAccount(t, delta)
	var transitions []Transition
	rest := slices.Clone(stretches)
	slices.SortStableFunc(rest, func(x, y Stretch) int { return cmp.Compare(x.AtMillis, y.AtMillis) })
	for _, to := range cuts {
		n := 0
		for n < len(rest) && rest[n].AtMillis <= to {
			n++
		}
		piece := rest[:n]
		rest = rest[n:]
		order := rng.Perm(8)
		slices.SortStableFunc(piece, func(x, y Stretch) int { return cmp.Compare(order[x.Target], order[y.Target]) })
		for _, s := range joined(piece, rng) {
			add(t, a, s)
		}
		transitions = append(transitions, a.Advance(to, always(0.01))...)
		state, _ := a.MarshalBinary()
		b := newAccount(t, delta)
		if err := b.UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
		a = b
	}
	state, _ := a.MarshalBinary()
	return state, transitions
}

// joined merges some neighbours that say the same into one stretch.
func joined(piece []Stretch, rng *rand.Rand) []Stretch {
	var out []Stretch
	for _, s := range piece {
		if n := len(out); n > 0 && rng.IntN(10) > 0 {
			last := out[n-1]
			step := s.AtMillis - s.LeftMillis
			same := last
			same.LeftMillis, same.AtMillis, same.Intervals = s.LeftMillis, s.AtMillis, s.Intervals
			if same == s && last.AtMillis == s.LeftMillis && last.AtMillis-last.LeftMillis == step*int64(last.Intervals) {
				out[n-1].AtMillis = s.AtMillis
				out[n-1].Intervals++
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// However time is cut, whatever the order of targets and however intervals are grouped: the same
// state byte for byte, and the same transitions.
func TestCutsChangeNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		cutInvariant(t, seed, 1+int(seed%4))
	}
}

func cutInvariant(t *testing.T, seed uint64, targets int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	delta := []int64{15000, 30000, 60000, 7000}[rng.IntN(4)]
	stretches := randomStretches(rng, delta, targets, 3)
	end := int64(firstDay + 3*dayMillis)
	wantState, want := feed(t, stretches, delta, []int64{end}, rng)
	var hourly, odd []int64
	for at := int64(firstDay - dayMillis/3); at < end; at += 3600_000 {
		hourly = append(hourly, at)
	}
	for at := int64(firstDay - dayMillis/2); at < end; at += 1 + rng.Int64N(30*delta)*rng.Int64N(4) {
		odd = append(odd, at)
	}
	for _, cuts := range [][]int64{append(hourly, end), append(odd, end)} {
		state, transitions := feed(t, stretches, delta, cuts, rng)
		if !bytes.Equal(state, wantState) || !slices.Equal(transitions, want) {
			t.Fatalf("seed %d: %d cuts give other state or transitions: %v, want %v", seed, len(cuts), transitions, want)
		}
	}
}

func FuzzCuts(f *testing.F) {
	f.Add(uint64(1), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, targets uint8) { cutInvariant(t, seed, 1+int(targets%6)) })
}

// Damaged bytes are refused or give an account that works; they never panic or allocate without bounds.
func FuzzUnmarshal(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	a, _ := NewAccount(AccountOptions{DeltaMillis: 15000, Fingerprint: fiveSeconds()})
	for _, s := range randomStretches(rng, 15000, 2, 1) {
		_ = a.Add(s)
	}
	a.Advance(firstDay+dayMillis/2, always(1))
	state, _ := a.MarshalBinary()
	f.Add(state)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var b Account
		if b.UnmarshalBinary(data) != nil {
			return
		}
		again, _ := b.MarshalBinary()
		var c Account
		if err := c.UnmarshalBinary(again); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if third, _ := c.MarshalBinary(); !bytes.Equal(again, third) {
			t.Fatal("state changed by writing and reading")
		}
	})
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	a := newAccount(t, 15000)
	ghosts(t, a, firstDay, 30, 10, allKnown)
	a.Advance(firstDay+3600_000, always(1))
	state, _ := a.MarshalBinary()
	other := newAccount(t, 30000)
	if err := other.UnmarshalBinary(state); err == nil {
		t.Error("state of another scrape interval accepted")
	}
	for n := range state {
		b := newAccount(t, 15000)
		if err := b.UnmarshalBinary(state[:n]); err == nil {
			t.Errorf("first %d of %d bytes accepted", n, len(state))
		}
	}
}

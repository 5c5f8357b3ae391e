package score

import (
	"errors"
	"math/big"
	"testing"
	"time"
)

var fiveSeconds = Fingerprint{Name: "syn-timeout-5s", Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}

// At Δ = 1 s the window of [5, 6.5] is 1 .. 11 intervals, so lags round to eighths of a second from
// 937.5 ms (which rounds up to 1 s) to just below 11.9375 s (which rounds to 12 s).
func TestSlot(t *testing.T) {
	t.Parallel()
	table := newTable(1000, fiveSeconds)
	for _, c := range []struct {
		lag   int64
		index int
		ok    bool
	}{
		{-5000, 0, false},
		{0, 0, false},
		{937, 0, false},
		{938, 0, true},
		{1000, 0, true},
		{1062, 0, true},
		{1063, 1, true}, // 62.5 ms is half of an eighth
		{5000, 32, true},
		{6500, 44, true},
		{11_937, 87, true},
		{11_938, 0, false},
		{1 << 40, 0, false},
	} {
		if index, ok := table.Slot(c.lag); index != c.index || ok != c.ok {
			t.Errorf("Slot(%d) = %d, %v, want %d, %v", c.lag, index, ok, c.index, c.ok)
		}
	}
	if got := table.CloseMillis(); got != 12_000 {
		t.Errorf("CloseMillis() = %d, want 12000", got)
	}
}

// FuzzSlot compares with floor(lag/(Δ/8) + ½) in exact arithmetic.
func FuzzSlot(f *testing.F) {
	f.Add(int64(5000), int64(1000))
	f.Add(int64(938), int64(1000))
	f.Add(int64(5031), int64(250))
	f.Add(int64(7777), int64(3250))
	f.Fuzz(func(t *testing.T, lag, deltaMillis int64) {
		deltaMillis = 50 + (deltaMillis&0xffff)%60_000
		lag &= 0x3ffff
		table := newTable(deltaMillis, fiveSeconds)
		exact := new(big.Rat).SetFrac64(lag*Phases, deltaMillis)
		exact.Add(exact, big.NewRat(1, 2))
		rounded := int(new(big.Int).Div(exact.Num(), exact.Denom()).Int64())
		want := rounded - table.FirstSlot*Phases
		inside := want >= 0 && want < table.Slots()*Phases
		if got, ok := table.Slot(lag); ok != inside || ok && got != want {
			t.Errorf("Slot(%d) at %d ms = %d, %v, want %d, %v", lag, deltaMillis, got, ok, want, inside)
		}
		if inside && lag > table.CloseMillis() {
			t.Errorf("lag %d at %d ms counts after the close at %d", lag, deltaMillis, table.CloseMillis())
		}
	})
}

func TestSolveRejects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deltaMillis int64
		lo, hi      time.Duration
	}{
		"no interval":        {0, 5 * time.Second, 6 * time.Second},
		"negative interval":  {-1000, 5 * time.Second, 6 * time.Second},
		"endless interval":   {1 << 62, 5 * time.Second, 6 * time.Second},
		"reversed":           {1000, 6 * time.Second, 5 * time.Second},
		"lag 0":              {1000, 0, time.Second},
		"endless lag":        {1000, time.Second, 1 << 62},
		"too fine, too wide": {1, 5 * time.Second, 6 * time.Second},
	} {
		if _, err := Solve(c.deltaMillis, Fingerprint{Lo: c.lo, Hi: c.hi}); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// At 60 s a lag of 5 s is invisible: every score is 1, so nothing can be won or lost.
func TestUnresolvableTableIsFlat(t *testing.T) {
	t.Parallel()
	table, err := Solve(60_000, fiveSeconds)
	if err != nil {
		t.Fatal(err)
	}
	for _, byRho := range table.Scores {
		for _, row := range byRho {
			for i, h := range row {
				if h > 1.02 || h < 0.95 {
					t.Errorf("score %v at index %d", h, i)
				}
			}
		}
	}
	if table.Resolvable() || table.ResolvableAcross() {
		t.Error("resolvable at 60 s")
	}
}

// The largest intervals at which the growth is a quarter of a nat or more.
func TestLargestResolvable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lo, hi time.Duration
		want   int64
	}{
		{5 * time.Second, 6500 * time.Millisecond, 3000},
		{10 * time.Second, 11500 * time.Millisecond, 6000},
		{15 * time.Second, 16 * time.Second, 7500},
		{50 * time.Millisecond, 100 * time.Millisecond, 0},
		{6 * time.Second, 5 * time.Second, 0}, // not a fingerprint
	} {
		if got := LargestResolvableMillis(Fingerprint{Lo: c.lo, Hi: c.hi}); got != c.want {
			t.Errorf("[%v, %v]: %d ms, want %d", c.lo, c.hi, got, c.want)
		}
	}
}

func BenchmarkSlot(b *testing.B) {
	table := newTable(1000, fiveSeconds)
	b.ReportAllocs()
	sum, lag := 0, int64(0)
	for b.Loop() {
		lag = (lag + 997) & 0x3fff
		index, ok := table.Slot(lag)
		if ok {
			sum += index
		}
	}
	if sum == 0 {
		b.Fatal("no lag in the window")
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, deltaMillis := range []int64{250, 1000, 3000} {
		b.Run((time.Duration(deltaMillis) * time.Millisecond).String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := Solve(deltaMillis, fiveSeconds); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

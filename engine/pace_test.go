package engine

import (
	"testing"
	"testing/synctest"
	"time"
)

// With a limit, two sources together read no more than it allows.
func TestPaceIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Pace{SamplesPerSecond: 1000})
		begun := time.Now()
		const reads, samples = 20, 5000
		for range reads {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) // the read itself
			if got := p.read(samples, 100*time.Millisecond, time.Hour.Milliseconds()); got != 2*time.Hour.Milliseconds() {
				t.Fatalf("the next stretch may be %d ms: 5,000 samples an hour are 10 s worth in two hours", got)
			}
		}
		if err := p.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took, want := time.Since(begun), reads*samples/1000*time.Second; took < want || took > want+time.Second {
			t.Errorf("it took %s, want %s", took, want)
		}
	})
}

// When answers slow down it waits as long as they take; while they are fast it does not.
func TestPaceIsConsiderate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Pace{Considerate: true})
		for _, c := range []struct{ took, want time.Duration }{
			{time.Second, 0},
			{2 * time.Second, 0},
			{4 * time.Second, 4 * time.Second}, // four times the fastest
			{time.Second, 0},
			{time.Hour, maxPause},
		} {
			p.read(1_000_000, c.took, 1)
			begun := time.Now()
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begun); waited != c.want {
				t.Errorf("after an answer that took %s it waits %s, want %s", c.took, waited, c.want)
			}
		}
		p.read(10, time.Hour, 1) // so few samples say nothing about speed
		if begun := time.Now(); p.wait(t.Context()) != nil || time.Since(begun) != 0 {
			t.Error("it waits after an answer of ten samples")
		}
	})
}

func TestFirstPieceUnderALimitIsShort(t *testing.T) {
	t.Parallel()
	fine, _ := twoSources(nil)
	o := options(fine)
	o.Pace.SamplesPerSecond = 1 << 40
	e := newEngine(t, o)
	advance(t, e, end)
	if first := fine.reads[0]; first.End.Sub(first.Start) != firstPiece {
		t.Errorf("the first piece is %v", first)
	}
	if n := len(fine.reads); n != 2 {
		t.Errorf("%d reads, want a second one that is as long as may be", n)
	}
}

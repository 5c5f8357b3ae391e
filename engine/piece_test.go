package engine

import (
	"testing"
	"time"
)

// A piece is a day long, and longer where a day is known to hold few events; it ends where blocks do.
func TestPiecesGrowWhereLittleHappens(t *testing.T) {
	t.Parallel()
	const start = 100 * 24 * 3_600_000
	for _, c := range []struct {
		name   string
		max    time.Duration
		length time.Duration // of the piece that was read
		events int
		want   time.Duration
	}{
		{"nothing happened", 84 * time.Hour, 24 * time.Hour, 0, 84 * time.Hour},
		{"two days' worth", 84 * time.Hour, 24 * time.Hour, eventsPerPiece / 2, 48 * time.Hour},
		{"as much in a longer piece", 84 * time.Hour, 48 * time.Hour, eventsPerPiece, 48 * time.Hour},
		{"cut to the blocks", 84 * time.Hour, 24 * time.Hour, eventsPerPiece * 24 / 51, 50 * time.Hour},
		{"much happened", 84 * time.Hour, 24 * time.Hour, 100 * eventsPerPiece, 24 * time.Hour},
		{"shorter pieces are asked for", 3 * time.Hour, 24 * time.Hour, 0, 2 * time.Hour},
		{"a short piece tells nothing", 84 * time.Hour, time.Hour, 0, 24 * time.Hour},
	} {
		p := newPieces(c.max)
		p.measure(c.length.Milliseconds(), c.events)
		if got := time.Duration(p.end(start, start*2)-start) * time.Millisecond; got != c.want {
			t.Errorf("%s: the next piece has %s, want %s", c.name, got, c.want)
		}
	}
}

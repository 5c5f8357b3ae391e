package engine

import (
	"errors"
	"time"
)

const (
	minPiece   = time.Minute
	growAfter  = 4             // successes
	blockAlign = 2 * time.Hour // a server cuts its blocks here: a piece that ends elsewhere makes it encode chunks anew

	// Every piece costs the server a look at its index, and a frame, for every series; what it costs here is
	// memory for its events. So it is a day long, or longer where that holds few events.
	usualPiece     = 24 * time.Hour
	eventsPerPiece = 20_000
)

// pieces decides how long a stretch is read at once. It halves when too much was asked and grows
// again while things go well, so a source that is large stays at the size that its server bears.
type pieces struct {
	maxMillis, sizeMillis int64
	roomMillis            int64 // what the memory for events is enough for
	paceMillis            int64 // what the pace allows; 0: anything
	shrunk                int   // times since the last success
	good                  int   // successes since the size changed
}

func newPieces(longest time.Duration) pieces {
	return pieces{maxMillis: longest.Milliseconds(), sizeMillis: longest.Milliseconds(), roomMillis: usualPiece.Milliseconds()}
}

// end returns the end of the next piece of (from, to].
func (p *pieces) end(fromMillis, toMillis int64) int64 {
	size := min(p.sizeMillis, p.roomMillis)
	if p.paceMillis > 0 {
		size = min(size, p.paceMillis)
	}
	end := fromMillis + size
	if end >= toMillis {
		return toMillis
	}
	if align := blockAlign.Milliseconds(); size > align {
		return end - end%align // after from, since the piece is longer than what is cut off
	}
	return end
}

// grow is told of a success. Some must go by before more is asked for again.
func (p *pieces) grow() {
	p.shrunk = 0
	if p.good++; p.good >= growAfter {
		p.sizeMillis = min(2*p.sizeMillis, p.maxMillis)
		p.good = 0
	}
}

// measure takes how many events a streamed piece of that length had. Pieces of other readers, whose samples
// are in memory all at once, are not to grow.
func (p *pieces) measure(pieceMillis int64, events int) {
	if usual := usualPiece.Milliseconds(); pieceMillis >= usual {
		p.roomMillis = max(usual, pieceMillis*eventsPerPiece/int64(max(events, 1)))
	}
}

// limit takes what the pace allows, in milliseconds; 0: anything.
func (p *pieces) limit(millis int64) { p.paceMillis = millis }

// narrow halves a failed piece of that length, down to the shortest that is to be skipped.
func (p *pieces) narrow(pieceMillis int64, shortest time.Duration) {
	p.sizeMillis = max(pieceMillis/2, shortest.Milliseconds())
	p.good = 0
}

// shrink is told of a failed piece and says whether a shorter one is worth a try. It may be the
// server that is slow or dying, not the piece that is too long: then two tries must do.
func (p *pieces) shrink(err error, pieceMillis int64) bool {
	reason := reasonOf(err)
	tooMuch := reason == "too_expensive" || reason == "too_large"
	perhaps := reason == "timeout" || reason == "unavailable" || reason == "truncated"
	if !tooMuch && !perhaps || pieceMillis <= minPiece.Milliseconds() {
		return false
	}
	p.sizeMillis = max(pieceMillis/2, minPiece.Milliseconds())
	p.shrunk++
	p.good = 0
	return tooMuch || p.shrunk <= 2
}

// reasonOf returns the reason that a reader gives for an error, from its closed set.
func reasonOf(err error) string {
	var labelled interface{ ReasonLabel() string }
	if errors.As(err, &labelled) {
		return labelled.ReasonLabel()
	}
	return "other"
}

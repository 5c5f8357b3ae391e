package engine

import (
	"context"
	"sync"
	"time"
)

// Pace says how hard a long read may press the servers. The zero value does not hold back.
type Pace struct {
	SamplesPerSecond int64 // of all sources together, on average over some seconds; 0: no limit

	// Considerate makes it wait when answers take much longer than the fastest ones did: the server has
	// others to serve.
	Considerate bool
}

const (
	paceSeconds   = 10      // a piece is to hold no more samples than may be read in this time
	slowFactor    = 3       // answers that are this much slower than the fastest
	leastSamples  = 100_000 // of an answer whose speed says something
	leastDuration = time.Second
	firstPiece    = 10 * time.Minute // where there is a limit, until it is known how many samples that is
)

// pacer makes reads wait. It is shared by all sources. Those that are being read at once each wait
// for what all of them have read.
type pacer struct {
	pace Pace

	mu      sync.Mutex
	notTill time.Time // no read starts before
	fastest float64   // samples a second
}

func newPacer(pace Pace) *pacer { return &pacer{pace: pace} }

// wait blocks until a read may start.
func (p *pacer) wait(ctx context.Context) error {
	p.mu.Lock()
	wait := time.Until(p.notTill)
	p.mu.Unlock()
	return sleep(ctx, wait)
}

// read is told of a read of so many samples. It returns how long a stretch may be that is read next,
// in milliseconds; 0: as long as may be.
func (p *pacer) read(samples int64, took time.Duration, stretchMillis int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pace.Considerate && samples >= leastSamples {
		speed := float64(samples) / max(took.Seconds(), 1e-9)
		p.fastest = max(p.fastest, speed)
		if took >= leastDuration && speed*slowFactor < p.fastest {
			p.hold(time.Now(), min(took, maxPause))
		}
	}
	limit := p.pace.SamplesPerSecond
	if limit <= 0 {
		return 0
	}
	earned := time.Duration(float64(samples) / float64(limit) * float64(time.Second))
	p.hold(time.Now().Add(-took), earned)
	return max(minPiece.Milliseconds(), int64(float64(stretchMillis)*paceSeconds*float64(limit)/float64(max(samples, 1))))
}

// hold keeps reads from starting for a while: behind what other sources have to wait for, but not
// behind a wait that is over.
func (p *pacer) hold(since time.Time, d time.Duration) {
	if p.notTill.After(since) {
		since = p.notTill
	}
	p.notTill = since.Add(d)
}

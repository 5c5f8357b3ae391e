package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// Event is one error.
type Event struct {
	AtMillis int64
	Target   int // index into Fleet.Targets
	// OriginMillis is the time of the first error of the planted pair or chain that the error
	// belongs to; 0: it is part of the background.
	OriginMillis int64
	Last         bool // the last error of its planted pair or chain
}

// Process is a random set of errors. It is drawn hour by hour, each hour from its own random
// source, so that every hour can be drawn alone.
type Process interface {
	// Append appends the errors that are set off within one hour. They may reach up to an hour
	// beyond its end; what is later than that is dropped. Event.Target is below Hour.Targets.
	Append(events []Event, hour Hour) []Event
}

// Hour is what a process draws one hour from.
type Hour struct {
	StartMillis int64 // start of the UTC hour
	Targets     int   // number of targets that may be hit
	Rand        *rand.Rand
}

// Span is a range of durations, drawn from uniformly.
type Span struct {
	Lo, Hi time.Duration
}

const hourMillis = int64(time.Hour / time.Millisecond)

func (s Span) drawMillis(random *rand.Rand) int64 {
	return millis(s.Lo) + int64(math.Round(random.Float64()*float64(millis(s.Hi)-millis(s.Lo))))
}

func millis(d time.Duration) int64 { return d.Milliseconds() }

// target draws the target that is hit.
func (h Hour) target() int {
	if h.Targets <= 1 {
		return 0
	}
	return h.Rand.IntN(h.Targets)
}

// arrivals are the moments of a Poisson process within the hour.
func (h Hour) arrivals(perHour float64) []int64 {
	if perHour <= 0 {
		return nil
	}
	var times []int64
	for at := h.Rand.ExpFloat64() / perHour; at < 1; at += h.Rand.ExpFloat64() / perHour {
		times = append(times, h.StartMillis+int64(at*float64(hourMillis)))
	}
	return times
}

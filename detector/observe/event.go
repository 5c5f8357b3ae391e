package observe

import "github.com/ghostpair/ghostpair/finding"

// Unit is one counting process: a route on a target, seen at one scrape interval. When the
// interval of a target changes, its routes get new units, because evidence that was weighed at one
// interval says nothing about lags at another.
//
// IDs grow in the order in which units (and routes, and targets) were first seen in the samples,
// then by name, and are never used again. Units that had no sample for Retention are forgotten, so
// IDs are not indexes into Units.
type Unit struct {
	ID, RouteID, TargetID int32
	Route, Target         string
	DeltaMillis           int64 // scrape interval; 0 while it is not known yet (such a unit has only Growth events)
	SinceMillis           int64 // its first sample: queries about earlier times must not ask for it
}

// Kind says what an event means.
type Kind uint8

// The kinds of events, in the order in which events of one unit at one time are sorted.
const (
	Cell   Kind = iota // growth inside a regular scrape interval
	Growth             // growth over a gap, a switch of view, or an unknown interval: counts as errors, says nothing about timing
	Break              // a scrape of the target lacked a sample of the unit: its coverage restarts at AtMillis
)

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Cell:
		return "cell"
	case Growth:
		return "growth"
	case Break:
		return "break"
	default:
		return "unknown"
	}
}

// Event is what happened to a unit in the interval (LeftMillis, AtMillis]. A unit has at most one
// event of each kind at one time: counters of one unit that grew in the same scrape are added.
type Event struct {
	LeftMillis, AtMillis int64
	Unit                 *Unit
	Kind                 Kind
	Increment            float64 // errors; 0 for Break
}

// Piece is what became known by advancing from FromMillis to ToMillis. Every event has FromMillis <
// AtMillis <= ToMillis; LeftMillis may lie before the piece.
type Piece struct {
	FromMillis, ToMillis int64
	Events               []Event         // by AtMillis, Route, Target, Kind
	Quality              finding.Quality // of this piece; Samples counts counter samples, not those of `up`
}

package observe

import "time"

// Retention is how long the state of a series or target outlives its last sample, and how far back
// coverage can be asked for.
const Retention = 7 * 24 * time.Hour

// Options are the choices that shape what an Observer sees. They must not change over its life.
type Options struct {
	ScrapeInterval time.Duration // configured interval; 0: found from the samples
	RouteLimit     int           // routes beyond it are ignored, by time of the first sample, then name; 0: none
}

// Observer turns the runs of one source into events. It is advanced piece by piece:
//
//	o.Begin(from, to); read(from, to, o); piece := o.End()   // or o.Abort() when the read failed
//
// What comes out does not depend on how time is cut into pieces, nor on the order in which series
// are handed over. Pieces must follow one another and be no longer than Retention. An Observer is
// not safe for concurrent use.
type Observer struct {
	options Options
	piece   Piece
}

var _ Sink = (*Observer)(nil)

// New returns an Observer that has seen nothing.
func New(options Options) *Observer { return &Observer{options: options} }

// Begin opens the piece (fromMillis, toMillis]. Until End nothing of it is visible.
func (o *Observer) Begin(fromMillis, toMillis int64) {
	o.piece = Piece{FromMillis: fromMillis, ToMillis: toMillis}
}

// Scrapes takes samples of `up` of one view of a target. Samples outside the piece are ignored.
func (o *Observer) Scrapes(view TargetView, runs []Run) {}

// Series takes samples of one counter. Samples at or before the start of the piece serve only to
// count those that came late, later ones than its end are ignored.
func (o *Observer) Series(id *SeriesID, runs []Run) {}

// End closes the piece and returns what happened in it.
func (o *Observer) End() Piece { return o.piece }

// Abort forgets what was handed over since Begin.
func (o *Observer) Abort() {}

// Units returns the units seen within Retention of the watermark, by ID; also those without events.
func (o *Observer) Units() []*Unit { return nil }

// Coverage returns the latest scrape of the target before beforeMillis and the start of the unbroken
// stretch of regular intervals that ends there. It is false when there was no scrape. Exact for times
// from two minutes before the last piece to its end; earlier ones are answered from the stretches.
func (o *Observer) Coverage(targetID int32, beforeMillis int64) (coveredFromMillis, lastMillis int64, ok bool) {
	return 0, 0, false
}

// Covered returns how many milliseconds of (leftMillis, rightMillis] lie inside regular intervals
// of the target, up to its latest scrape at or before rightMillis.
func (o *Observer) Covered(targetID int32, leftMillis, rightMillis int64) int64 { return 0 }

// Span returns how many milliseconds of (leftMillis, rightMillis] lie between the first scrape of
// the target and its latest at or before rightMillis.
func (o *Observer) Span(targetID int32, leftMillis, rightMillis int64) int64 { return 0 }

// Exposure returns how many milliseconds of (leftMillis, rightMillis] were covered by at least one
// of the targets, in the sense of Covered.
func (o *Observer) Exposure(targetIDs []int32, leftMillis, rightMillis int64) int64 { return 0 }

// Sampled says whether the unit had a sample in the UTC hour (Unix hours). It remembers the 64
// hours up to the unit's newest sample.
func (o *Observer) Sampled(unitID int32, hour int64) bool { return false }

// LastSample returns the time of the newest sample of the unit, 0 when the unit is not known.
func (o *Observer) LastSample(unitID int32) int64 { return 0 }

// MarshalBinary returns the state between pieces. Equal states give equal bytes.
func (o *Observer) MarshalBinary() ([]byte, error) { return nil, nil }

// UnmarshalBinary replaces the state by one that MarshalBinary returned. Damaged data is an error
// and leaves the Observer as it was. The Options must be those of the Observer that was marshalled.
func (o *Observer) UnmarshalBinary(data []byte) error { return nil }

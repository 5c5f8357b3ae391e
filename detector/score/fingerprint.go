package score

import "time"

// Fingerprint is a lag interval [Lo, Hi] between two errors that a mechanism leaves behind, such
// as the 5 to 6.5 seconds of a connect timeout and its one retry.
type Fingerprint struct {
	Name   string
	Lo, Hi time.Duration
}

// Seconds returns the bounds in seconds.
func (f Fingerprint) Seconds() (lo, hi float64) { return f.Lo.Seconds(), f.Hi.Seconds() }

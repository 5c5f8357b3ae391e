package power

import (
	"math"
	"slices"
	"time"
)

// Answer is what a number of runs came to.
type Answer struct {
	Question Question
	Plan     Plan

	// Threshold is what the evidence of a stream must reach: A.
	Threshold float64

	// Resolvable tells whether scrapes at this interval can show the lag at all when both errors of a pair
	// are counted by one target, ResolvableAcross when each is counted by any.
	Resolvable, ResolvableAcross bool
	// LargestInterval is the longest of the usual scrape intervals that would do; 0: none.
	LargestInterval time.Duration

	// Times are how long it took until `paired`, in the runs in which that happened, the shortest first.
	Times []time.Duration
	// NotResolvable counts the runs in which the detector said that the lag is not resolvable.
	NotResolvable int

	// FalseAlarms counts the runs without pairs in which the route was called paired all the same.
	FalseAlarms int
}

// Quantile is the time within which a share of the runs, such as 0.5, was paired; not ok when it
// was not by the horizon.
func (a *Answer) Quantile(share float64) (within time.Duration, ok bool) {
	n := int(math.Ceil(share*float64(a.Plan.Runs) - 1e-9))
	n = max(n, 1)
	if n > len(a.Times) {
		return 0, false
	}
	return a.Times[n-1], true
}

// Within is the share of the runs that were paired within a time, which is no longer than the horizon.
func (a *Answer) Within(limit time.Duration) float64 {
	n, _ := slices.BinarySearch(a.Times, limit+1)
	return float64(n) / float64(a.Plan.Runs)
}

// ExpectedFalseAlarms is the most that the runs without pairs may have in expectation: one per A hours.
func (a *Answer) ExpectedFalseAlarms() float64 {
	return float64(a.Plan.Runs) * a.Plan.Horizon.Hours() / a.Threshold
}

package slo

import (
	"fmt"
	"math"
	"time"
)

// Objective is the share of requests that must succeed over a rolling window.
type Objective struct {
	Target float64       // in (0, 1], such as 0.999
	Window time.Duration // over which the budget is given, such as 28 days
}

// Check says what is wrong with o, or nil.
func (o Objective) Check() error {
	if math.IsNaN(o.Target) || o.Target <= 0 || o.Target > 1 {
		return fmt.Errorf("objective %v: must be above 0 and at most 1 (99.9%% is 0.999)", o.Target)
	}
	if o.Window <= 0 {
		return fmt.Errorf("objective window %s: must be longer than nothing", o.Window)
	}
	return nil
}

// AllowedRatio is the share of requests that may fail.
func (o Objective) AllowedRatio() float64 { return 1 - o.Target }

// Tally counts what happened in a stretch of time.
type Tally struct{ Requests, Errors float64 }

// Add returns the tally of both stretches.
func (t Tally) Add(other Tally) Tally {
	return Tally{t.Requests + other.Requests, t.Errors + other.Errors}
}

// ErrorRatio returns the share of requests that failed. It does not exist without requests. More
// errors than requests, as when the two were counted by different scrapes, are all requests.
func (t Tally) ErrorRatio() (ratio float64, ok bool) {
	if t.Requests <= 0 {
		return 0, false
	}
	return min(1, t.Errors/t.Requests), true
}

// Budget is what an objective allows and what was spent of it, in errors.
type Budget struct {
	Allowed float64 // errors that the requests of the window allow
	Spent   float64 // errors that happened
}

// Budget returns the error budget of o for the requests of t. Without requests nothing is allowed
// and nothing was spent.
func (o Objective) Budget(t Tally) Budget {
	return Budget{Allowed: t.Requests * o.AllowedRatio(), Spent: t.Errors}
}

// RemainingRatio returns the share of the budget that is left: 1 when nothing was spent, negative
// when more was spent than allowed. With nothing allowed it is 1 without errors; with errors it does
// not exist, as for an objective of 100 %.
func (b Budget) RemainingRatio() (ratio float64, ok bool) {
	switch {
	case b.Allowed > 0:
		return 1 - b.Spent/b.Allowed, true
	case b.Spent == 0:
		return 1, true
	default:
		return 0, false
	}
}

// Exhausted tells whether no budget is left.
func (b Budget) Exhausted() bool { return b.Spent > 0 && b.Spent >= b.Allowed }

// BurnRate is the speed at which the budget is spent: 1 spends exactly all of it in the window of o.
// It does not exist without requests, and is +Inf when an objective of 100 % meets an error.
func (o Objective) BurnRate(t Tally) (rate float64, ok bool) {
	ratio, ok := t.ErrorRatio()
	switch {
	case !ok:
		return 0, false
	case ratio == 0:
		return 0, true
	case o.AllowedRatio() <= 0:
		return math.Inf(1), true
	default:
		return ratio / o.AllowedRatio(), true
	}
}

// TimeToExhaustion returns how long the remaining share of the budget lasts at a burn rate. It is 0
// when nothing remains; it does not exist when nothing is burnt or when it is beyond what a Duration
// can hold.
func (o Objective) TimeToExhaustion(remainingRatio, burnRate float64) (left time.Duration, ok bool) {
	if remainingRatio <= 0 {
		return 0, true
	}
	seconds := remainingRatio * o.Window.Seconds() / burnRate
	if !(burnRate > 0) || seconds > math.MaxInt64/float64(time.Second) {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// Downtime converts errors into the time for which all requests would have had to fail to cause as
// many, at the mean request rate of the stretch: "this cost 43 minutes of budget".
func Downtime(errors float64, t Tally, stretch time.Duration) (lost time.Duration, ok bool) {
	if t.Requests <= 0 {
		return 0, false
	}
	return time.Duration(errors / t.Requests * float64(stretch)), true
}

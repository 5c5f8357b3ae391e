package main

import (
	"math"

	"github.com/ghostpair/ghostpair/simulate"
)

// succeeded is how many requests a route has answered well on a target since its process started:
// a few a second, more by day than by night. It is a function of time alone, so that a history and
// what comes after it agree.
func succeeded(fleet *simulate.Fleet, route, target int, atMillis int64) float64 {
	restarts := fleet.Targets[target].Restarts
	every := restarts.Every.Milliseconds()
	since := (atMillis-1-restarts.At.Milliseconds())/every*every + restarts.At.Milliseconds() + restarts.Down.Milliseconds()
	if atMillis <= since {
		return 0
	}
	perSecond := 3 / float64(route+1)
	return math.Floor(perSecond*daily(atMillis)) - math.Floor(perSecond*daily(since))
}

// daily is the integral, in seconds, of 1 + ½ sin(2π t / day).
func daily(atMillis int64) float64 {
	const day = 86400
	seconds := float64(atMillis) / 1000
	return seconds + 0.5*day/(2*math.Pi)*(1-math.Cos(2*math.Pi*seconds/day))
}

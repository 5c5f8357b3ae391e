package detector

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// stamp is an error at a time in milliseconds on a target.
type stamp struct {
	at     float64
	target int32
}

const second, hour = 1000.0, 3_600_000.0

// process makes errors of one route on some targets over some hours.
type process func(rng *rand.Rand, hours float64, targets int) []stamp

// scatter returns the events of a Poisson process, each on a random target.
func scatter(rng *rand.Rand, perHour, hours float64, targets int) []stamp {
	var all []stamp
	for at := rng.ExpFloat64() / perHour; at < hours; at += rng.ExpFloat64() / perHour {
		all = append(all, stamp{at * hour, rng.Int32N(int32(targets))})
	}
	return all
}

func poisson(perHour float64) process {
	return func(rng *rand.Rand, hours float64, targets int) []stamp { return scatter(rng, perHour, hours, targets) }
}

// bursts adds bursts of geometrically distributed size with exponential delays after their start.
func bursts(rng *rand.Rand, perHour, mean, hours float64, targets int, scale func() float64) []stamp {
	var all []stamp
	for _, start := range scatter(rng, perHour, hours, targets) {
		seconds := scale()
		for size := 1 + int(math.Log(rng.Float64())/math.Log(1-1/mean)); size > 0; size-- {
			all = append(all, stamp{start.at + rng.ExpFloat64()*seconds*second, rng.Int32N(int32(targets))})
		}
	}
	return all
}

// bursty is half an error a minute, bursts at four time scales, duplicates, and retries.
func bursty(rng *rand.Rand, hours float64, targets int) []stamp {
	all := scatter(rng, 30, hours, targets)
	all = append(all, bursts(rng, 2, 10, hours, targets, func() float64 {
		return []float64{0.5, 3, 10, 30}[rng.IntN(4)]
	})...)
	for _, s := range all {
		if rng.Float64() < 0.3 {
			all = append(all, stamp{s.at + rng.Float64()*0.3*second, s.target})
		}
	}
	for _, s := range all {
		if rng.Float64() < 0.15 {
			wait := []float64{1, 2, 10}[rng.IntN(3)] * (1 + 0.1*rng.Float64())
			all = append(all, stamp{s.at + wait*second, rng.Int32N(int32(targets))})
		}
	}
	return all
}

func bigburst(rng *rand.Rand, hours float64, targets int) []stamp {
	all := scatter(rng, 30, hours, targets)
	return append(all, bursts(rng, 2, 40, hours, targets, func() float64 { return 20 })...)
}

// diurnal is an error a minute that swings over the day, and twenty times as many for two minutes
// every four hours.
func diurnal(rng *rand.Rand, hours float64, targets int) []stamp {
	return slices.DeleteFunc(scatter(rng, 60*1.9*20, hours, targets), func(s stamp) bool {
		rate := 1 + 0.9*math.Sin(2*math.Pi*s.at/(24*hour))
		if math.Mod(s.at, 4*hour) < 120*second {
			rate *= 20
		}
		return rng.Float64() >= rate/(1.9*20)
	})
}

// pairs adds pairs with a uniform lag, both errors on one target.
func pairs(rng *rand.Rand, perHour, hours float64, targets int, lo, hi float64) []stamp {
	all := scatter(rng, perHour, hours, targets)
	for _, s := range all {
		all = append(all, stamp{s.at + (lo+rng.Float64()*(hi-lo))*second, s.target})
	}
	return all
}

// retry3 is an error a minute, and retries at three and at eight seconds.
func retry3(rng *rand.Rand, hours float64, targets int) []stamp {
	return slices.Concat(scatter(rng, 60, hours, targets), pairs(rng, 4, hours, targets, 3, 3.2), pairs(rng, 4, hours, targets, 8, 8.8))
}

// withPairs adds pairs of the fingerprint to a background; nil is none.
func withPairs(background process, perHour float64) process {
	return func(rng *rand.Rand, hours float64, targets int) []stamp {
		all := pairs(rng, perHour, hours, targets, 5, 6.5)
		if background != nil {
			all = append(all, background(rng, hours, targets)...)
		}
		return all
	}
}

// cellsOf scrapes errors: each is seen by the first scrape of its target at or after it.
func (g *gridCoverage) cellsOf(stamps []stamp, units []*observe.Unit) []observe.Event {
	var events []observe.Event
	for _, s := range stamps {
		at := g.observed(units[s.target].TargetID, origin+int64(s.at))
		events = append(events, observe.Event{LeftMillis: at - g.delta, AtMillis: at, Unit: units[s.target], Kind: observe.Cell, Increment: 1})
	}
	slices.SortFunc(events, func(a, b observe.Event) int {
		return cmp.Or(cmp.Compare(a.AtMillis, b.AtMillis), cmp.Compare(a.Unit.ID, b.Unit.ID))
	})
	return slices.CompactFunc(events, func(a, b observe.Event) bool { return a.AtMillis == b.AtMillis && a.Unit == b.Unit })
}

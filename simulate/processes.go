package simulate

import (
	"math"
	"time"
)

// Poisson is errors that know nothing of one another, at a constant rate.
type Poisson struct {
	PerHour float64
}

// Append implements Process.
func (p Poisson) Append(events []Event, hour Hour) []Event {
	for _, at := range hour.arrivals(p.PerHour) {
		events = append(events, Event{AtMillis: at, Target: hour.target()})
	}
	return events
}

// Diurnal is independent errors at a rate that follows the time of day:
// PerHour · (1 + Amplitude · sin(2π t / day)), multiplied during the spikes.
type Diurnal struct {
	PerHour   float64
	Amplitude float64 // 0 to 1

	SpikeEvery, SpikeFor time.Duration // from the Unix epoch on; 0: no spikes
	SpikeFactor          float64       // at least 1
}

// Append implements Process. It thins a Poisson process of the highest rate (Lewis and Shedler 1979).
func (p Diurnal) Append(events []Event, hour Hour) []Event {
	highest := p.PerHour * (1 + p.Amplitude) * max(1, p.SpikeFactor)
	for _, at := range hour.arrivals(highest) {
		if hour.Rand.Float64()*highest < p.rate(at) {
			events = append(events, Event{AtMillis: at, Target: hour.target()})
		}
	}
	return events
}

func (p Diurnal) rate(atMillis int64) float64 {
	day := 2 * math.Pi * float64(atMillis%(24*hourMillis)) / float64(24*hourMillis)
	rate := p.PerHour * (1 + p.Amplitude*math.Sin(day))
	if p.SpikeEvery > 0 && atMillis%millis(p.SpikeEvery) < millis(p.SpikeFor) {
		rate *= p.SpikeFactor
	}
	return rate
}

// Bursts is clusters of errors: an outage, a deploy, a retry storm. The delays of the errors of a
// burst after its start are exponential with a scale that is drawn for each burst, or uniform.
type Bursts struct {
	PerHour  float64
	MeanSize float64         // the size is geometric, at least 1
	Size     int             // or fixed, if not 0
	Scales   []time.Duration // scales of the exponential delays; one is drawn for each burst
	Within   time.Duration   // or uniform delays, if not 0
}

// Append implements Process.
func (p Bursts) Append(events []Event, hour Hour) []Event {
	for _, start := range hour.arrivals(p.PerHour) {
		delay := p.delays(hour)
		for range p.size(hour) {
			events = append(events, Event{AtMillis: start + delay(), Target: hour.target()})
		}
	}
	return events
}

// size draws from the geometric distribution on 1, 2, … with the given mean, by inversion.
func (p Bursts) size(hour Hour) int {
	if p.Size > 0 {
		return p.Size
	}
	if p.MeanSize <= 1 {
		return 1
	}
	return 1 + int(math.Log(1-hour.Rand.Float64())/math.Log(1-1/p.MeanSize))
}

// delays draws the shape of one burst, and gives the source of its delays.
func (p Bursts) delays(hour Hour) func() int64 {
	if p.Within > 0 {
		return func() int64 { return int64(hour.Rand.Float64() * float64(millis(p.Within))) }
	}
	scale := float64(millis(p.Scales[hour.Rand.IntN(len(p.Scales))]))
	return func() int64 { return int64(hour.Rand.ExpFloat64() * scale) }
}

// Train is periodic errors: a probe or a job that fails now and then.
type Train struct {
	Period time.Duration
	Chance float64 // that a step is an error

	PerHour float64 // trains that start in an hour; 0: one train that never ends
	Steps   int     // steps of a train; without meaning for the one that never ends
}

// Append implements Process. A train keeps to one target; the endless one keeps to the first.
func (p Train) Append(events []Event, hour Hour) []Event {
	step := millis(p.Period)
	if p.PerHour == 0 {
		first := (hour.StartMillis + step - 1) / step * step
		count := (hour.StartMillis + hourMillis - first + step - 1) / step
		return p.appendSteps(events, hour, first, count, 0)
	}
	for _, start := range hour.arrivals(p.PerHour) {
		events = p.appendSteps(events, hour, start, int64(p.Steps), hour.target())
	}
	return events
}

func (p Train) appendSteps(events []Event, hour Hour, first, count int64, target int) []Event {
	for i := range count {
		if hour.Rand.Float64() < p.Chance {
			events = append(events, Event{AtMillis: first + i*millis(p.Period), Target: target})
		}
	}
	return events
}

// Echoes is other processes of which a share of the errors is followed by one more: a request that
// is counted twice, or a client that tries again.
type Echoes struct {
	Of         []Process
	Share      float64 // of the errors that have an echo
	Delays     []Span  // one is drawn for each echo
	SameTarget bool    // else each echo hits a target at random
}

// Append implements Process.
func (p Echoes) Append(events []Event, hour Hour) []Event {
	first := len(events)
	for _, process := range p.Of {
		events = process.Append(events, hour)
	}
	for _, event := range events[first:] {
		if hour.Rand.Float64() >= p.Share {
			continue
		}
		delay := p.Delays[hour.Rand.IntN(len(p.Delays))].drawMillis(hour.Rand)
		echo := Event{AtMillis: event.AtMillis + delay, Target: event.Target}
		if !p.SameTarget {
			echo.Target = hour.target()
		}
		events = append(events, echo)
	}
	return events
}

// Pairs is the ghosts: an error, and a second one a lag later. They are what is to be found, and
// are reported as planted.
type Pairs struct {
	PerHour float64
	Lag     Span
	Length  int  // errors in a row, each a lag after the last; 0 means 2
	Across  bool // every error on a target of its own choice, else all of a pair on one
}

// Append implements Process.
func (p Pairs) Append(events []Event, hour Hour) []Event {
	length := max(p.Length, 2)
	for _, origin := range hour.arrivals(p.PerHour) {
		at, target := origin, hour.target()
		for i := range length {
			events = append(events, Event{AtMillis: at, Target: target, OriginMillis: origin, Last: i == length-1})
			at += p.Lag.drawMillis(hour.Rand)
			if p.Across {
				target = hour.target()
			}
		}
	}
	return events
}

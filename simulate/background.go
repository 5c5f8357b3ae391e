package simulate

import "time"

// Backgrounds are the names that Background knows.
func Backgrounds() []string { return []string{"none", "poisson", "bursty", "diurnal", "periodic"} }

// Background is errors without planted pairs, by name, of which there are perHour an hour in the long
// run:
//
//   - none: no errors, whatever perHour says;
//   - poisson: errors that know nothing of one another, at a constant rate;
//   - bursty: three fifths of them like that, the others in bursts of half a second to half a minute, some
//     counted twice, and some tried again after 1, 2 or 10 s; the mix of the scenario of that name;
//   - diurnal: independent, by day nearly twice as many as on average and by night next to none, with a
//     spike of two minutes every four hours;
//   - periodic: a probe every 5 s that fails half of the time, for five minutes now and then. It has the
//     lag of a connect timeout without being one.
func Background(name string, perHour float64) ([]Process, bool) {
	switch name {
	case "none":
		return nil, true
	case "poisson":
		return []Process{Poisson{PerHour: perHour}}, true
	case "bursty":
		const mean = (30 + 2*10) * 1.3 * 1.15
		return []Process{bursty(perHour / mean)}, true
	case "diurnal":
		d := diurnal(perHour)
		d.PerHour /= d.meanFactor()
		return []Process{d}, true
	case "periodic":
		const steps, chance = 60, 0.5
		return []Process{Train{PerHour: perHour / (steps * chance), Steps: steps, Period: 5 * time.Second, Chance: chance}}, true
	}
	return nil, false
}

// diurnal follows the time of day, and spikes every four hours.
func diurnal(perHour float64) Diurnal {
	return Diurnal{
		PerHour: perHour, Amplitude: 0.9,
		SpikeEvery: 4 * time.Hour, SpikeFor: 2 * time.Minute, SpikeFactor: 20,
	}
}

// meanFactor is the mean rate over PerHour when the spikes are spread evenly over the day, so that the
// sine averages out.
func (p Diurnal) meanFactor() float64 {
	if p.SpikeEvery <= 0 {
		return 1
	}
	return 1 + (max(1, p.SpikeFactor)-1)*p.SpikeFor.Seconds()/p.SpikeEvery.Seconds()
}

package simulate

import "time"

// Scenarios are the names that Scenario knows, quiet ones first. The last two look like pairs to
// any method that reads lags alone: bursts that end abruptly, and a periodic check.
func Scenarios() []string {
	return []string{"none", "poisson", "diurnal", "bursty", "bigburst", "retry3", "box7", "period5"}
}

// Scenario is a background of errors without any pair at 5 to 6.5 s, by name. Rates are those of
// the whole route.
func Scenario(name string) ([]Process, bool) {
	switch name {
	case "none":
		return nil, true
	case "poisson":
		return []Process{Poisson{PerHour: 60}}, true
	case "diurnal":
		return []Process{diurnal(60)}, true
	case "bursty":
		return []Process{bursty(1)}, true
	case "bigburst":
		return []Process{Poisson{PerHour: 30}, Bursts{PerHour: 2, MeanSize: 40, Scales: []time.Duration{20 * time.Second}}}, true
	case "retry3":
		return []Process{
			Poisson{PerHour: 60},
			echo(4, Span{3 * time.Second, 3200 * time.Millisecond}),
			echo(4, Span{8 * time.Second, 8800 * time.Millisecond}),
		}, true
	case "box7":
		return []Process{Poisson{PerHour: 30}, Bursts{PerHour: 2, Size: 6, Within: 7 * time.Second}}, true
	case "period5":
		return []Process{Poisson{PerHour: 30}, Train{PerHour: 2. / 24, Steps: 60, Period: 5 * time.Second, Chance: 0.5}}, true
	}
	return nil, false
}

// bursty is errors in bursts of all lengths, of which some are counted twice and some are tried
// again after 1, 2 or 10 s. A scale of 1 is about 75 errors an hour.
func bursty(scale float64) Process {
	bursts := []Process{
		Poisson{PerHour: 30 * scale},
		Bursts{PerHour: 2 * scale, MeanSize: 10, Scales: []time.Duration{500 * time.Millisecond, 3 * time.Second, 10 * time.Second, 30 * time.Second}},
	}
	twice := Echoes{Of: bursts, Share: 0.3, Delays: []Span{{0, 300 * time.Millisecond}}, SameTarget: true}
	return Echoes{Of: []Process{twice}, Share: 0.15, Delays: []Span{
		{time.Second, 1100 * time.Millisecond},
		{2 * time.Second, 2200 * time.Millisecond},
		{10 * time.Second, 11 * time.Second},
	}}
}

// echo is errors of which each is followed by one more on the same target.
func echo(perHour float64, delay Span) Process {
	return Echoes{Of: []Process{Poisson{PerHour: perHour}}, Share: 1, Delays: []Span{delay}, SameTarget: true}
}

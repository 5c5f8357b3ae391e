package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// drawn gives the events of many hours of one process.
func drawn(p Process, hours int64) []Event {
	var events []Event
	for h := range hours {
		random := rand.New(rand.NewPCG(7, uint64(h)))
		events = p.Append(events, Hour{StartMillis: h * hourMillis, Targets: 4, Rand: random})
	}
	return events
}

func TestRates(t *testing.T) {
	t.Parallel()
	const hours = 2400 // whole days, so that day and night cancel
	bursts := Bursts{PerHour: 2, MeanSize: 10, Scales: []time.Duration{3 * time.Second}}
	cases := []struct {
		name     string
		process  Process
		perHour  float64
		variance float64 // of the number in an hour
	}{
		{"poisson", Poisson{PerHour: 60}, 60, 60},
		// compound Poisson: variance is rate · E[size²], geometric: 2·10² − 10
		{"bursts", bursts, 20, 2 * 190},
		{"fixed size", Bursts{PerHour: 2, Size: 6, Within: 7 * time.Second}, 12, 2 * 36},
		{"diurnal", Diurnal{PerHour: 60, Amplitude: 0.9}, 60, 60},
		// six spikes of two minutes a day, 12 of its 1440 minutes, at 20 times the rate
		{"spikes", Diurnal{PerHour: 60, SpikeEvery: 4 * time.Hour, SpikeFor: 2 * time.Minute, SpikeFactor: 20}, 60 * (1 + 19.*12/1440), 80},
		{"endless train", Train{Period: 5 * time.Second, Chance: 0.5}, 360, 180},
		// compound: E[size²] of Binomial(60, ½) is 15 + 30²
		{"trains", Train{Period: 5 * time.Second, Chance: 0.5, PerHour: 0.5, Steps: 60}, 15, 0.5 * 915},
		{"pairs", Pairs{PerHour: 2, Lag: Span{5 * time.Second, 6 * time.Second}}, 4, 8},
		{"chains", Pairs{PerHour: 2, Length: 3, Lag: Span{5 * time.Second, 6 * time.Second}}, 6, 18},
		// every second one has an echo: E[size²] is ½·1 + ½·4
		{"echoes", Echoes{Of: []Process{Poisson{PerHour: 60}}, Share: 0.5, Delays: []Span{{0, time.Second}}}, 90, 150},
	}
	for _, c := range cases {
		got := float64(len(drawn(c.process, hours)))
		// 4.5 standard deviations: once in 150,000 seeds
		if bound := 4.5 * math.Sqrt(c.variance*hours); math.Abs(got-c.perHour*hours) > bound {
			t.Errorf("%s: %v errors in %v hours, want %v ± %.0f", c.name, got, hours, c.perHour*hours, bound)
		}
	}
}

func TestDiurnalShape(t *testing.T) {
	t.Parallel()
	// 1 + 0.9 sin: over the first half of a day the mean is 1 + 0.9·2/π = 1.573, over the second 0.427
	day, night := 0., 0.
	for _, event := range drawn(Diurnal{PerHour: 60, Amplitude: 0.9}, 2400) {
		if event.AtMillis/hourMillis%24 < 12 {
			day++
		} else {
			night++
		}
	}
	if ratio := day / night; math.Abs(ratio-1.573/0.427) > 0.1 {
		t.Errorf("day/night = %.3f, want %.3f", ratio, 1.573/0.427)
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	for _, across := range []bool{false, true} {
		pairs := Pairs{PerHour: 10, Lag: Span{5 * time.Second, 6500 * time.Millisecond}, Across: across}
		events := drawn(pairs, 500)
		lags, same := 0., 0.
		for pair := range slices.Chunk(events, 2) {
			first, second := pair[0], pair[1]
			lag := second.AtMillis - first.AtMillis
			if lag < 5000 || lag > 6500 || first.OriginMillis != first.AtMillis || second.OriginMillis != first.AtMillis {
				t.Fatalf("across %v: pair %+v", across, pair)
			}
			if first.Last || !second.Last {
				t.Fatalf("across %v: the second error is the last, got %+v", across, pair)
			}
			lags += float64(lag)
			if first.Target == second.Target {
				same++
			}
		}
		n := float64(len(events)) / 2
		// uniform on [5, 6.5] s: mean 5750, standard deviation 1500/√12 = 433 ms; 4.5 of its error
		if mean := lags / n; math.Abs(mean-5750) > 4.5*433/math.Sqrt(n) {
			t.Errorf("across %v: mean lag %.1f ms, want 5750", across, mean)
		}
		want := 1.
		if across {
			want = 0.25 // four targets
		}
		if share := same / n; math.Abs(share-want) > 4.5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("across %v: %.3f on one target, want %v", across, share, want)
		}
	}
}

func TestTrainKeepsTime(t *testing.T) {
	t.Parallel()
	// 7 s does not divide an hour: the steps of one hour must go on in the next
	events := drawn(Train{Period: 7 * time.Second, Chance: 1}, 10)
	for i, event := range events {
		if event.AtMillis != int64(i)*7000 {
			t.Fatalf("step %d at %d ms, want %d", i, event.AtMillis, i*7000)
		}
	}
	if len(events) != 10*3600/7+1 {
		t.Errorf("%d steps in ten hours, want %d", len(events), 10*3600/7+1)
	}
}

func TestScenariosAreKnown(t *testing.T) {
	t.Parallel()
	// per hour: bursty is (30 + 20) · 1.3 · 1.15
	rates := map[string]float64{
		"none": 0, "poisson": 60, "diurnal": 60 * (1 + 19.*12/1440), "bursty": 74.75, "bigburst": 110,
		"retry3": 76, "box7": 42, "period5": 30 + 2./24*30,
	}
	for _, name := range Scenarios() {
		processes, ok := Scenario(name)
		if !ok {
			t.Errorf("%s: unknown", name)
		}
		total := 0
		for _, process := range processes {
			total += len(drawn(process, 2400))
		}
		if got := float64(total) / 2400; math.Abs(got-rates[name]) > 0.05*rates[name] {
			t.Errorf("%s: %.1f errors an hour, want %.1f", name, got, rates[name])
		}
	}
	if _, ok := Scenario("nonsense"); ok {
		t.Error("nonsense: known")
	}
}

package power

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/simulate"
)

// scenario is one cell of the table of measurements of the method: hours to `paired` at A = 3.6·10⁶.
type scenario struct {
	name          string
	interval      time.Duration
	targets       int
	across        bool
	background    string
	perHour       float64
	pairs         float64
	tenth, median float64
	ninetieth     float64
}

func (s scenario) question() Question {
	background, ok := simulate.Background(s.background, s.perHour)
	if !ok {
		panic("no background " + s.background)
	}
	return Question{
		Fingerprint: syn, ScrapeInterval: s.interval, Targets: s.targets,
		Background: background, PairsPerHour: s.pairs, Across: s.across,
		Streams: 5000, FalseAlarmsPerMonth: 1,
	}
}

func ask(t *testing.T, q Question, p Plan) *Answer {
	t.Helper()
	answer, err := Ask(context.Background(), q, p)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestMedians compares with an independent implementation, which was run 40 times: the standard
// error of its median is 1.25 · sd / √40, that of these 100 runs half as much, and the sd is
// (q90 − q10) / 2.56. Allowed are 3.5 joint standard errors, and half an hour because its runs all
// begin at a full hour, so that they get their first unit of wealth later.
func TestMedians(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hundreds of days of scrapes")
	}
	for _, s := range []scenario{
		{"none+2", time.Second, 1, false, "none", 0, 2, 5.4, 7.2, 9.2},
		{"poisson+10", time.Second, 1, false, "poisson", 60, 10, 2.6, 3.8, 5.5},
		{"poisson+10 on 20", 2 * time.Second, 20, false, "poisson", 60, 10, 2.0, 2.8, 4.6},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(t, s.question(), Plan{Runs: 100, Horizon: 24 * time.Hour, Seed: 4242, Workers: 2})
			if answer.Threshold != 3.6e6 {
				t.Errorf("threshold %g, want 720 · 5000 / 1", answer.Threshold)
			}
			sd := (s.ninetieth - s.tenth) / 2.56
			allowed := 0.5 + 3.5*1.25*sd*0.188 // √(1/40 + 1/100)
			median, ok := answer.Quantile(0.5)
			if !ok || median.Hours() < s.median-allowed || median.Hours() > s.median+allowed {
				t.Errorf("median %.2f h (%v), want %.1f ± %.1f", median.Hours(), ok, s.median, allowed)
			}
			// At A = 3.6·10⁶ the expectation is 2400 h / A.
			if answer.FalseAlarms > 0 {
				t.Errorf("%d false alarms in 100 days, at most one in %g h is to be expected", answer.FalseAlarms, answer.Threshold)
			}
		})
	}
}

// TestPowerTable is the same over more of the table, with as many runs; it takes minutes.
func TestPowerTable(t *testing.T) {
	if os.Getenv("GHOSTPAIR_LONG") == "" {
		t.Skip("takes minutes: set GHOSTPAIR_LONG=1")
	}
	for _, s := range []scenario{
		{"1s 1 poisson+2", time.Second, 1, false, "poisson", 60, 2, 26, 37.6, 58.4},
		{"1s 5 poisson+2", time.Second, 5, false, "poisson", 60, 2, 10.3, 15, 22.7},
		{"1s 5 across poisson+2", time.Second, 5, true, "poisson", 60, 2, 24.4, 40.7, 78.8},
		{"1s 20 poisson+10", time.Second, 20, false, "poisson", 60, 10, 1.3, 2.1, 2.7},
		{"1s 1 bursty+10", time.Second, 1, false, "bursty", 74.75, 10, 2.9, 5.6, 8.6},
		{"2s 1 none+2", 2 * time.Second, 1, false, "none", 0, 2, 7.6, 11.2, 14.8},
		{"2s 20 across poisson+10", 2 * time.Second, 20, true, "poisson", 60, 10, 4.3, 7.3, 9.6},
		{"500ms 1 poisson+2", 500 * time.Millisecond, 1, false, "poisson", 60, 2, 16.9, 29.7, 49.4},
	} {
		answer := ask(t, s.question(), Plan{Runs: 200, Horizon: 7 * 24 * time.Hour, Seed: 4242, Workers: 2})
		var hours [3]float64
		for i, share := range []float64{0.1, 0.5, 0.9} {
			d, _ := answer.Quantile(share)
			hours[i] = d.Hours()
		}
		t.Logf("%s: %.1f/%.1f/%.1f h, want %g/%g/%g", s.name, hours[0], hours[1], hours[2], s.tenth, s.median, s.ninetieth)
		sd := (s.ninetieth - s.tenth) / 2.56
		if allowed := 0.5 + 3.5*1.25*sd*0.173; hours[1] < s.median-allowed || hours[1] > s.median+allowed {
			t.Errorf("%s: median %.1f h, want %g ± %.1f", s.name, hours[1], s.median, allowed)
		}
	}
}

// TestCoarse: scrapes every 15 s can tell nothing about 5 s, and every run must say so.
func TestCoarse(t *testing.T) {
	t.Parallel()
	s := scenario{interval: 15 * time.Second, targets: 3, background: "poisson", perHour: 60, pairs: 20}
	answer := ask(t, s.question(), Plan{Runs: 5, Horizon: 12 * time.Hour, Workers: 2})
	if answer.Resolvable || answer.NotResolvable != 5 || len(answer.Times) != 0 {
		t.Errorf("resolvable %v, %d of 5 runs say it is not, %d paired", answer.Resolvable, answer.NotResolvable, len(answer.Times))
	}
	if answer.LargestInterval != 3*time.Second { // 0.57 nats a pair at 3 s, none at 5 s
		t.Errorf("largest interval %s, want 3s", answer.LargestInterval)
	}
	// Across targets a pair yields 0.17 nats at 3 s, and at least 0.25 are needed.
	s.interval = 3 * time.Second
	answer = ask(t, s.question(), Plan{Runs: 1, Horizon: time.Hour})
	if !answer.Resolvable || answer.ResolvableAcross {
		t.Errorf("at 3 s: resolvable %v, across targets %v; want only the first", answer.Resolvable, answer.ResolvableAcross)
	}
}

// TestWorkers: who plays a run must not matter, and neither must who else asks.
func TestWorkers(t *testing.T) {
	t.Parallel()
	s := scenario{interval: time.Second, targets: 3, background: "diurnal", perHour: 60, pairs: 12}
	plan := Plan{Runs: 12, Horizon: 8 * time.Hour, Seed: 5, Tables: score.NewCache()}
	want := ask(t, s.question(), plan)
	if len(want.Times) == 0 {
		t.Fatal("no run was paired, so that nothing is compared")
	}
	for _, workers := range []int{2, 7} {
		plan.Workers = workers
		if got := ask(t, s.question(), plan); !reflect.DeepEqual(got.Times, want.Times) {
			t.Errorf("%d workers: %v, want %v", workers, got.Times, want.Times)
		}
	}
	plan.Seed = 6
	if got := ask(t, s.question(), plan); reflect.DeepEqual(got.Times, want.Times) {
		t.Error("another seed gives the same times")
	}
}

// TestHorizon: a run that is watched longer goes on where the shorter one ended.
func TestHorizon(t *testing.T) {
	t.Parallel()
	s := scenario{interval: time.Second, targets: 1, background: "none", pairs: 2}
	long := ask(t, s.question(), Plan{Runs: 20, Horizon: 24 * time.Hour, Seed: 9, Workers: 2})
	short := ask(t, s.question(), Plan{Runs: 20, Horizon: 7 * time.Hour, Seed: 9, Workers: 2})
	want := int(20 * long.Within(7*time.Hour))
	if want == 0 || want == 20 {
		t.Fatalf("%d of 20 runs within 7 h: choose another horizon", want)
	}
	if len(short.Times) != want || !reflect.DeepEqual(short.Times, long.Times[:want]) {
		t.Errorf("times %v, want the first %d of %v", short.Times, want, long.Times)
	}
}

// TestMorePairsSooner: twice the pairs cannot take longer, and a higher threshold cannot take less.
func TestMorePairsSooner(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hundreds of days of scrapes")
	}
	median := func(pairs float64, streams int) time.Duration {
		q := scenario{interval: time.Second, targets: 1, background: "poisson", perHour: 30, pairs: pairs}.question()
		q.Streams = streams
		d, ok := ask(t, q, Plan{Runs: 30, Horizon: 48 * time.Hour, Seed: 2, Workers: 2}).Quantile(0.5)
		if !ok {
			t.Fatalf("%g pairs an hour: less than half of the runs were paired", pairs)
		}
		return d
	}
	few, many, strict := median(5, 5000), median(10, 5000), median(10, 5_000_000)
	if many >= few || strict <= many {
		t.Errorf("5 pairs: %s, 10 pairs: %s, 10 pairs and 1000 times the threshold: %s", few, many, strict)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	a := Answer{Plan: Plan{Runs: 10, Horizon: 10 * time.Hour}, Threshold: 1e4}
	for h := range 6 {
		a.Times = append(a.Times, time.Duration(h+1)*time.Hour)
	}
	for _, c := range []struct {
		share float64
		hours float64 // 0: not by the horizon
	}{{0, 1}, {0.1, 1}, {0.11, 2}, {0.5, 5}, {0.6, 6}, {0.61, 0}, {1, 0}} {
		d, ok := a.Quantile(c.share)
		if ok != (c.hours > 0) || d.Hours() != c.hours {
			t.Errorf("quantile %g: %s (%v), want %g h", c.share, d, ok, c.hours)
		}
	}
	for limit, want := range map[time.Duration]float64{0: 0, time.Hour: 0.1, 90 * time.Minute: 0.1, 10 * time.Hour: 0.6} {
		if got := a.Within(limit); got != want {
			t.Errorf("within %s: %g, want %g", limit, got, want)
		}
	}
	if got := a.ExpectedFalseAlarms(); got != 0.01 { // 10 runs of 10 h, one in 10⁴ h
		t.Errorf("expected false alarms %g, want 0.01", got)
	}
}

func TestNonsense(t *testing.T) {
	t.Parallel()
	_, err := Ask(context.Background(), Question{ScrapeInterval: -1, PairsPerHour: -2}, Plan{})
	for _, want := range []string{"fingerprint", "scrape interval", "targets", "pairs", "streams", "false alarms", "runs", "horizon"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not mention %q", err, want)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := scenario{interval: time.Second, targets: 1, background: "none", pairs: 2}
	if _, err := Ask(ctx, s.question(), Plan{Runs: 5, Horizon: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

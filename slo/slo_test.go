package slo

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const day = 24 * time.Hour

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

func TestBudget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		target    float64
		tally     Tally
		remaining float64
		ok        bool
		burn      float64
		burnOK    bool
	}{
		// 0.1 % of 10,000 requests is 10 errors; 4 leave 60 %; 0.04 % of errors burn at 0.4.
		{"within", 0.999, Tally{10_000, 4}, 0.6, true, 0.4, true},
		{"overspent", 0.999, Tally{10_000, 25}, -1.5, true, 2.5, true},
		{"no traffic", 0.999, Tally{}, 1, true, 0, false},
		{"errors without requests", 0.999, Tally{0, 3}, 0, false, 0, false},
		{"100 % kept", 1, Tally{10_000, 0}, 1, true, 0, true},
		{"100 % broken", 1, Tally{10_000, 1}, 0, false, math.Inf(1), true},
		{"more errors than requests", 0.9, Tally{10, 30}, -29, true, 10, true},
	} {
		o := Objective{test.target, 28 * day}
		remaining, ok := o.Budget(test.tally).RemainingRatio()
		if !near(remaining, test.remaining) || ok != test.ok {
			t.Errorf("%s: remaining %v, %t, want %v, %t", test.name, remaining, ok, test.remaining, test.ok)
		}
		burn, ok := o.BurnRate(test.tally)
		if burn != test.burn && !near(burn, test.burn) || ok != test.burnOK {
			t.Errorf("%s: burn rate %v, %t, want %v, %t", test.name, burn, ok, test.burn, test.burnOK)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, o := range []Objective{{0, day}, {1.5, day}, {-1, day}, {math.NaN(), day}, {0.9, 0}} {
		if o.Check() == nil {
			t.Errorf("objective %+v: no error", o)
		}
	}
	if err := (Objective{1, day}).Check(); err != nil {
		t.Errorf("100 %%: %v", err)
	}
}

// At burn rate 2 half of a 28-day budget lasts 7 days.
func TestTimeToExhaustion(t *testing.T) {
	t.Parallel()
	o := Objective{0.999, 28 * day}
	if left, ok := o.TimeToExhaustion(0.5, 2); left != 7*day || !ok {
		t.Errorf("half at rate 2: %s, %t, want 7 days", left, ok)
	}
	if left, ok := o.TimeToExhaustion(-0.1, 2); left != 0 || !ok {
		t.Errorf("nothing left: %s, %t, want 0", left, ok)
	}
	for _, rate := range []float64{0, 1e-12, math.NaN()} {
		if left, ok := o.TimeToExhaustion(0.5, rate); ok {
			t.Errorf("rate %v: %s, want none", rate, left)
		}
	}
}

// The workbook's rates follow from the shares of a 30-day budget: 2 % in 1 h, 5 % in 6 h, 10 % in
// one day and in three.
func TestBurnAlertsAreTheWorkbooks(t *testing.T) {
	t.Parallel()
	for i, share := range []float64{0.02, 0.05, 0.1, 0.1} {
		a := BurnAlerts()[i]
		if got := share * budgetPeriod.Hours() / a.Long.Hours(); !near(got, a.Rate) {
			t.Errorf("%s: rate %v, want %v", a.Name, a.Rate, got)
		}
		if a.Long != 12*a.Short {
			t.Errorf("%s: windows %s and %s, want 12 to 1", a.Name, a.Long, a.Short)
		}
	}
	fast := BurnAlerts()[0]
	o := Objective{0.999, 30 * day}
	hot, calm := Tally{1000, 15}, Tally{1000, 1} // burn rates 15 and 1
	if !fast.Fires(o, hot, hot) || fast.Fires(o, hot, calm) || fast.Fires(o, calm, hot) || fast.Fires(o, hot, Tally{}) {
		t.Error("the fast alert must fire only when both windows burn")
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone database: %v", err)
	}
	return z
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	berlin, santiago := zone(t, "Europe/Berlin"), zone(t, "America/Santiago")
	for _, test := range []struct {
		name  string
		zone  *time.Location
		start string
		hours float64
	}{
		{"2026-W47", time.UTC, "2026-11-16T00:00:00Z", 168},
		{"2026-W13", berlin, "2026-03-23T00:00:00+01:00", 167}, // clocks go forward on 29 March
		{"2026-W43", berlin, "2026-10-19T00:00:00+02:00", 169}, // and back on 25 October
		{"2026-W01", time.UTC, "2025-12-29T00:00:00Z", 168},    // ISO weeks cross the year
		{"2026-W53", time.UTC, "2026-12-28T00:00:00Z", 168},    // 2026 begins on a Thursday: 53 weeks
		{"2026-02", time.UTC, "2026-02-01T00:00:00Z", 28 * 24},
		{"2026-Q1", berlin, "2026-01-01T00:00:00+01:00", 90*24 - 1},
		{"2026-W36", santiago, "2026-08-31T00:00:00-04:00", 167}, // midnight of 6 September does not exist
	} {
		p, err := ParsePeriod(test.name, test.zone)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := p.Start.Format(time.RFC3339); got != test.start || p.Duration().Hours() != test.hours || p.Name != test.name {
			t.Errorf("%s: %s from %s, %v h, want %s, %v h", test.name, p.Name, got, p.Duration().Hours(), test.start, test.hours)
		}
	}
	for _, name := range []string{"2025-W53", "2026-W00", "2026-W54", "2026-13", "2026-00", "2026-Q5", "last", ""} {
		if p, err := ParsePeriod(name, time.UTC); err == nil {
			t.Errorf("%q: %v, want an error", name, p)
		}
	}
}

// Going back from any period, each ends where the next begins: no gap, no overlap, whatever the
// clock does.
// Seven days have 167 or 169 hours when the clock changes within, and on a Monday they are the week before.
func TestDays(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	for _, test := range []struct {
		at    time.Time
		name  string
		hours float64
	}{
		{time.Date(2026, 11, 24, 22, 10, 0, 0, berlin), "2026-11-17..2026-11-24", 168},
		{time.Date(2026, 10, 27, 0, 0, 0, 0, berlin), "2026-10-20..2026-10-27", 169},
		{time.Date(2026, 3, 30, 0, 0, 1, 0, berlin), "2026-03-23..2026-03-30", 167},
	} {
		if p := Days(test.at, 7); p.Name != test.name || p.Duration().Hours() != test.hours || p.End.After(test.at) {
			t.Errorf("%s: %s with %v hours, want %s with %v", test.at, p.Name, p.Duration().Hours(), test.name, test.hours)
		}
	}
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, berlin)
	if days, week := Days(monday, 7), Week(monday).Previous(); !days.Start.Equal(week.Start) || !days.End.Equal(week.End) {
		t.Errorf("on a Monday %s to %s, want %s to %s", days.Start, days.End, week.Start, week.End)
	}
}

func TestPreviousIsAdjacent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "UTC"} {
		at := time.Date(2026, 11, 24, 3, 0, 0, 0, zone(t, name))
		for _, p := range []Period{Week(at), Month(at), Quarter(at)} {
			for range 120 {
				before := p.Previous()
				if !before.End.Equal(p.Start) {
					t.Fatalf("%s: %s ends %s, %s starts %s", name, before.Name, before.End, p.Name, p.Start)
				}
				p = before
			}
		}
	}
}

// Cutting spans out leaves exactly the instants that are in none of them.
func TestWithout(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	origin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return origin.Add(time.Duration(minutes) * time.Minute) }
	for range 500 {
		whole := Span{at(50), at(50 + rng.IntN(100))}
		var excluded []Span
		for range rng.IntN(6) {
			from := rng.IntN(200)
			excluded = append(excluded, Span{at(from), at(from + rng.IntN(60) - 5)})
		}
		left := Without(whole, excluded)
		var minutes int
		for m := range 260 {
			want := whole.Holds(at(m))
			for _, s := range excluded {
				want = want && !s.Holds(at(m))
			}
			got := false
			for _, s := range left {
				got = got || s.Holds(at(m))
			}
			if got != want {
				t.Fatalf("%v without %v: minute %d is in: %t, want %t", whole, excluded, m, got, want)
			}
			if want {
				minutes++
			}
		}
		if total := Total(left); total != time.Duration(minutes)*time.Minute {
			t.Fatalf("%v without %v: %s left, want %d minutes", whole, excluded, total, minutes)
		}
	}
}

// 3 errors of 1000 requests in a week are 0.3 % of the week of complete failure: half an hour.
func TestDowntime(t *testing.T) {
	t.Parallel()
	if lost, ok := Downtime(3, Tally{1000, 10}, 7*day); !ok || lost.Round(time.Second) != 1814*time.Second {
		t.Errorf("downtime %s, %t, want 30m14s", lost, ok)
	}
	if _, ok := Downtime(3, Tally{}, 7*day); ok {
		t.Error("downtime without requests must not exist")
	}
}

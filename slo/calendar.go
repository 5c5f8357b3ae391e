package slo

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Period is a named stretch of calendar time [Start, End) in the time zone of Start.
type Period struct {
	Name       string // 2026-W47, 2026-11, 2026-Q4 or, of Days, both its ends
	Start, End time.Time
}

// Duration is the length of p: a week with a change of the clock has 167 or 169 hours.
func (p Period) Duration() time.Duration { return p.End.Sub(p.Start) }

// Partial tells whether p has not ended at now.
func (p Period) Partial(now time.Time) bool { return now.Before(p.End) }

// Week returns the ISO 8601 week that holds t, in the time zone of t: it starts on Monday at 00:00.
func Week(t time.Time) Period {
	year, week := t.ISOWeek()
	daysSinceMonday := (int(t.Weekday()) + 6) % 7
	start := midnight(t, -daysSinceMonday)
	return Period{fmt.Sprintf("%04d-W%02d", year, week), start, midnight(start, 7)}
}

// Month returns the calendar month that holds t, in the time zone of t.
func Month(t time.Time) Period {
	start := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
	return Period{start.Format("2006-01"), start, start.AddDate(0, 1, 0)}
}

// Quarter returns the calendar quarter that holds t, in the time zone of t.
func Quarter(t time.Time) Period {
	quarter := (int(t.Month()) - 1) / 3
	start := time.Date(t.Year(), time.Month(3*quarter+1), 1, 0, 0, 0, 0, t.Location())
	return Period{fmt.Sprintf("%04d-Q%d", t.Year(), quarter+1), start, start.AddDate(0, 3, 0)}
}

// Days returns the n calendar days before the day of t, in the time zone of t.
func Days(t time.Time, n int) Period {
	start, end := midnight(t, -n), midnight(t, 0)
	return Period{start.Format(time.DateOnly) + ".." + end.Format(time.DateOnly), start, end}
}

// midnight returns 00:00 on the day of t plus days. Where the clock skips midnight it is the first
// instant of the day.
func midnight(t time.Time, days int) time.Time {
	day := time.Date(t.Year(), t.Month(), t.Day()+days, 12, 0, 0, 0, t.Location())
	start := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, t.Location())
	for start.Day() != day.Day() { // the zone database chose the side before the gap
		start = start.Add(30 * time.Minute)
	}
	return start
}

// Previous returns the week, month or quarter before p.
func (p Period) Previous() Period {
	before := p.Start.Add(-time.Hour)
	switch {
	case weekName.MatchString(p.Name):
		return Week(before)
	case quarterName.MatchString(p.Name):
		return Quarter(before)
	default:
		return Month(before)
	}
}

var (
	weekName    = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)
	monthName   = regexp.MustCompile(`^(\d{4})-(\d{2})$`)
	quarterName = regexp.MustCompile(`^(\d{4})-Q([1-4])$`)
)

// ParsePeriod reads the name of a week (2026-W47), month (2026-11) or quarter (2026-Q4).
func ParsePeriod(name string, zone *time.Location) (Period, error) {
	if m := weekName.FindStringSubmatch(name); m != nil {
		// The fourth of January is always in week 1.
		day := time.Date(number(m[1]), 1, 4+7*(number(m[2])-1), 12, 0, 0, 0, zone)
		if p := Week(day); p.Name == name {
			return p, nil
		}
		return Period{}, fmt.Errorf("week %q: %s has no such week", name, m[1])
	}
	if m := quarterName.FindStringSubmatch(name); m != nil {
		return Quarter(time.Date(number(m[1]), time.Month(3*number(m[2])), 1, 12, 0, 0, 0, zone)), nil
	}
	if m := monthName.FindStringSubmatch(name); m != nil && number(m[2]) >= 1 && number(m[2]) <= 12 {
		return Month(time.Date(number(m[1]), time.Month(number(m[2])), 1, 12, 0, 0, 0, zone)), nil
	}
	return Period{}, fmt.Errorf("period %q: write a week as 2026-W47, a month as 2026-11, a quarter as 2026-Q4", name)
}

// number reads digits that a pattern has already matched.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

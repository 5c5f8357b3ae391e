package detector

import (
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// pastDay is the estimate of the pairs of a day that has left the histograms.
type pastDay struct {
	day   int64
	pairs float64
}

// maxPastDays is how many days a finding remembers.
const maxPastDays = 92

// keepDays keeps the pairs of the days before one of them.
func (d *Detector) keepDays(s *stream, before int64) {
	tallies, _ := d.tallies(s)
	if !slices.ContainsFunc(tallies, func(t *tally) bool { return len(t.days) > 0 && t.days[0].day < before }) {
		return
	}
	for _, p := range d.dayPairs(s) {
		if p.day >= before || len(s.pastDays) > 0 && s.pastDays[len(s.pastDays)-1].day >= p.day {
			continue
		}
		s.pastDays = append(s.pastDays, p)
	}
	if n := len(s.pastDays) - maxPastDays; n > 0 {
		s.pastDays = slices.Delete(s.pastDays, 0, n)
	}
}

// dayPairs estimates the pairs of each day in the histograms of a stream with an alarm: the count in
// the bins of the fingerprint less what the background beside them makes likely.
func (d *Detector) dayPairs(s *stream) []pastDay {
	if s.firstAlarm == 0 {
		return nil
	}
	s.settleLook()
	e := s.estimate
	if e == nil {
		return nil
	}
	tallies, _ := d.tallies(s)
	at := slices.IndexFunc(tallies, func(t *tally) bool { return t.clock.deltaMillis == e.deltaMillis })
	if at < 0 {
		return nil
	}
	var days []pastDay
	for i := range tallies[at].days {
		day := &tallies[at].days[i]
		hot, cold := 0.0, 0.0
		bins := day.bins(e.level)
		for k := e.firstBin; k < min(e.firstBin+len(e.background), len(bins)); k++ {
			if k >= e.hotFirst && k <= e.hotLast {
				hot += float64(bins[k])
			} else {
				cold += float64(bins[k])
			}
		}
		days = append(days, pastDay{day.day, max(0, hot-float64(cold*e.hotPerCold))})
	}
	return days
}

// pairsByDay lists all days that are known of a stream.
func (d *Detector) pairsByDay(s *stream) []finding.DayPairs {
	all := []finding.DayPairs{}
	last := int64(-1)
	for _, p := range slices.Concat(s.pastDays, d.dayPairs(s)) {
		if p.day <= last {
			continue
		}
		last = p.day
		day := time.UnixMilli(p.day * dayMillis).UTC().Format(time.DateOnly)
		all = append(all, finding.DayPairs{Day: day, Pairs: p.pairs})
	}
	return all
}

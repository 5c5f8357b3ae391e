package coarse

import (
	"math"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

const (
	// maxBirth is the greatest value with which a counter may be born: above it the counter was
	// there before and merely not seen.
	maxBirth = 100
	// forgetMillis is how long the value of a series that is absent is remembered.
	forgetMillis = hourMillis
)

// series is what is remembered of one companion series.
type series struct {
	Role    role
	Counter string
	Value   float64
	At      int64 // its newest sample
	Present bool  // at the latest scrape of the target

	spans []span
	pos   int
}

// span is a stretch of scrapes, by index, at which a series had one value.
type span struct {
	first, last int
	value       float64
}

// spansOf finds the scrapes of runs. Samples that belong to no scrape are left out.
func spansOf(runs []observe.Run, times []int64) []span {
	var out []span
	slices.SortStableFunc(runs, func(a, b observe.Run) int { return int(max(-1, min(1, a.FirstMillis-b.FirstMillis))) })
	from := 0
	add := func(first, last int, value float64) {
		if n := len(out); n > 0 && out[n-1].last >= first {
			return // handed over twice
		}
		if n := len(out); n > 0 && out[n-1].last == first-1 && out[n-1].value == value {
			out[n-1].last = last
			return
		}
		out = append(out, span{first, last, value})
	}
	for _, run := range runs {
		at, found := slices.BinarySearch(times[from:], run.FirstMillis)
		at += from
		from = min(at, len(times))
		if last := at + int(run.Count) - 1; found && last < len(times) && times[last] == run.LastMillis() {
			add(at, last, run.Value)
			continue
		}
		for ; at < len(times) && times[at] <= run.LastMillis(); at++ { // some scrapes are not its, or some of its are left out
			if off := times[at] - run.FirstMillis; off == 0 || run.StepMillis > 0 && off%run.StepMillis == 0 {
				add(at, at, run.Value)
			}
		}
	}
	return out
}

// spansSince leaves out what was before a time.
func spansSince(all []span, times []int64, sinceMillis int64) []span {
	first, _ := slices.BinarySearch(times, sinceMillis)
	for len(all) > 0 && all[0].last < first {
		all = all[1:]
	}
	if len(all) > 0 {
		all[0].first = max(all[0].first, first)
	}
	return all
}

// at tells the value at scrape i, and until which scrape nothing changes. It must be asked in order.
func (s *series) at(i, end int) (value float64, present bool, hold int) {
	for s.pos < len(s.spans) && s.spans[s.pos].last < i {
		s.pos++
	}
	switch {
	case s.pos == len(s.spans):
		return 0, false, end
	case s.spans[s.pos].first > i:
		return 0, false, s.spans[s.pos].first - 1
	}
	return s.spans[s.pos].value, true, s.spans[s.pos].last
}

// take moves on to the value at a scrape and returns the growth since the one before. Without a
// scrape before, the value is where counting starts.
func (s *series) take(value float64, present bool, at int64, counting bool) int64 {
	if !present {
		s.Present = false
		return 0
	}
	growth, born := 0.0, s.At == 0 || at-s.At > forgetMillis
	switch {
	case !counting:
	case !born && value >= s.Value:
		growth = value - s.Value
	case value <= maxBirth || !born && s.Present: // a counter that starts again starts from 0
		growth = value
	}
	s.Value, s.At, s.Present = value, at, true
	return int64(math.Round(min(growth, 1<<40)))
}

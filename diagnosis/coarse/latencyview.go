package coarse

import (
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// latencyView is what is remembered of one way in which a target is seen.
type latencyView struct {
	at   int64              // its latest scrape; 0: none that can be compared with
	last map[string]reading // what that showed, by histogram
	logs []stretches        // by fingerprint
}

// reading is what one histogram showed at a scrape: by fingerprint, the buckets on both sides of the timeout.
type reading []edges

// edges are the values of the last bucket below a timeout and of the first above it. Both are cumulative:
// their difference counts the requests that took about as long. A bound is 0 where there is no such bucket.
type edges struct {
	BelowBound, AboveBound float64
	Below, Above           float64
}

func (e *edges) slow() float64 { return e.Above - e.Below }

func (e *edges) known() bool { return e.BelowBound > 0 && e.AboveBound > 0 }

// Values that no bucket has: where there is none, and where several series have the same bound, so that it is
// not known which of them belong together.
const (
	absent  = -1
	several = -2
)

// columns are the samples of a histogram, one value a scrape for each bucket.
type columns struct {
	bounds []float64 // in order
	sides  [][]side  // of each bound, by fingerprint
	values [][]float64
}

// side is where a bound is, seen from a timeout.
type side uint8

const (
	far side = iota
	below
	above
)

func sidesOf(bound float64, windows []Window) []side {
	sides := make([]side, len(windows))
	for f, w := range windows {
		switch {
		case w.isBelow(bound):
			sides[f] = below
		case w.isAbove(bound):
			sides[f] = above
		}
	}
	return sides
}

// take takes what was read of the histograms of a target.
func (v *latencyView) take(staged map[string]stagedHistogram, windows []Window) {
	times := scrapesOf(staged)
	names := slices.Collect(maps.Keys(staged))
	for name := range v.last {
		if staged[name] == nil {
			names = append(names, name) // it has vanished
		}
	}
	before, now := make([]reading, len(names)), make([]reading, len(names))
	read := make([]columns, len(names))
	for i, name := range names {
		before[i] = v.last[name]
		read[i] = columnsOf(staged[name], times, windows)
	}
	for i, at := range times {
		for h := range names {
			now[h] = read[h].at(i, len(windows))
		}
		v.compare(before, now, at)
		before, now, v.at = now, before, at
	}
	if len(times) == 0 {
		return
	}
	v.last = make(map[string]reading)
	for i, name := range names {
		if before[i] != nil {
			v.last[name] = before[i]
		}
	}
}

// tidy drops what is older than a time, and tells whether nothing is left of what was read up to another.
func (v *latencyView) tidy(since, toMillis int64) bool {
	if v.at > 0 && toMillis-v.at > maxStretchMillis {
		v.at, v.last = 0, nil
	}
	empty := v.at == 0
	for f := range v.logs {
		v.logs[f].clip(since)
		empty = empty && v.logs[f].empty()
	}
	return empty
}

// scrapesOf lists the times at which there is a sample of any histogram.
func scrapesOf(staged map[string]stagedHistogram) []int64 {
	var times []int64
	for _, h := range staged {
		for _, bucket := range h {
			for _, runs := range bucket {
				times = expand(times, runs)
			}
		}
		slices.Sort(times)
		times = slices.Compact(times)
	}
	return times
}

func columnsOf(h stagedHistogram, times []int64, windows []Window) columns {
	c := columns{bounds: slices.Sorted(maps.Keys(h))}
	for _, bound := range c.bounds {
		var column []float64
		for _, runs := range h[bound] {
			column = merge(column, filled(times, runs))
		}
		c.values, c.sides = append(c.values, column), append(c.sides, sidesOf(bound, windows))
	}
	return c
}

// filled is a column of one series.
func filled(times []int64, runs []observe.Run) []float64 {
	column := slices.Repeat([]float64{absent}, len(times))
	for _, run := range runs {
		row, _ := slices.BinarySearch(times, run.FirstMillis)
		for i := range run.Count {
			at := run.FirstMillis + i*run.StepMillis
			for times[row] < at {
				row++
			}
			column[row] = run.Value
		}
	}
	return column
}

// merge adds the column of another series of the same bound.
func merge(a, b []float64) []float64 {
	for i, value := range a {
		switch {
		case value == absent:
		case b[i] == absent:
			b[i] = value
		default:
			b[i] = several
		}
	}
	return b
}

// at returns what the histogram shows at a scrape, nil when it is not there.
func (c *columns) at(row, fingerprints int) reading {
	var r reading
	for b, bound := range c.bounds {
		value := c.values[b][row]
		if value == absent {
			continue
		}
		if r == nil {
			r = make(reading, fingerprints)
		}
		if value == several {
			return make(reading, fingerprints)
		}
		for f, side := range c.sides[b] {
			switch e := &r[f]; {
			case side == below:
				e.BelowBound, e.Below = bound, value // the greatest one comes last
			case side == above && e.AboveBound == 0:
				e.AboveBound, e.Above = bound, value
			}
		}
	}
	return r
}

// compare notes what happened between two scrapes.
func (v *latencyView) compare(before, now []reading, atMillis int64) {
	if v.at == 0 || atMillis-v.at > maxStretchMillis {
		return
	}
	for f := range v.logs {
		known, slow, grew := true, false, false
		for h := range now {
			k, s, g := grown(before[h], now[h], f)
			known, slow, grew = known && k, slow || s, grew || g
		}
		if known {
			v.logs[f].add(v.at, atMillis, slow, grew)
		}
	}
}

// grown tells how a histogram changed between two scrapes: whether that is known, whether there was a request
// that took about the timeout, and whether there was any. A histogram that was not there had seen none: Envoy can
// leave out what was never used.
func grown(before, now reading, fingerprint int) (known, slow, any bool) {
	switch {
	case before == nil && now == nil:
		return true, false, false
	case now == nil || !now[fingerprint].known():
		return false, false, false
	case before == nil:
		before = make(reading, fingerprint+1)
	case before[fingerprint].BelowBound != now[fingerprint].BelowBound, before[fingerprint].AboveBound != now[fingerprint].AboveBound:
		return false, false, false
	}
	a, b := &before[fingerprint], &now[fingerprint]
	if b.Below < a.Below || b.Above < a.Above || b.slow() < a.slow() {
		return false, false, false // the process has started again
	}
	return true, b.slow() > a.slow(), b.Above > a.Above
}

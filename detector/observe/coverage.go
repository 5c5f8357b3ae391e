package observe

import (
	"cmp"
	"slices"
	"sort"
)

// Coverage returns the latest scrape of the target before beforeMillis and the start of the unbroken
// stretch of regular intervals that ends there. It is false when there was no scrape. Exact for times
// from two minutes before the last piece to its end; earlier ones are answered from the stretches.
func (o *Observer) Coverage(targetID int32, beforeMillis int64) (coveredFromMillis, lastMillis int64, ok bool) {
	t := o.state.lines.get(targetID)
	if t == nil {
		return 0, 0, false
	}
	last := t.line.lastScrape(beforeMillis - 1)
	if last == never {
		return 0, 0, false
	}
	return t.line.coveredAt(last), last, true
}

// Covered returns how many milliseconds of (leftMillis, rightMillis] lie inside regular intervals
// of the target, up to its latest scrape at or before rightMillis.
func (o *Observer) Covered(targetID int32, leftMillis, rightMillis int64) int64 {
	var sum int64
	o.scratch = o.stretches(o.scratch[:0], targetID, leftMillis, rightMillis)
	for _, s := range o.scratch {
		sum += s.last - s.from
	}
	return sum
}

// Span returns how many milliseconds of (leftMillis, rightMillis] lie between the first scrape of
// the target and its latest at or before rightMillis.
func (o *Observer) Span(targetID int32, leftMillis, rightMillis int64) int64 {
	t := o.state.lines.get(targetID)
	if t == nil {
		return 0
	}
	last := t.line.lastScrape(rightMillis)
	if last == never {
		return 0
	}
	return max(0, last-max(leftMillis, t.line.first))
}

// Exposure returns how many milliseconds of (leftMillis, rightMillis] were covered by at least one
// of the targets, in the sense of Covered.
func (o *Observer) Exposure(targetIDs []int32, leftMillis, rightMillis int64) int64 {
	all := o.scratch[:0]
	for _, id := range targetIDs {
		all = o.stretches(all, id, leftMillis, rightMillis)
	}
	o.scratch = all
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	var sum int64
	end := leftMillis
	for _, s := range all {
		if s.last > end {
			sum += s.last - max(s.from, end)
			end = s.last
		}
	}
	return sum
}

// Sampled says whether the unit had a sample in the UTC hour (Unix hours). It remembers the 64
// hours up to the unit's newest sample.
func (o *Observer) Sampled(unitID int32, hour int64) bool {
	u := o.state.units.get(unitID)
	return u != nil && u.hours.has(hour)
}

// LastSample returns the time of the newest sample of the unit, 0 when the unit is not known.
func (o *Observer) LastSample(unitID int32) int64 {
	if u := o.state.units.get(unitID); u != nil {
		return u.last
	}
	return 0
}

// stretches appends the parts of regular stretches that lie in (left, right], as far as they were
// known at right.
func (o *Observer) stretches(out []stretch, targetID int32, left, right int64) []stretch {
	t := o.state.lines.get(targetID)
	if t == nil {
		return out
	}
	l := &t.line
	if right = l.lastScrape(right); right == never {
		return out
	}
	i := sort.Search(len(l.closed), func(i int) bool { return l.closed[i].last > left })
	for ; i <= len(l.closed); i++ {
		s := stretch{from: l.covered, last: l.last}
		if i < len(l.closed) {
			s = l.closed[i]
		}
		if s.from, s.last = max(s.from, left), min(s.last, right); s.from < s.last {
			out = append(out, s)
		}
	}
	return out
}

// lastScrape returns the latest scrape at or before t, or never. Before the scrapes that are kept it
// is taken to be t itself inside a stretch, else the end of the stretch before.
func (l *timeline) lastScrape(t int64) int64 {
	if l.first == never || t < l.first {
		return never
	}
	if last := latest(l.recent, t); last != never {
		return last
	}
	i := sort.Search(len(l.closed), func(i int) bool { return l.closed[i].from > t })
	switch {
	case t >= l.covered:
		return min(t, l.last)
	case i > 0:
		return min(t, l.closed[i-1].last)
	default:
		return never
	}
}

// coveredAt returns the start of the stretch that a scrape belongs to.
func (l *timeline) coveredAt(scrape int64) int64 {
	if scrape >= l.covered {
		return l.covered
	}
	i := sort.Search(len(l.closed), func(i int) bool { return l.closed[i].from > scrape })
	if i > 0 && scrape <= l.closed[i-1].last {
		return l.closed[i-1].from
	}
	return scrape
}

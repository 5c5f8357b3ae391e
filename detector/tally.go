package detector

import (
	"slices"

	"github.com/ghostpair/ghostpair/detector/estimate"
)

// tally counts the cells of one route, or of the pooled stream, at one scrape interval, and the lags
// between them: by UTC hour what verdicts need, by UTC day the histograms. Lags count in the hour and
// day of the earlier cell.
type tally struct {
	clock *clock
	first int // fingerprints first, first+1, ..., of the clock's lanes
	hours []hourTally
	// counts holds, for each of hours and each fingerprint, the pairs of the classes.
	counts []uint32
	days   []dayTally
	marks  []mark  // one per fingerprint, nil until the first one
	mates  []mates // the same; always nil for the pooled stream
	lanes  int
	binned int // bins of the day histograms
	// version changes whenever a day does; it is no part of the state.
	version uint64
}

type hourTally struct {
	hour           int32  // since 1970
	cells, crowded uint32 // crowded cells are not in the histograms
}

// dayTally holds the lag histograms of one day. Any is nil as long as it equals same.
type dayTally struct {
	day       int64
	cells     uint32
	same, any []uint32
}

// mark is the time of the last alarm or confirmation of a stream, with what its hour held up to then.
type mark struct {
	atMillis int64
	cells    uint32
	counts   [classCount]uint32
}

func newTally(c *clock, first, lanes int) *tally {
	t := &tally{clock: c, first: first, lanes: lanes}
	for f := first; f < first+lanes; f++ {
		if c.lanes[f].resolvable {
			t.binned = max(t.binned, estimate.LongBins(c.deltaMillis, c.lanes[f].table.Fingerprint))
		}
	}
	return t
}

// used tells that a tally holds anything.
func (t *tally) used() bool { return len(t.hours) > 0 || len(t.days) > 0 || t.marks != nil }

// cell counts a cell. A crowded one counts in no histogram.
func (t *tally) cell(at int64, crowded bool) {
	h := t.hour(at)
	h.cells++
	if crowded {
		h.crowded++
		return
	}
	t.day(at).cells++
	t.version++
	for i := range t.marks {
		if m := &t.marks[i]; at <= m.atMillis && sameHour(at, m.atMillis) {
			m.cells++
		}
	}
}

// hour returns the counts of the hour of a time, which is not before the latest one by more than the
// longest lag.
func (t *tally) hour(at int64) *hourTally {
	hour := int32(at / hourMillis)
	if n := len(t.hours); n == 0 || t.hours[n-1].hour < hour {
		t.hours = append(t.hours, hourTally{hour: hour})
		t.counts = append(t.counts, make([]uint32, t.lanes*classCount)...)
		return &t.hours[n]
	}
	return &t.hours[t.hourIndex(hour)]
}

func (t *tally) hourIndex(hour int32) int {
	i := len(t.hours) - 1
	for i > 0 && t.hours[i].hour > hour {
		i--
	}
	return i
}

func (t *tally) day(at int64) *dayTally {
	day := at / dayMillis
	n := len(t.days)
	if n == 0 || t.days[n-1].day < day {
		t.days = append(t.days, dayTally{day: day, same: make([]uint32, t.binned)})
		return &t.days[n]
	}
	i := n - 1
	for i > 0 && t.days[i].day > day {
		i--
	}
	return &t.days[i]
}

// pair counts a lag whose earlier cell is at atMillis.
func (t *tally) pair(atMillis int64, bin int, own bool) {
	if bin >= t.binned {
		return
	}
	d := t.day(atMillis)
	switch {
	case own:
		d.same[bin]++
		if d.any != nil {
			d.any[bin]++
		}
	default:
		if d.any == nil {
			d.any = slices.Clone(d.same)
		}
		d.any[bin]++
	}
	t.version++
	for i := range t.lanes {
		if classes := t.clock.lanes[t.first+i].classes; bin < len(classes) && classes[bin] != 0 {
			t.count(atMillis, i, classes[bin], own)
		}
	}
}

// count adds a pair to the classes of its bin.
func (t *tally) count(atMillis int64, i int, classes uint8, own bool) {
	if !own {
		classes &= 1<<hotAny | 1<<rightAny
	}
	counts := t.counts[(t.hourIndex(int32(atMillis/hourMillis))*t.lanes+i)*classCount:][:classCount]
	for c := range counts {
		counts[c] += uint32(classes >> c & 1)
	}
	if t.marks == nil {
		return
	}
	if m := &t.marks[i]; atMillis <= m.atMillis && sameHour(atMillis, m.atMillis) {
		for c := range m.counts {
			m.counts[c] += uint32(classes >> c & 1)
		}
	}
}

func sameHour(a, b int64) bool { return a/hourMillis == b/hourMillis }

// mark notes an alarm or confirmation of fingerprint first+i.
func (t *tally) mark(i int, atMillis int64) {
	if t.marks == nil {
		t.marks = make([]mark, t.lanes)
	}
	m := mark{atMillis: atMillis}
	if n := len(t.hours); n > 0 && int64(t.hours[n-1].hour) == atMillis/hourMillis {
		m.cells = t.hours[n-1].cells - t.hours[n-1].crowded
		copy(m.counts[:], t.counts[((n-1)*t.lanes+i)*classCount:])
	}
	t.marks[i] = m
}

// extend counts the cells since an hour. While they are fewer than minimum it goes further back, hour
// by hour, down to limit. It also returns the first hour of the count.
func (t *tally) extend(since, limit int64, minimum int) (cells int, from int64) {
	i := len(t.hours) - 1
	for ; i >= 0 && int64(t.hours[i].hour) >= since; i-- {
		cells += int(t.hours[i].cells)
	}
	if cells >= minimum {
		return cells, since
	}
	for ; i >= 0 && int64(t.hours[i].hour) >= limit; i-- {
		cells += int(t.hours[i].cells)
		if cells >= minimum {
			return cells, int64(t.hours[i].hour)
		}
	}
	return cells, limit
}

// hourCounts appends the counts of the hours since one of them. With a mark, only those after it.
func (t *tally) hourCounts(to []estimate.HourCounts, i int, level estimate.Level, since int64, m *mark) []estimate.HourCounts {
	hot, right := hotAny, rightAny
	if level == estimate.Same {
		hot, right = hotSame, rightSame
	}
	for j, h := range t.hours {
		if int64(h.hour) < since {
			continue
		}
		counts := t.counts[(j*t.lanes+i)*classCount:][:classCount]
		row := estimate.HourCounts{Cells: int(h.cells - h.crowded), Hot: int(counts[hot]), Right: int(counts[right])}
		if m != nil && int64(h.hour) == m.atMillis/hourMillis {
			row.Cells -= int(m.cells)
			row.Hot -= int(m.counts[hot])
			row.Right -= int(m.counts[right])
		}
		to = append(to, row)
	}
	return to
}

// total is the number of cells of all days, those in no histogram left out.
func (t *tally) total() int {
	n := 0
	for i := range t.days {
		n += int(t.days[i].cells)
	}
	return n
}

// histogram adds up the days.
func (t *tally) histogram(level estimate.Level) []int {
	hist := make([]int, t.binned)
	for i := range t.days {
		for k, n := range t.days[i].bins(level) {
			hist[k] += int(n)
		}
	}
	return hist
}

func (d *dayTally) bins(level estimate.Level) []uint32 {
	if level == estimate.Any && d.any != nil {
		return d.any
	}
	return d.same
}

// prune drops the days before one of them, and the hours that no look-back will ask for: those before
// hour, and those more than a day old that are followed by enough cells.
func (t *tally) prune(hour, day int64) {
	n, cells := len(t.hours), 0
	for n > 0 && int64(t.hours[n-1].hour) >= hour && (cells < minCells || int64(t.hours[n-1].hour) >= t.kept(hour)) {
		cells += int(t.hours[n-1].cells)
		n--
	}
	if n > 0 {
		t.hours = slices.Delete(t.hours, 0, n)
		t.counts = slices.Delete(t.counts, 0, n*t.lanes*classCount)
	}
	for len(t.days) > 0 && t.days[0].day < day {
		t.days = slices.Delete(t.days, 0, 1)
		t.version++
	}
	for i := range t.mates {
		t.mates[i].prune(day)
	}
}

// kept is the hour from which on all hours are kept: a day before the present, or that of the earliest
// of the latest alarms and confirmations. The first hour of the longest look-back tells the present.
func (t *tally) kept(first int64) int64 {
	kept := first + maxLookbackHours - lookbackHours
	for i := range t.marks {
		if hour := t.marks[i].atMillis / hourMillis; hour >= first {
			kept = min(kept, hour)
		}
	}
	return kept
}

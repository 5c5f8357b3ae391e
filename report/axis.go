package report

import (
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/slo"
)

// SlotLength is the length of the stretches in which everything is counted.
const SlotLength = 15 * time.Minute

const slotMillis = int64(SlotLength / time.Millisecond)

// Axis is a stretch of time, cut into slots. Slot i is (start + i slots, start + (i+1) slots].
type Axis struct {
	first int64 // number of the first slot since 1970
	n     int
}

// NewAxis returns the slots that have a part in (from, to].
func NewAxis(from, to time.Time) Axis {
	first := floorDiv(from.UnixMilli(), slotMillis)
	last := floorDiv(to.UnixMilli()-1, slotMillis)
	return Axis{first, int(max(last-first+1, 0))}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// slot returns the slot of an instant.
func (a Axis) slot(atMillis int64) (i int, ok bool) {
	s := floorDiv(atMillis-1, slotMillis) - a.first
	return int(s), s >= 0 && s < int64(a.n)
}

// start returns where slot i begins, end where it ends.
func (a Axis) start(i int) time.Time { return time.UnixMilli((a.first + int64(i)) * slotMillis).UTC() }
func (a Axis) end(i int) time.Time   { return a.start(i + 1) }

// between returns the slots [i, j) whose middle lies in the span.
func (a Axis) between(s slo.Span) (i, j int) {
	nearest := func(t time.Time) int {
		n := floorDiv(t.UnixMilli()+slotMillis/2, slotMillis) - a.first
		return int(min(max(n, 0), int64(a.n)))
	}
	i, j = nearest(s.From), nearest(s.To)
	return i, max(i, j)
}

// Coverage remembers in which slots anything was scraped at all.
type Coverage struct {
	axis Axis
	seen []bool
}

// NewCoverage returns a Coverage of nothing.
func NewCoverage(a Axis) *Coverage { return &Coverage{a, make([]bool, a.n)} }

// Mark notes the successful scrapes among samples of `up`.
func (c *Coverage) Mark(runs []observe.Run) {
	for _, run := range runs {
		if run.Value != 1 {
			continue
		}
		step := max(run.StepMillis, 1)
		for at, last := run.FirstMillis, run.LastMillis(); at <= last; {
			i, ok := c.axis.slot(at)
			if ok {
				c.seen[i] = true
			}
			// on to the first sample in the next slot
			next := (floorDiv(at-1, slotMillis) + 1) * slotMillis
			at += max((next-at)/step+1, 1) * step
		}
	}
}

// spans returns the parts of whole with or without scrapes, in order.
func (c *Coverage) spans(whole slo.Span, seen bool) []slo.Span {
	var all []slo.Span
	i, j := c.axis.between(whole)
	for ; i < j; i++ {
		if c.seen[i] != seen {
			continue
		}
		if n := len(all); n > 0 && all[n-1].To.Equal(c.axis.start(i)) {
			all[n-1].To = c.axis.end(i)
			continue
		}
		all = append(all, slo.Span{From: c.axis.start(i), To: c.axis.end(i)})
	}
	return all
}

package sources

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/value"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// compressor turns the samples of one series into runs. The runs depend on the samples in (lo, hi]
// alone, not on how chunks, frames or answers cut them: every run is as long as it can be, from left
// to right. Values are compared bit by bit; all NaN count as the same value, since the JSON of the
// query API does not tell them apart. It is reused from series to series.
type compressor struct {
	lo, hi     int64
	current    observe.Run // Count 0: none yet
	bits       uint64      // of current.Value
	last       int64       // time of the last sample
	samples    int64       // in (lo, hi], stale markers not included
	disordered bool        // some sample is not later than the one before it
	done       []observe.Run
}

func (c *compressor) reset(lo, hi int64) {
	*c = compressor{lo: lo, hi: hi, done: c.done[:0]}
}

// add takes the next sample. Samples outside (lo, hi] and stale markers are ignored.
func (c *compressor) add(t int64, v float64) {
	if t <= c.lo || t > c.hi {
		return
	}
	if math.Float64bits(v) == c.bits && c.current.Count > 1 && t-c.last == c.current.StepMillis {
		c.current.Count++
		c.samples++
		c.last = t
		return
	}
	c.addChange(t, v)
}

func (c *compressor) addChange(t int64, v float64) {
	if v != v {
		if value.IsStaleNaN(v) {
			return
		}
		v = math.NaN()
	}
	bits := math.Float64bits(v)
	step := t - c.last
	c.samples++
	switch {
	case c.current.Count == 0:
	case step <= 0:
		c.disordered = true
		c.done = append(c.done, c.current)
	case bits == c.bits && c.current.Count == 1:
		c.current.StepMillis, c.current.Count, c.last = step, 2, t
		return
	case bits == c.bits && step == c.current.StepMillis:
		c.current.Count++
		c.last = t
		return
	default:
		c.done = append(c.done, c.current)
	}
	c.current = observe.Run{FirstMillis: t, Count: 1, Value: v}
	c.bits, c.last = bits, t
}

// finish returns the runs, in time order. They are valid until the next reset.
func (c *compressor) finish() []observe.Run {
	if c.current.Count > 0 {
		c.done = append(c.done, c.current)
		c.current = observe.Run{}
	}
	if c.disordered {
		c.sort()
	}
	return c.done
}

// sort brings samples that came in disorder, as from overlapping chunks, into order. Of samples with
// the same time the first that came is kept. It is rare, so it may be slow.
func (c *compressor) sort() {
	type sample struct {
		t int64
		v float64
	}
	var all []sample
	for _, r := range c.done {
		for i := range r.Count {
			all = append(all, sample{r.FirstMillis + i*r.StepMillis, r.Value})
		}
	}
	slices.SortStableFunc(all, func(a, b sample) int { return cmp.Compare(a.t, b.t) })
	all = slices.CompactFunc(all, func(a, b sample) bool { return a.t == b.t })
	c.reset(c.lo, c.hi)
	for _, s := range all {
		c.add(s.t, s.v)
	}
	c.finish()
}

// addRuns takes samples that are runs already.
func (c *compressor) addRuns(runs []observe.Run) {
	for _, r := range runs {
		for i := range r.Count {
			c.add(r.FirstMillis+i*r.StepMillis, r.Value)
		}
	}
}

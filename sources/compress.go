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
	first      int64 // first sample of the run at hand
	step       int64 // its step; 0: it has one sample so far
	next       int64 // where its next sample would be; never, when step is 0
	bits       uint64
	open       bool // there is a run at hand
	disordered bool // some sample is not later than the one before it
	samples    int64
	done       []observe.Run
}

const (
	never = math.MinInt64
	// maxStepMillis and maxTimeMillis keep arithmetic on times far from overflow.
	maxStepMillis = 1 << 40
	maxTimeMillis = 1 << 60
)

func (c *compressor) reset(lo, hi int64) {
	*c = compressor{lo: max(lo, -maxTimeMillis), hi: min(hi, maxTimeMillis), next: never, done: c.done[:0]}
}

// add takes the next sample. Samples outside (lo, hi] and stale markers are ignored. A sample that
// continues the run at hand costs two comparisons; what a run has beyond hi is cut off in the end.
func (c *compressor) add(t int64, v float64) {
	if t == c.next && math.Float64bits(v) == c.bits {
		c.next += c.step
		return
	}
	c.change(t, v)
}

// change takes a sample that does not continue a run of at least two.
func (c *compressor) change(t int64, v float64) {
	if t <= c.lo || t > c.hi {
		return
	}
	if v != v {
		if value.IsStaleNaN(v) {
			return
		}
		v = math.NaN()
	}
	bits := math.Float64bits(v)
	if c.open {
		last := c.last()
		step := t - last
		if bits == c.bits && step > 0 && step <= maxStepMillis && (c.step == 0 || step == c.step) {
			c.step, c.next = step, t+step
			return
		}
		c.disordered = c.disordered || step <= 0
		c.shut()
	}
	c.first, c.step, c.next, c.bits, c.open = t, 0, never, bits, true
}

// stretch takes count samples that are step apart and have one value, at the cost of two.
func (c *compressor) stretch(first, step int64, count int, v float64) {
	left := int64(count)
	if first <= c.lo && step > 0 && step <= maxStepMillis {
		before := min((c.lo-first)/step+1, left)
		first, left = first+before*step, left-before
	}
	bits := math.Float64bits(v)
	for left > 0 {
		c.add(first, v)
		first, left = first+step, left-1
		if first == c.next && step == c.step && bits == c.bits { // the rest continues the run at hand
			c.next += left * step
			return
		}
	}
}

// last is the time of the last sample of the run at hand.
func (c *compressor) last() int64 {
	if c.step == 0 {
		return c.first
	}
	return c.next - c.step
}

// shut puts the run at hand with the others.
func (c *compressor) shut() {
	run := observe.Run{FirstMillis: c.first, Count: 1, Value: math.Float64frombits(c.bits)}
	if c.step > 0 {
		run.Count = max((min(c.last(), c.hi)-c.first)/c.step+1, 1)
	}
	if run.Count > 1 {
		run.StepMillis = c.step
	}
	c.samples += run.Count
	c.done = append(c.done, run)
	c.open = false
}

// finish returns the runs, in time order. They are valid until the next reset.
func (c *compressor) finish() []observe.Run {
	if c.open {
		c.shut()
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

package coarse

import (
	"maps"
	"math"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// buckets are, for each fingerprint, the two cumulative buckets of one histogram whose difference
// counts the requests that took about the timeout: from the greatest bound below the fingerprint to
// the smallest one that its end does not exceed. A real Envoy puts 5.00 s into the bucket that ends at 5000,
// so the bucket that ends at the timeout belongs to it.
type buckets struct{ below, above []bucket }

type bucket struct {
	bound   float64 // milliseconds
	counter string
	runs    []observe.Run
}

// bucket takes samples of one cumulative bucket, and keeps what a fingerprint needs.
func (v *stagedView) bucket(group string, bound float64, counter string, s *stage, runs []observe.Run, fingerprints []score.Fingerprint) {
	b := v.buckets[group]
	if b == nil {
		b = &buckets{make([]bucket, len(fingerprints)), make([]bucket, len(fingerprints))}
		v.buckets[group] = b
	}
	for f, fp := range fingerprints {
		lo, hi := fp.Seconds()
		switch {
		case bound < lo*1000:
			b.below[f].offer(bound, counter, s, runs, func(old float64) bool { return bound > old })
		case bound >= hi*1000 && !math.IsInf(bound, 1):
			b.above[f].offer(bound, counter, s, runs, func(old float64) bool { return bound < old })
		}
	}
}

// offer replaces a bucket by a better one. Of two with one bound the first by name is kept.
func (b *bucket) offer(bound float64, counter string, s *stage, runs []observe.Run, better func(old float64) bool) {
	switch {
	case b.counter == "", better(b.bound), bound == b.bound && counter < b.counter:
		*b = bucket{bound: bound, counter: counter}
	case bound != b.bound || counter != b.counter:
		return
	}
	for _, run := range runs {
		b.runs = s.append(b.runs, run)
	}
}

// slowState is what is remembered of a histogram: for each fingerprint the value of both buckets at the
// latest scrape of the target.
type slowState struct{ Below, Above []sample }

type sample struct {
	Bound, Value float64
	Present      bool
}

// slow tells for each interval, as bits by fingerprint, whether the buckets were known and whether
// they grew.
func (c *Collector) slow(t *target, v *stagedView, times []int64) (known, grew []uint64) {
	known, grew = make([]uint64, len(times)), make([]uint64, len(times))
	for name := range t.Slow {
		if v.buckets[name] == nil {
			delete(t.Slow, name)
		}
	}
	for name, b := range v.buckets {
		state := t.Slow[name]
		if n := len(c.options.Fingerprints); state == nil || len(state.Below) != n {
			state = &slowState{make([]sample, n), make([]sample, n)}
			t.Slow[name] = state
		}
		for f := range c.options.Fingerprints {
			growth(&state.Below[f], &state.Above[f], &b.below[f], &b.above[f], times, func(i int, more bool) {
				known[i] |= 1 << f
				if more {
					grew[i] |= 1 << f
				}
			})
		}
	}
	maps.DeleteFunc(t.Slow, func(_ string, s *slowState) bool { return s.absent() })
	return known, grew
}

// absent tells that no bucket was there at the latest scrape.
func (s *slowState) absent() bool {
	for f := range s.Below {
		if s.Below[f].Present || s.Above[f].Present {
			return false
		}
	}
	return true
}

// growth calls found for every interval with both buckets known at both ends.
func growth(below, above *sample, b, a *bucket, times []int64, found func(i int, more bool)) {
	if below.Bound != b.bound || above.Bound != a.bound {
		*below, *above = sample{Bound: b.bound}, sample{Bound: a.bound}
	}
	lower, upper := series{spans: spansOf(slices.Clone(b.runs), times)}, series{spans: spansOf(slices.Clone(a.runs), times)}
	for i := range times {
		x, here, _ := lower.at(i, 0)
		y, there, _ := upper.at(i, 0)
		if here && there && below.Present && above.Present && y >= above.Value && x >= below.Value {
			found(i, y-above.Value > x-below.Value)
		}
		below.Value, below.Present = x, here
		above.Value, above.Present = y, there
	}
}

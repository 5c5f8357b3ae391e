package observe

import (
	"math"
	"sort"
)

// never stands for "no such time". It is before every time and must not be calculated with.
const never = math.MinInt64

// span is a stretch of equally spaced scrape times: count of them, from first, step apart. A list of
// spans is in time order without overlap.
type span struct {
	first       int64
	step, count uint32 // step is 0 when count is 1
}

func (s span) at(i uint32) int64 { return s.first + int64(i)*int64(s.step) }
func (s span) last() int64       { return s.at(s.count - 1) }

// before returns how many times of s are earlier than t.
func (s span) before(t int64) uint32 {
	switch {
	case t <= s.first:
		return 0
	case t > s.last():
		return s.count
	default:
		return uint32((t-1-s.first)/int64(s.step)) + 1
	}
}

// part returns the times of s from index i up to, but without, index j.
func (s span) part(i, j uint32) span {
	p := span{first: s.at(i), step: s.step, count: j - i}
	if p.count == 1 {
		p.step = 0
	}
	return p
}

// times returns the times of a run.
func (r Run) times() span {
	return span{first: r.FirstMillis, step: uint32(r.StepMillis), count: uint32(r.Count)}
}

// appendSpan adds s, which is later than everything in spans, and joins it to the last span where
// the spacing goes on.
func appendSpan(spans []span, s span) []span {
	if len(spans) == 0 {
		return append(spans, s)
	}
	last := &spans[len(spans)-1]
	spacing := s.first - last.last()
	fits := spacing <= math.MaxUint32 && (last.count == 1 || spacing == int64(last.step)) && (s.count == 1 || spacing == int64(s.step))
	if !fits {
		return append(spans, s)
	}
	last.step = uint32(spacing)
	last.count += s.count
	return spans
}

// spanReader walks the times of a list of spans.
type spanReader struct {
	index, used uint32
}

// rest returns what is left of the current span.
func (r *spanReader) rest(spans []span) (span, bool) {
	if int(r.index) >= len(spans) {
		return span{}, false
	}
	s := spans[r.index]
	return s.part(r.used, s.count), true
}

// skip moves on by n times of the current span.
func (r *spanReader) skip(spans []span, n uint32) {
	if r.used += n; r.used >= spans[r.index].count {
		r.index, r.used = r.index+1, 0
	}
}

// union returns the times that are in a or in b.
func union(a, b []span) []span {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	var out []span
	var ra, rb spanReader
	for {
		x, okA := ra.rest(a)
		y, okB := rb.rest(b)
		switch {
		case !okA && !okB:
			return out
		case !okB || okA && x.first < y.first:
			n := x.count
			if okB {
				n = x.before(y.first)
			}
			out = appendSpan(out, x.part(0, n))
			ra.skip(a, n)
		case !okA || y.first < x.first:
			n := y.count
			if okA {
				n = y.before(x.first)
			}
			out = appendSpan(out, y.part(0, n))
			rb.skip(b, n)
		default:
			n := uint32(1)
			if x.step == y.step {
				n = min(x.count, y.count)
			}
			out = appendSpan(out, x.part(0, n))
			ra.skip(a, n)
			rb.skip(b, n)
		}
	}
}

// between returns the times of spans in [lo, hi]; the result may share memory with spans.
func between(spans []span, lo, hi int64) []span {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].last() >= lo })
	j := sort.Search(len(spans), func(j int) bool { return spans[j].first > hi })
	if i >= j {
		return nil
	}
	first, last := spans[i].before(lo), spans[j-1].before(hi+1)
	if first == 0 && last == spans[j-1].count {
		return spans[i:j]
	}
	out := append([]span(nil), spans[i:j]...)
	out[len(out)-1] = out[len(out)-1].part(0, last)
	if i == j-1 && first >= last {
		return nil
	}
	out[0] = out[0].part(first, out[0].count)
	return out
}

// latest returns the last time of spans at or before t, or never.
func latest(spans []span, t int64) int64 {
	j := sort.Search(len(spans), func(j int) bool { return spans[j].first > t })
	if j == 0 {
		return never
	}
	s := spans[j-1]
	return s.at(s.before(t+1) - 1)
}

// contains says whether t is one of the times of spans.
func contains(spans []span, t int64) bool { return latest(spans, t) == t && t != never }

// outside returns the times of s that are not in spans.
func outside(spans []span, s span) []span {
	var out []span
	for i := range s.count {
		if t := s.at(i); !contains(spans, t) {
			out = appendSpan(out, span{first: t, count: 1})
		}
	}
	return out
}

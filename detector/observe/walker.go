package observe

import "math"

// mark is a sample of a series that differs from the one before it: the value changed, or scrapes
// in between had no sample. What lies between two marks is flat and complete, so the marks, together
// with the scrape times, stand for the whole series.
type mark struct {
	at       int64
	prior    int64 // the scrape before it; never: none in this piece
	before   int64 // the sample before it; never: none in this piece
	vanished int64 // the first scrape without a sample, where missing > 0
	value    float64
	missing  uint8 // scrapes without a sample right before it: 0, 1, or 2 for more
	next     int32 // mark of the series in the log; noMark: the last one
}

const noMark = -1

// walker compares the samples of one series with the scrape times of its target. Its cost is that of
// the runs on both sides, not of the samples.
type walker struct {
	reader       spanReader
	first, final int32 // marks
	missing      uint8
	prior        int64 // latest scrape that was passed
	before       int64 // latest sample
	vanished     int64
	value        float64
}

func newWalker() walker {
	return walker{first: noMark, final: noMark, prior: never, before: never}
}

// walk takes all samples of a series; all of them are at scrapes.
func walk(log *markLog, times []span, runs []Run) walker {
	w := newWalker()
	for _, run := range runs {
		w.take(log, times, run)
	}
	return w
}

// follow passes a run that repeats the latest value at all times of the next span, and no others. It notes
// the last of them in handled.
func (w *walker) follow(times []span, run Run, handled *int64) bool {
	if w.reader.used != 0 || int(w.reader.index) >= len(times) || w.first == noMark || w.missing > 0 || run.Value != w.value {
		return false
	}
	s := &times[w.reader.index]
	if s.first != run.FirstMillis || int64(s.step) != run.StepMillis || int64(s.count) != run.Count {
		return false
	}
	w.reader.index++
	w.before = s.last()
	w.prior, *handled = w.before, w.before
	return true
}

// take compares a run with the times. It stops at the first sample that is not at a scrape and returns
// what is left.
func (w *walker) take(log *markLog, times []span, run Run) Run {
	for run.Count > 0 {
		w.pass(times, run.FirstMillis)
		s, ok := w.reader.rest(times)
		if !ok || s.first != run.FirstMillis {
			return run
		}
		n := int64(1)
		if s.count > 1 && int64(s.step) == run.StepMillis {
			n = min(int64(s.count), run.Count)
		}
		w.sample(log, run.FirstMillis, run.Value)
		w.reader.skip(times, uint32(n))
		w.prior = s.at(uint32(n - 1))
		w.before = w.prior
		run = run.drop(n)
	}
	return run
}

// takeCommon takes the samples of a run that are at a scrape and leaves the others out.
func (w *walker) takeCommon(log *markLog, times []span, run Run) {
	for run = w.take(log, times, run); run.Count > 0; run = w.take(log, times, run) {
		s, ok := w.reader.rest(times)
		if !ok {
			return
		}
		run = run.drop(int64(run.times().before(s.first)))
	}
}

// pass moves on to the first scrape at or after t; those before it have no sample.
func (w *walker) pass(times []span, t int64) {
	for {
		s, ok := w.reader.rest(times)
		if !ok || s.first >= t {
			return
		}
		n := s.before(t)
		if w.missing == 0 {
			w.vanished = s.first
		}
		w.missing = uint8(min(uint32(w.missing)+n, 2))
		w.prior = s.at(n - 1)
		w.reader.skip(times, n)
	}
}

// finish passes the scrapes after the last sample.
func (w *walker) finish(times []span) { w.pass(times, math.MaxInt64) }

func (w *walker) sample(log *markLog, at int64, value float64) {
	if w.first != noMark && w.missing == 0 && value == w.value {
		return
	}
	index := log.add(mark{
		at: at, prior: w.prior, before: w.before, vanished: w.vanished,
		value: value, missing: w.missing, next: noMark,
	})
	if w.first == noMark {
		w.first = index
	} else {
		log.link(w.final, index)
	}
	w.final, w.missing, w.value = index, 0, value
}

// runs returns the samples that the walker has taken.
func (w *walker) runs(log *markLog, times []span) []Run {
	var out []Run
	for i := w.first; i != noMark; {
		m, end := log.at(i), w.before
		if i = m.next; m.next != noMark {
			end = log.at(m.next).before
		}
		for _, s := range between(times, m.at, end) {
			out = append(out, Run{FirstMillis: s.first, StepMillis: int64(s.step), Count: int64(s.count), Value: m.value})
		}
	}
	return out
}

// drop returns the run without its first n samples.
func (r Run) drop(n int64) Run {
	r.FirstMillis += n * r.StepMillis
	r.Count -= n
	if r.Count == 1 {
		r.StepMillis = 0
	}
	return r
}

// trim returns the samples of the run in (after, upTo].
func (r Run) trim(after, upTo int64) Run {
	if r.Count > 1 && r.StepMillis <= 0 {
		r.Count = 1
	}
	if r.Count < 1 || r.FirstMillis > upTo {
		return Run{}
	}
	if r.Count == 1 {
		r.StepMillis = 0
		if r.FirstMillis <= after {
			return Run{}
		}
		return r
	}
	r.Count = min(r.Count, (upTo-r.FirstMillis)/r.StepMillis+1)
	if after != never && r.FirstMillis <= after {
		r = r.drop(min(r.Count, (after-r.FirstMillis)/r.StepMillis+1))
	}
	if r.Count == 1 {
		r.StepMillis = 0
	}
	return r
}

// valid says whether the value can be that of a counter.
func (r Run) valid() bool { return r.Value >= 0 && !math.IsInf(r.Value, 1) }

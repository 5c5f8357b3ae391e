package detector

import (
	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/finding"
)

// Streams and tallies as bytes. Each writer is followed by its reader.

func (s *stream) encode(e *encoder) {
	s.settleLook()
	e.bool(s.ignored)
	e.len(s.accounts)
	if s.wealth != nil {
		e.floats(s.wealth.cash[:s.accounts])
		e.floats(s.wealth.open[:s.accounts])
	}
	e.int(s.hour)
	e.uint(uint64(s.injected))
	e.uint(uint64(s.epoch))
	e.float(s.evidence)
	e.float(s.peak)
	e.uint(uint64(s.level))
	e.uint(uint64(s.kernel))
	e.int(s.candidate)
	e.int(s.firstPair)
	e.int(s.firstAlarm)
	s.verdict.encode(e)
	s.view.encode(e)
	e.len(len(s.transitions))
	for _, t := range s.transitions {
		e.int(t.atMillis)
		e.uint(uint64(t.verdict))
	}
	e.len(len(s.labels))
	for _, label := range s.labels {
		e.string(label)
	}
	e.bool(s.basis != nil)
	if s.basis != nil {
		s.basis.encode(e)
	}
	e.bool(s.estimate != nil)
	if s.estimate != nil {
		s.estimate.encode(e)
	}
	e.len(len(s.pastDays))
	for _, p := range s.pastDays {
		e.int(p.day)
		e.float(p.pairs)
	}
	e.uint(uint64(s.members.epoch))
	e.uint(uint64(s.members.before))
	e.uint(uint64(s.members.since))
}

func (s *stream) decode(d *decoder) {
	s.ignored = d.bool()
	s.accounts = int(d.small(maxAccounts))
	if d.check(s.accounts%(levels*strategies) == 0) && s.accounts > 0 {
		s.wealth = new(accounts)
		d.floats(s.wealth.cash[:s.accounts])
		d.floats(s.wealth.open[:s.accounts])
	}
	s.hour, s.injected, s.epoch = d.int(), d.uint32(), d.uint32()
	s.evidence, s.peak = d.float(), d.float()
	s.level = estimate.Level(d.small(uint64(estimate.Same)))
	s.kernel = uint8(d.small(maxKernels - 1))
	s.candidate, s.firstPair, s.firstAlarm = d.int(), d.int(), d.int()
	s.verdict.decode(d)
	s.view.decode(d)
	for range d.len(2) {
		t := transition{atMillis: d.int(), verdict: finding.Verdict(d.small(uint64(gone)))}
		d.check(t.verdict <= finding.Paired || t.verdict == gone)
		s.transitions = append(s.transitions, t)
	}
	for range d.len(1) {
		s.labels = append(s.labels, d.string())
	}
	if d.bool() {
		s.basis = new(basis)
		s.basis.decode(d)
	}
	if d.bool() {
		s.estimate = new(summary)
		s.estimate.decode(d)
	}
	for range d.len(9) {
		s.pastDays = append(s.pastDays, pastDay{day: d.int(), pairs: d.float()})
	}
	s.members = members{epoch: d.uint32(), before: d.uint32(), since: d.uint32()}
}

func (v *verdict) encode(e *encoder) {
	e.uint(uint64(v.state))
	e.uint(uint64(v.reasons))
	e.uint(uint64(v.held))
	e.bool(v.alarmed)
	e.bool(v.proven)
}

func (v *verdict) decode(d *decoder) {
	v.state = finding.Verdict(d.small(uint64(finding.Paired)))
	v.reasons = reasons(d.small(uint64(reasonInconclusive<<1 - 1)))
	v.held = uint16(d.small(holdHours))
	v.alarmed, v.proven = d.bool(), d.bool()
}

func (w *view) encode(e *encoder) {
	e.bool(w.stepped)
	if !w.stepped {
		return
	}
	e.uint(uint64(w.hours))
	e.float(w.coverage)
	e.float(w.occupancy)
	e.uint(uint64(w.cells))
	e.bool(w.bounded)
	e.float(w.upper)
	e.float(w.kappa)
	for _, n := range w.counted {
		e.uint(uint64(n))
	}
}

func (w *view) decode(d *decoder) {
	if w.stepped = d.bool(); !w.stepped {
		return
	}
	w.hours = uint16(d.small(maxLookbackHours))
	w.coverage, w.occupancy, w.cells = d.float(), d.float(), d.uint32()
	w.bounded, w.upper, w.kappa = d.bool(), d.float(), d.float()
	for i := range w.counted {
		w.counted[i] = d.uint32()
	}
}

func (s *summary) encode(e *encoder) {
	e.int(s.deltaMillis)
	e.uint(uint64(s.level))
	for _, i := range []finding.Interval{s.lag, s.ratio} {
		e.floats([]float64{i.Estimate, i.Lower, i.Upper})
	}
	e.len(s.firstBin)
	e.len(len(s.background))
	e.floats(s.background)
	e.float(s.hotPerCold)
	e.len(s.hotFirst)
	e.len(s.hotLast)
}

func (s *summary) decode(d *decoder) {
	s.deltaMillis = d.int()
	s.level = estimate.Level(d.small(uint64(estimate.Same)))
	for _, i := range []*finding.Interval{&s.lag, &s.ratio} {
		*i = finding.Interval{Estimate: d.float(), Lower: d.float(), Upper: d.float()}
	}
	s.firstBin = int(d.small(maxBins))
	s.background = make([]float64, d.len(8))
	d.floats(s.background)
	s.hotPerCold = d.float()
	s.hotFirst, s.hotLast = int(d.small(maxBins)), int(d.small(maxBins))
}

// maxBins bounds the bins of a histogram in a snapshot.
const maxBins = 1 << 20

func (t *tally) encode(e *encoder) {
	e.len(len(t.hours))
	for i, h := range t.hours {
		e.uint(uint64(h.hour))
		e.uint(uint64(h.cells))
		e.uint(uint64(h.crowded))
		for _, n := range t.counts[i*t.lanes*classCount:][:t.lanes*classCount] {
			e.uint(uint64(n))
		}
	}
	e.len(len(t.days))
	for _, day := range t.days {
		e.int(day.day)
		e.uint(uint64(day.cells))
		e.counts(day.same)
		e.bool(day.any != nil)
		if day.any != nil {
			e.counts(day.any)
		}
	}
	e.bool(t.mates != nil)
	for i := range t.mates {
		t.mates[i].encode(e)
	}
	e.bool(t.marks != nil)
	for i := range t.marks {
		m := &t.marks[i]
		e.int(m.atMillis)
		e.uint(uint64(m.cells))
		for _, n := range m.counts {
			e.uint(uint64(n))
		}
	}
}

func (t *tally) decode(d *decoder) {
	for range d.len(3 + t.lanes*classCount) {
		h := hourTally{hour: d.id(), cells: d.uint32(), crowded: d.uint32()}
		d.check(h.crowded <= h.cells && (len(t.hours) == 0 || t.hours[len(t.hours)-1].hour < h.hour))
		t.hours = append(t.hours, h)
		for range t.lanes * classCount {
			t.counts = append(t.counts, d.uint32())
		}
	}
	for range d.len(3) {
		day := dayTally{day: d.int(), cells: d.uint32()}
		d.check(len(t.days) == 0 || t.days[len(t.days)-1].day < day.day)
		day.same = d.counts(t.binned)
		if d.bool() {
			day.any = d.counts(t.binned)
		}
		t.days = append(t.days, day)
	}
	if d.bool() {
		t.mates = make([]mates, t.lanes)
		for i := range t.mates {
			t.mates[i].decode(d)
		}
	}
	if !d.bool() {
		return
	}
	t.marks = make([]mark, t.lanes)
	for i := range t.marks {
		m := &t.marks[i]
		m.atMillis, m.cells = d.int(), d.uint32()
		for c := range m.counts {
			m.counts[c] = d.uint32()
		}
	}
}

// counts writes a sparse histogram: runs of zeros take two bytes.
func (e *encoder) counts(x []uint32) {
	for i := 0; i < len(x); i++ {
		e.uint(uint64(x[i]))
		if x[i] != 0 {
			continue
		}
		run := 0
		for i+1 < len(x) && x[i+1] == 0 {
			run++
			i++
		}
		e.len(run)
	}
}

func (d *decoder) counts(n int) []uint32 {
	x := make([]uint32, n)
	for i := 0; i < n; i++ {
		if x[i] = d.uint32(); x[i] == 0 {
			i += int(d.small(uint64(n - 1 - i)))
		}
	}
	return x
}

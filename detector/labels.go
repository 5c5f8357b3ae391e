package detector

import (
	"time"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/finding"
)

// summary is what is kept of an estimate.
type summary struct {
	deltaMillis       int64
	level             estimate.Level
	lag, ratio        finding.Interval
	firstBin          int
	background        []float64 // of bins firstBin, firstBin+1, ...
	hotPerCold        float64   // background in the hot bins per background beside them
	hotFirst, hotLast int
}

// label notes what the labels of a paired stream and its estimate are made of. They are one-look heuristics
// about what else may have this lag; the verdict stands whatever they say.
func (d *Detector) label(s *stream, atMillis int64) {
	s.unlabel()
	tallies, _ := d.tallies(s)
	if main := mainTally(tallies, s.fingerprint); main != nil && main.clock.lanes[s.fingerprint].resolvable {
		shape := d.shape(s, main.clock, d.level(s, (atMillis-1)/hourMillis))
		s.owe(&look{
			atMillis: atMillis, fits: s.fits(main, shape), cells: main.total(), labelled: true,
			hist:         main.histogram(shape.Level)[:estimate.LongBins(shape.DeltaMillis, shape.Fingerprint)],
			steppedShare: d.steppedShare(s, shape, atMillis), mates: d.countMates(s, shape),
		})
	}
	if s.route == nil && widespread(d.members(s)) {
		s.labels = append(s.labels, finding.LabelWidespread)
	}
}

func summarise(e estimate.Estimate, shape estimate.Shape) *summary {
	hot := shape.HotBins()
	s := &summary{
		deltaMillis: shape.DeltaMillis, level: shape.Level,
		lag:      finding.Interval{Estimate: e.Lag, Lower: e.LagLower, Upper: e.LagUpper},
		ratio:    finding.Interval{Estimate: e.PairRatio, Lower: e.PairRatioLower, Upper: e.PairRatioUpper},
		firstBin: e.FirstBin, background: e.Background,
		hotFirst: hot[0], hotLast: hot[len(hot)-1],
	}
	hotShare, cold := 0.0, 0.0
	for i, b := range e.Background {
		if k := e.FirstBin + i; k >= s.hotFirst && k <= s.hotLast {
			hotShare += b
		} else {
			cold += b
		}
	}
	if cold > 0 {
		s.hotPerCold = hotShare / cold
	}
	return s
}

// steppedShare is the share of a stream's cells on targets whose cells all fall on a clock that can
// make the lag.
func (d *Detector) steppedShare(s *stream, shape estimate.Shape, atMillis int64) float64 {
	cells := map[*target]int{}
	for u := range d.of(s) {
		if n := u.recent(); n > 0 {
			cells[u.target] += n
		}
	}
	var periods []time.Duration
	var counts []int
	for t, n := range cells {
		periods = append(periods, t.stepPeriod(atMillis))
		counts = append(counts, n)
	}
	return estimate.SteppedShare(periods, counts, shape.Level, shape.Fingerprint)
}

// stepPeriod returns the period of the clock on which the cells of the target fall, 0 for none. The
// latest answer is kept, since all paired routes of a target ask for the same hour.
func (t *target) stepPeriod(atMillis int64) time.Duration {
	if !t.step.known || t.step.atMillis != atMillis {
		period, _ := estimate.StepPeriod(t.recent(atMillis), t.deltaMillis)
		t.step = stepMemo{known: true, atMillis: atMillis, period: period}
	}
	return t.step.period
}

// recent returns the times of the cells of the latest seven days, as far as they are kept, less whole
// minutes.
func (t *target) recent(atMillis int64) []int64 {
	hour := uint16(atMillis / hourMillis)
	var times []int64
	for i := range t.times.len() {
		if c := t.times.at(i); hour-c.hour <= historyDays*24 {
			times = append(times, int64(c.milli))
		}
	}
	return times
}

// members lists the routes that put notable trials into the pooled stream since the reset before its
// latest one, and their trials.
func (d *Detector) members(pool *stream) []finding.Member {
	var all []finding.Member
	for _, r := range d.routes {
		if r.streams == nil {
			continue
		}
		m := r.streams[pool.fingerprint].members
		m.roll(pool.epoch)
		if n := m.before + m.since; n > 0 {
			all = append(all, finding.Member{Route: r.name, Trials: int(n)})
		}
	}
	return all
}

// widespread tells that at least three routes carried the pooled stream, none of them more than half.
func widespread(members []finding.Member) bool {
	sum, most := 0, 0
	for _, m := range members {
		sum += m.Trials
		most = max(most, m.Trials)
	}
	return len(members) >= 3 && 2*most <= sum
}

package estimate

import (
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

const (
	minStepCells = 30                     // cells from which a clock can be told
	stepSlack    = 300 * time.Millisecond // by which a step may be off its clock
	stepMargin   = 500 * time.Millisecond // around a fingerprint in which a multiple of the clock makes the lag
)

// stepPeriods returns the clocks by which counters are copied in practice.
func stepPeriods() []time.Duration {
	return []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}
}

// StepPeriod returns the period of the clock on which all cells of one target fall, all its routes
// together, which means that its counters are copied by that clock: by a push gateway, a collector, a
// federation. It is the largest period of which an arc of one scrape interval and 0.3 s holds 90 % of
// at least 30 cells; that arc must hold 99 % of them.
func StepPeriod(timesMillis []int64, deltaMillis int64) (period time.Duration, ok bool) {
	n := len(timesMillis)
	if n < minStepCells {
		return 0, false
	}
	for _, p := range slices.Backward(stepPeriods()) {
		if 2*deltaMillis > p.Milliseconds() {
			continue
		}
		wrap, arc := p.Milliseconds(), deltaMillis+stepSlack.Milliseconds()
		if 10*atMostInArc(timesMillis, wrap, arc) < 9*n {
			continue
		}
		held := fullestArc(timesMillis, wrap, arc)
		if 10*held >= 9*n {
			return p, 100*held >= 99*n
		}
	}
	return 0, false
}

// atMostInArc bounds what fullestArc returns, without sorting: every arc lies in two neighbouring
// stretches that are longer than it.
func atMostInArc(timesMillis []int64, wrap, arc int64) int {
	stretches := wrap / (arc + 1)
	if stretches < 3 {
		return len(timesMillis)
	}
	counts := make([]int, stretches)
	for _, t := range timesMillis {
		phase := ((t % wrap) + wrap) % wrap
		counts[phase*stretches/wrap]++
	}
	most, before := 0, counts[stretches-1]
	for _, n := range counts {
		most, before = max(most, before+n), n
	}
	return most
}

// fullestArc returns how many of the times fall, modulo wrap, into the fullest closed arc.
func fullestArc(timesMillis []int64, wrap, arc int64) int {
	n := len(timesMillis)
	phases := make([]int64, 0, 2*n)
	for _, t := range timesMillis {
		phases = append(phases, ((t%wrap)+wrap)%wrap)
	}
	slices.Sort(phases)
	for _, phase := range phases[:n] {
		phases = append(phases, phase+wrap)
	}
	fullest, end := 0, 0
	for start := range n {
		for end < 2*n && phases[end] <= phases[start]+arc {
			end++
		}
		fullest = max(fullest, min(end-start, n))
	}
	return fullest
}

// StepHits tells whether a clock of this period (0: none) can make the lag of a fingerprint: whether
// a multiple of it lies within half a second of it. A clock of 15 s cannot make a lag of 5 s.
func StepHits(period time.Duration, fp score.Fingerprint) bool {
	if period <= 0 {
		return false
	}
	multiple := (fp.Hi + stepMargin) / period * period // the largest that is not too long
	return multiple > 0 && multiple >= fp.Lo-stepMargin
}

// SteppedShare returns the share of a stream's cells on targets whose clock can make the lag.
// periods holds the StepPeriod of each target (0: none), cells the stream's cells on it. Across
// targets, two clocks of any period differ by a fixed phase, which may be the lag: there, two or more
// stepped targets count whatever their period.
func SteppedShare(periods []time.Duration, cells []int, level Level, fp score.Fingerprint) float64 {
	stepped := 0
	for _, p := range periods {
		if p > 0 {
			stepped++
		}
	}
	whatever := level == Any && stepped >= 2
	hit, total := 0, 0
	for i, p := range periods {
		total += cells[i]
		if p > 0 && (whatever || StepHits(p, fp)) {
			hit += cells[i]
		}
	}
	if total == 0 {
		return 0
	}
	return float64(hit) / float64(total)
}

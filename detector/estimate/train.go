package estimate

import (
	"math"
	"slices"
)

// Constants of TrainShare.
const (
	trainMargin   = 0.5 // seconds around the fingerprint in which the period is searched
	trainSlack    = 0.1 // seconds around the interval of the lag
	trainStep     = 0.05
	firstMultiple = 4
	lastMultiple  = 9
	trainShare    = 0.3 // of the mates at the lag that must recur at almost every multiple
	trainMates    = 3.0 // that must recur at least
	trainNoise    = 1.5 // standard errors that they must exceed

	// offGrid takes the wave off the grid of periods, just so far that two bins on both sides of a
	// crest never have the same height. Such a multiple is decided by which of the bins is larger, as at
	// the next longer period, and not by rounding.
	offGrid = 1 + 1e-9
)

// TrainTest tells whether the mates at the lag recur at its fourth to ninth multiples.
type TrainTest struct {
	Period float64 // seconds
	Mates  float64 // at almost every multiple: the second smallest of six
	Noise  float64 // standard error of Mates
	Share  float64 // Mates per mate at the lag itself
	Train  bool    // whether it is a long periodic run
}

// TrainShare looks for long periodic runs: probes, pollers, rolling restarts. hist is LongBins long.
//
// A chain of up to eight attempts leaves at least two of the multiples 4τ .. 9τ empty, a train has
// almost as many mates there as at τ. At each multiple the histogram is projected on the wave of
// that period, corrected for its damping by the scrape intervals. The second smallest of the six
// counts, not their mean: a harmless poller at 10, 15, 30 or 60 s beside true pairs fills some
// multiples of 5 s, but not five of six. It is not ok with less than one mate at the lag, or where
// scrapes are too coarse for a wave.
func TrainShare(hist []int, s Shape, e Estimate) (TrainTest, bool) {
	atLag := e.Mates()
	if atLag < 1 {
		return TrainTest{}, false
	}
	lo, hi := s.Fingerprint.Seconds()
	from, to := max(lo-trainMargin, e.LagLower-trainSlack), min(hi+trainMargin, e.LagUpper+trainSlack)
	var best TrainTest
	found := false
	for i := range int(math.Floor((to-from)/trainStep+1e-9)) + 1 {
		period := from + trainStep*float64(i)
		mates, noise, ok := s.recurrence(hist, period)
		if ok && (!found || mates > best.Mates+1e-9) {
			best = TrainTest{Period: period, Mates: mates, Noise: noise}
			found = true
		}
	}
	best.Share = best.Mates / atLag
	best.Train = found && best.Mates >= trainShare*atLag && best.Mates >= trainMates && best.Mates >= trainNoise*best.Noise
	return best, found
}

// recurrence returns the second smallest of the mates at the multiples of a period, and its noise.
func (s Shape) recurrence(hist []int, period float64) (mates, noise float64, ok bool) {
	if s.deltaSeconds() >= period {
		return 0, 0, false
	}
	type multiple struct{ mates, noise float64 }
	var found []multiple
	damping := s.damping(period)
	for m := firstMultiple; m <= lastMultiple; m++ {
		wave, total, ok := s.project(hist, period, float64(m))
		if !ok {
			return 0, 0, false
		}
		found = append(found, multiple{wave / (2 * damping), math.Sqrt(max(1, float64(total))/2) / damping})
	}
	slices.SortFunc(found, func(a, b multiple) int {
		if a.mates < b.mates || a.mates == b.mates && a.noise < b.noise {
			return -1
		}
		return 1
	})
	return found[1].mates, found[1].noise, true
}

// damping is what is left of a wave after the lags of its crests are smeared by the triangle of two
// scrape intervals, and across targets once more by the unknown phase.
func (s Shape) damping(period float64) float64 {
	x := math.Pi * s.deltaSeconds() / period
	d := math.Sin(x) / x
	if s.Level == Same {
		return d * d
	}
	return d * d * d
}

// project returns the amplitude, in cell pairs, of the wave of a period in the bins within half a
// period of a multiple of it, and the cell pairs in them.
func (s Shape) project(hist []int, period, multiple float64) (wave float64, total int, ok bool) {
	var cosines []float64
	first, mean := -1, 0.0
	for k := range min(len(hist), LongBins(s.DeltaMillis, s.Fingerprint)) {
		lag := float64(k) * s.deltaSeconds()
		if lag < (multiple-0.5)*period || lag >= (multiple+0.5)*period {
			continue
		}
		if first < 0 {
			first = k
		}
		c := math.Cos(2 * math.Pi * lag / (period * offGrid))
		cosines = append(cosines, c)
		mean += c
	}
	n := float64(len(cosines))
	mean /= n
	square := 0.0
	for i, c := range cosines {
		c -= mean
		square += c * c
		wave += float64(hist[first+i]) * c
		total += hist[first+i]
	}
	if square == 0 { // at most one bin
		return 0, 0, false
	}
	return wave / square * n, total, true
}

package estimate

import (
	"math"

	"github.com/ghostpair/ghostpair/detector/score"
)

// Level says which cells may hold the second error of a pair. The zero value is Any.
type Level uint8

// The levels.
const (
	Any  Level = iota // cells of all targets of the route
	Same              // cells of the target that saw the first error
)

// String returns the name that findings carry.
func (l Level) String() string {
	if l == Same {
		return "same"
	}
	return "any"
}

// kernelFloor is the kernel mass below which a bin does not count as one of the fingerprint.
const kernelFloor = 1e-12

// Shape is what the bins of a lag histogram mean. Bin k counts the ordered pairs of cells of one
// route whose lag, rounded to whole scrape intervals with halves up, is k.
type Shape struct {
	Level       Level
	DeltaMillis int64
	Fingerprint score.Fingerprint
}

// Bins is the number of bins of the histogram that the estimates need: it reaches four seconds past
// twice the fingerprint, where the second harmonic is.
func Bins(deltaMillis int64, fp score.Fingerprint) int {
	_, hi := fp.Seconds()
	return ceil((2*hi+4)/deltaSeconds(deltaMillis)) + 1
}

// LongBins is the number of bins of the histogram that Labels needs: it reaches past nine times the
// fingerprint, where only long periodic runs still have mates.
func LongBins(deltaMillis int64, fp score.Fingerprint) int {
	_, hi := fp.Seconds()
	return ceil(9.5*(hi+0.5)/deltaSeconds(deltaMillis)) + 2
}

// Window returns the first and the last bin that the estimates look at. Across targets bin 1 is left
// out, since the lag of two cells in it may be 0 or less.
func (s Shape) Window() (first, last int) {
	first, last = score.Window(s.DeltaMillis, s.Fingerprint)
	if s.Level == Any {
		first = max(2, first)
	}
	return first, last
}

// HotBins returns the bins of the window into which the second error of a pair may fall, in order.
func (s Shape) HotBins() []int {
	first, last := s.Window()
	var hot []int
	for k := first; k <= last; k++ {
		if s.kernel(s.fingerprint(), k) > kernelFloor {
			hot = append(hot, k)
		}
	}
	return hot
}

// HotRight returns how many cell pairs of a histogram are in the hot bins and in the bins of the
// window right of them: two of the counts of HourCounts.
func (s Shape) HotRight(hist []int) (hot, right int) {
	bins := s.HotBins()
	if len(bins) == 0 {
		return 0, 0
	}
	_, last := s.Window()
	return sum(hist, bins[0], bins[len(bins)-1]), sum(hist, bins[len(bins)-1]+1, last)
}

// fingerprint is the lag density of pairs anywhere in the fingerprint.
func (s Shape) fingerprint() score.Kernel {
	lo, hi := s.Fingerprint.Seconds()
	return score.Kernel{Name: score.Wide, Lo: lo, Hi: hi}
}

// kernel is the probability that the second error of a pair with lag density k falls into a bin.
func (s Shape) kernel(k score.Kernel, bin int) float64 {
	delta := s.deltaSeconds()
	if s.Level == Same {
		return k.At(float64(bin)*delta, delta)
	}
	return k.AtAnyPhase(float64(bin)*delta, delta)
}

func (s Shape) deltaSeconds() float64 { return deltaSeconds(s.DeltaMillis) }

func deltaSeconds(deltaMillis int64) float64 { return float64(deltaMillis) / 1000 }

func ceil(x float64) int { return int(math.Ceil(x)) }

// sum adds up bins from .. to of a histogram; bins that it does not have are empty.
func sum(hist []int, from, to int) int {
	total := 0
	for k := max(from, 0); k <= min(to, len(hist)-1); k++ {
		total += hist[k]
	}
	return total
}

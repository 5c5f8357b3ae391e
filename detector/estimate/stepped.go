package estimate

import (
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// StepPeriod returns the period of the clock on which all cells of one target fall.
func StepPeriod(timesMillis []int64, deltaMillis int64) (period time.Duration, ok bool) {
	return 0, false
}

// StepHits tells whether a clock of this period (0: none) can make the lag of a fingerprint.
func StepHits(period time.Duration, fp score.Fingerprint) bool { return false }

// SteppedShare returns the share of a stream's cells on targets whose clock can make the lag.
// periods holds StepPeriod of each target (0: none), cells the stream's cells on it.
func SteppedShare(periods []time.Duration, cells []int, level Level, fp score.Fingerprint) float64 {
	return 0
}

package estimate

// TrainTest tells whether the mates at the lag recur at its fourth to ninth multiples.
type TrainTest struct {
	Period float64 // seconds
	Mates  float64 // at almost every multiple: the second smallest of six
	Noise  float64 // standard error of Mates
	Share  float64 // Mates per mate at the lag itself
	Train  bool
}

// TrainShare looks for long periodic runs. hist is LongBins long.
func TrainShare(hist []int, s Shape, e Estimate) (TrainTest, bool) { return TrainTest{}, false }

// HalfStepTest tells whether errors also come half the lag apart.
type HalfStepTest struct {
	Bin        int // at half the lag
	At, Beside int // cell pairs in it and in its two neighbours
	PValue     float64
	Half       bool
}

// HalfStep looks for retries at half the lag.
func HalfStep(hist []int, deltaMillis int64, e Estimate) (HalfStepTest, bool) {
	return HalfStepTest{}, false
}

// FastTest tells whether the errors took no time.
type FastTest struct {
	SlowShareUpper float64 // 97.5 % upper bound of the share of mates that may have been slow
	Fast           bool
}

// Fast looks for errors that were instant.
func Fast(mates, slow int, e Estimate) (FastTest, bool) { return FastTest{}, false }

package score

import "time"

// Margins around the fingerprint from which the background is learnt, in seconds of lag.
const (
	marginBefore = 4 * time.Second
	marginAfter  = 4500 * time.Millisecond
)

// Window returns the first and the last lag, in whole scrape intervals, at which a second error is
// looked at: the fingerprint, four seconds (but at least two intervals) before it, and 4.5 seconds
// (but at least one whole interval) after it. The first one is never below 1, which keeps the true
// lag positive wherever inside their scrape intervals the two errors happened.
func Window(deltaMillis int64, fp Fingerprint) (first, last int) {
	delta := time.Duration(deltaMillis) * time.Millisecond
	first = max(1, ceilDiv(fp.Lo-max(marginBefore, 2*delta), delta))
	last = max(int((fp.Hi+marginAfter)/delta), ceilDiv(fp.Hi, delta)+1)
	return first, last
}

// ceilDiv returns ⌈a/b⌉ for b > 0.
func ceilDiv(a, b time.Duration) int {
	q := a / b
	if a%b > 0 {
		q++
	}
	return int(q)
}

package diagnosis

const (
	// healthyWaitSeconds is the null of the dwell test: connects that fail at once, or wait for one
	// retransmission, wait no longer.
	healthyWaitSeconds = 1.0

	// maxBase is how often the gauge of pending requests may be non-zero without a failure, before
	// healthy connects drown the failed ones.
	maxBase = 0.3
)

// Dwell is how long failed connect attempts waited before they failed, from how many of them a
// scrape saw pending.
type Dwell struct {
	Attempts, Hits  int64   // failed attempts, and those seen pending at the scrape before they failed
	IntervalSeconds float64 // scrape interval
	Base            float64 // chance that an unrelated request makes the gauge non-zero

	WaitSeconds, LowerSeconds, UpperSeconds float64 // mean wait and its 95 % interval
	PValue                                  float64 // of the null that attempts wait at most 1 s
}

// NewDwell estimates the wait of failed attempts by Little's law. An attempt that waits W, less
// than the scrape interval Δ, is pending at the scrape before its failure with probability W/Δ when
// scrapes do not know of attempts; an unrelated request is pending with probability base. So hits are
// Binomial(attempts, 1 − (1−base)(1−W/Δ)), and the interval of that proportion, turned into waits,
// is exact where the bootstrap and the delta method are not.
//
// It is not ok without attempts, with more hits than attempts, or with a base outside [0, 1).
func NewDwell(attempts, hits int64, intervalSeconds, base float64) (Dwell, bool) {
	p, ok := shareOf(hits, attempts)
	if !ok || hits > attempts || base < 0 || base >= 1 || intervalSeconds <= 0 {
		return Dwell{}, false
	}
	wait := func(share float64) float64 { return intervalSeconds * beyond(share, base) }
	null := 1 - (1-base)*(1-min(1, healthyWaitSeconds/intervalSeconds))
	return Dwell{
		Attempts: attempts, Hits: hits, IntervalSeconds: intervalSeconds, Base: base,
		WaitSeconds: wait(p.Estimate), LowerSeconds: wait(p.Lower), UpperSeconds: wait(p.Upper),
		PValue: binomialTail(hits, attempts, null),
	}, true
}

// Usable tells whether the estimate can be trusted for waits of up to upToSeconds: scrapes must be
// further apart than that, and healthy connects rare enough at them.
func (d Dwell) Usable(upToSeconds float64) bool {
	return d.Attempts > 0 && d.Base < maxBase && d.IntervalSeconds > upToSeconds
}

// Meets tells whether the interval of the wait has anything in common with [lo, hi] seconds.
func (d Dwell) Meets(lo, hi float64) bool { return d.LowerSeconds <= hi && d.UpperSeconds >= lo }

// beyond is the part of a proportion that chance alone, with proportion base, does not give.
func beyond(share, base float64) float64 {
	if base >= 1 {
		return 0
	}
	return max(0, (share-base)/(1-base))
}

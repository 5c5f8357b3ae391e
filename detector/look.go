package detector

import "github.com/ghostpair/ghostpair/detector/estimate"

// look is a look at the histogram of a paired stream that nobody has asked for yet. Every hour takes one,
// and the next hour replaces it: a long stretch of history is shown at its end only, so that of a day of
// looks one is worked out. It holds all that the answer depends on, as it was then.
type look struct {
	atMillis     int64
	fits         *cached
	hist         []int // LongBins long
	cells        int
	steppedShare float64
	mates        int  // in hot bins, that were counted
	labelled     bool // else only its estimate is still wanted
}

// owe keeps a look in the place of the one before, whose answer it would replace as well.
func (s *stream) owe(next *look) {
	if !next.answerable() {
		return
	}
	if s.owed != nil && s.owed.fits.shape != next.fits.shape {
		s.settleLook() // there might be an answer to the one shape and none to the other
	}
	s.owed = next
}

// answerable tells that there is something to estimate from. Whether that works then depends on the shape alone.
func (l *look) answerable() bool {
	first, last := l.fits.shape.Window()
	pairs := 0
	for _, n := range l.hist[first : last+1] {
		pairs += n
	}
	return pairs > 0 && l.cells > 0
}

// settleLook works out the look that is owed, if there is one. It must come before anybody sees the labels
// or the estimate of the stream.
func (s *stream) settleLook() {
	l := s.owed
	if l == nil {
		return
	}
	s.owed = nil
	e, ok := l.fits.lag(l.hist, l.cells)
	if !ok {
		return
	}
	shape := l.fits.shape
	s.estimate = summarise(e, shape)
	if l.labelled {
		found := estimate.Labels(estimate.LabelInput{Histogram: l.hist, Shape: shape, Estimate: e, SteppedShare: l.steppedShare})
		s.labels = append(found, s.labels...)
		s.basis = l.basis(e)
	}
}

// unlabel takes the labels off a stream.
func (s *stream) unlabel() {
	s.labels, s.basis = nil, nil
	if s.owed != nil {
		s.owed.labelled = false
	}
}

package detector

import (
	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/internal/mixture"
	"github.com/ghostpair/ghostpair/finding"
)

// Streams without an alarm get an estimate of the lag when their e-value is at least enoughEValue:
// below, the estimate would describe noise. Fits to fewer than enoughPairs lags are not shown.
const (
	enoughEValue = 20
	enoughPairs  = 10
)

// cached are fits that are good until the histogram changes.
type cached struct {
	tally      *tally
	version    uint64
	shape      estimate.Shape
	background []float64
	estimate   estimate.Estimate
	estimated  bool // estimate is one
	tried      bool
}

// illustrate sets the histogram and what is estimated from it.
func (d *Detector) illustrate(s *stream, f *finding.Finding, atMillis int64) {
	if e := s.estimate; e != nil { // after settleLook
		lag, ratio := e.lag, e.ratio
		f.LagSeconds, f.PairRatio = &lag, &ratio
	}
	tallies, _ := d.tallies(s)
	main := mainTally(tallies, s.fingerprint)
	if main == nil || !main.clock.lanes[s.fingerprint].resolvable {
		return
	}
	shape := d.shape(s, main.clock, d.level(s, (atMillis-1)/hourMillis))
	hist := main.histogram(shape.Level)[:estimate.LongBins(shape.DeltaMillis, shape.Fingerprint)]
	if test, ok := estimate.Sideband(hist, shape); ok {
		p := test.PValue
		f.SidebandPValue = &p
	}
	c := s.fits(main, shape)
	var shown *summary
	if s.estimate == nil && s.eValue() >= enoughEValue {
		if e, ok := c.lag(hist, main.total()); ok && e.Pairs >= enoughPairs {
			shown = summarise(e, shape)
			f.LagSeconds, f.PairRatio = &shown.lag, &shown.ratio
		}
	}
	first, last := shape.Window()
	f.Histogram = &finding.Histogram{
		BinSeconds:      float64(shape.DeltaMillis) / 1000,
		FirstLagSeconds: float64(int64(first)*shape.DeltaMillis) / 1000,
		Observed:        hist[first : last+1],
		Expected:        d.expected(s, c, shown, hist[first:last+1]),
	}
}

// fits returns the fits of a stream, emptied when the histogram has changed.
func (s *stream) fits(t *tally, shape estimate.Shape) *cached {
	if s.cache == nil || s.cache.tally != t || s.cache.version != t.version || s.cache.shape != shape {
		s.cache = &cached{tally: t, version: t.version, shape: shape}
	}
	return s.cache
}

// lag estimates the lag from the histogram and the number of cells of the tally.
func (c *cached) lag(hist []int, cells int) (estimate.Estimate, bool) {
	if !c.tried {
		c.tried = true
		c.estimate, c.estimated = estimate.Lag(hist, c.shape, cells)
	}
	return c.estimate, c.estimated
}

// expected is the background under the histogram: of paired streams what the estimate of the lag left
// over, the same where an estimate is shown before that, and of others the convex and decreasing counts
// closest to what was observed.
func (d *Detector) expected(s *stream, c *cached, shown *summary, observed []int) []float64 {
	if e := s.estimate; s.verdict.state == finding.Paired && e.matches(c.shape, len(observed)) {
		return append([]float64{}, e.background...)
	}
	if shown.matches(c.shape, len(observed)) {
		return append([]float64{}, shown.background...)
	}
	if c.background == nil {
		c.background = background(observed)
	}
	return append([]float64{}, c.background...)
}

func (e *summary) matches(shape estimate.Shape, bins int) bool {
	first, _ := shape.Window()
	return e != nil && e.deltaMillis == shape.DeltaMillis && e.level == shape.Level && e.firstBin == first && len(e.background) == bins
}

// background fits convex, non-increasing counts.
func background(observed []int) []float64 {
	n := len(observed)
	total := 0
	for _, count := range observed {
		total += count
	}
	if total == 0 {
		return make([]float64, n)
	}
	p := make([]float64, n)
	for i, count := range observed {
		p[i] = float64(count) / float64(total)
	}
	cone := mixture.ConvexCone(n)
	var solver mixture.Solver
	fit := mixture.Density(solver.Fit(p, cone, nil, 1e-6), cone)
	for i := range fit {
		fit[i] *= float64(total)
	}
	return fit
}

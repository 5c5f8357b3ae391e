package report

import (
	"slices"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// enoughPairs is how many lags in the window an estimate needs, as for findings.
const enoughPairs = 10

// paired works out which part of a route's errors is in pairs, from the lags of the period alone.
func (b *builder) paired(c counted, f *finding.Finding) Paired {
	out := Paired{Fingerprint: f.Fingerprint, Labels: append([]string{}, f.Labels...), LookAlike: slices.ContainsFunc(f.Labels, finding.LookAlike), Level: f.Level}
	shape, clock, lane, ok := b.shape(c, f)
	if !ok {
		return out
	}
	out.lags = rangeOf(shape.Fingerprint)
	hist := lane.hist[shape.Level]
	first, last := shape.Window()
	last = min(last, len(hist)-1)
	if clock.cells == 0 || last < first {
		return out
	}
	out.Histogram = &finding.Histogram{
		BinSeconds:      float64(shape.DeltaMillis) / 1000,
		FirstLagSeconds: float64(int64(first)*shape.DeltaMillis) / 1000,
		Observed:        slices.Clone(hist[first : last+1]),
		Expected:        []float64{},
	}
	e, ok := estimate.Lag(hist, shape, clock.cells)
	if !ok || e.Pairs < enoughPairs {
		return out
	}
	if e.FirstBin == first {
		out.Histogram.Expected = slices.Clone(e.Background)
	}
	out.Lag = &finding.Interval{Estimate: e.Lag, Lower: e.LagLower, Upper: e.LagUpper}
	b.shareOfErrors(&out, c, clock, e)
	return out
}

// shareOfErrors sets how many errors are in pairs: the errors in the cells of the period times the
// share of cells in pairs. Errors over gaps in the scrapes have no known time and count as unpaired.
// Errors in maintenance cost no budget: of those in pairs they take their part.
func (b *builder) shareOfErrors(out *Paired, c counted, k *clock, e estimate.Estimate) {
	raw, counts := b.sum(c.errors, b.whole, true), b.sum(c.errors, b.whole, false)
	if raw <= 0 {
		return
	}
	part := func(ratio float64) float64 { return min(ratio*k.errors, raw) * counts / raw }
	out.Errors = &finding.Interval{Estimate: part(e.PairRatio), Lower: part(e.PairRatioLower), Upper: part(e.PairRatioUpper)}
	if counts > 0 {
		out.Ratio = &finding.Interval{Estimate: out.Errors.Estimate / counts, Lower: out.Errors.Lower / counts, Upper: out.Errors.Upper / counts}
	}
}

// shape returns what the finding's histogram is made of. It is not ok for a route without cells, or
// where no scrape interval can show the lag.
func (b *builder) shape(c counted, f *finding.Finding) (estimate.Shape, *clock, *lane, bool) {
	i := slices.IndexFunc(b.Fingerprints, func(fp score.Fingerprint) bool { return fp.Name == f.Fingerprint })
	if i < 0 || c.tally == nil || f.Histogram == nil {
		return estimate.Shape{}, nil, nil, false
	}
	delta := int64(f.Histogram.BinSeconds*1000 + 0.5)
	k := c.tally.clocks[delta]
	if k == nil {
		return estimate.Shape{}, nil, nil, false
	}
	level := estimate.Any
	if f.Level == estimate.Same.String() {
		level = estimate.Same
	}
	return estimate.Shape{Level: level, DeltaMillis: delta, Fingerprint: b.Fingerprints[i]}, k, &k.lanes[i], true
}

// mates returns the errors by slot that have another one at the lag of p, nil when there are none.
func (b *builder) mates(c counted, p *Paired) []float64 {
	i := slices.IndexFunc(b.Fingerprints, func(fp score.Fingerprint) bool { return fp.Name == p.Fingerprint })
	if i < 0 || c.tally == nil {
		return nil
	}
	level := estimate.Any
	if p.Level == estimate.Same.String() {
		level = estimate.Same
	}
	var all []float64
	for _, k := range c.tally.clocks {
		of := k.lanes[i].mates[level]
		if of == nil {
			continue
		}
		if all == nil {
			all = make([]float64, b.Axis.n)
		}
		for slot, n := range of {
			all[slot] += n
		}
	}
	return all
}

func rangeOf(fp score.Fingerprint) chart.Range {
	lo, hi := fp.Seconds()
	return chart.Range{Lower: lo, Upper: hi}
}

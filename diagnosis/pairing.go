package diagnosis

// maxCount caps the growth of one interval in the moments, so that a counter that jumps by billions
// cannot overflow them.
const maxCount = 1_000_000

// Moments are sums over the counts of errors in regular scrape intervals, from which the way they
// cluster can be described. Moments of separate stretches add up.
type Moments struct {
	Intervals, Sum, Squares         int64 // over intervals
	Pairs, Products, Earlier, Later int64 // over pairs of consecutive intervals
}

// CountPairing describes how counts cluster. It is for display only and labelled "if there are no
// bursts": any clustering within one interval moves the same numbers, so that it is no evidence of
// pairs, and no p-value is given because its null of independent parents is false in practice.
type CountPairing struct {
	Fano       float64  // variance over mean; 1 for independent errors
	Covariance float64  // of the counts of consecutive intervals
	LagSeconds *float64 // lag that would give both, nil when they show no pairs
}

// run adds count intervals in a row with errors each, after an interval with *before errors, or
// after none that is known.
func (m *Moments) run(errors, count int64, before *int64) {
	errors = min(errors, maxCount)
	m.Intervals += count
	m.Sum += count * errors
	m.Squares += count * errors * errors
	m.pairs(count-1, errors, errors)
	if before != nil {
		m.pairs(1, *before, errors)
	}
}

func (m *Moments) pairs(count, earlier, later int64) {
	m.Pairs += count
	m.Products += count * earlier * later
	m.Earlier += count * earlier
	m.Later += count * later
}

func (m *Moments) add(o Moments) {
	m.Intervals += o.Intervals
	m.Sum += o.Sum
	m.Squares += o.Squares
	m.Pairs += o.Pairs
	m.Products += o.Products
	m.Earlier += o.Earlier
	m.Later += o.Later
}

// Pairing describes the clustering. With pairs at lag D among independent parents and scrapes Δ
// apart, a pair is split over two intervals with probability D/Δ; the ratio r of twice the lag-1
// covariance to the excess of the variance over the mean gives D = Δ·r/(1+r). It is not ok without
// errors or with fewer than two consecutive intervals.
func (m Moments) Pairing(intervalSeconds float64) (CountPairing, bool) {
	if m.Intervals == 0 || m.Sum == 0 || m.Pairs == 0 {
		return CountPairing{}, false
	}
	n, pairs := float64(m.Intervals), float64(m.Pairs)
	mean := float64(m.Sum) / n
	variance := float64(m.Squares)/n - mean*mean
	covariance := (float64(m.Products)-mean*float64(m.Earlier+m.Later))/pairs + mean*mean
	result := CountPairing{Fano: variance / mean, Covariance: covariance}
	if excess := variance - mean; excess > 0 && covariance > 0 {
		r := 2 * covariance / excess
		lag := intervalSeconds * r / (1 + r)
		result.LagSeconds = &lag
	}
	return result, true
}

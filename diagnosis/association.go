package diagnosis

import (
	"cmp"
	"math"
	"slices"
)

// blockIntervals is the number of consecutive scrape intervals within which the places of errors
// are taken to be exchangeable: short enough that drift over the day does not matter.
const blockIntervals = 8

// exactWork bounds the multiplications of an exact p-value; beyond it Chernoff's bound is used.
const exactWork = 5_000_000

// Stratum is the margins of one block of scrape intervals of one target.
type Stratum struct{ Intervals, Errors, Slow int }

func (s Stratum) compare(o Stratum) int {
	return cmp.Or(cmp.Compare(s.Intervals, o.Intervals), cmp.Compare(s.Errors, o.Errors), cmp.Compare(s.Slow, o.Slow))
}

// strata counts how often each margin occurred, sorted. What chance would do depends on nothing
// else, so it stands for any number of blocks.
type strata []stratumCount

type stratumCount struct {
	Stratum
	count int64
}

func (s *strata) add(x Stratum, count int64) {
	i, found := slices.BinarySearchFunc(*s, x, func(c stratumCount, x Stratum) int { return c.compare(x) })
	if found {
		(*s)[i].count += count
		return
	}
	*s = slices.Insert(*s, i, stratumCount{x, count})
}

// Association is whether errors fall into the scrape intervals in which requests were as slow as a
// timeout.
type Association struct {
	Coincidences   int64   // intervals with errors and slow requests
	ErrorIntervals int64   // intervals with errors
	Expected       float64 // coincidences by chance
	PValue         float64 // probability by chance of as many coincidences or more; an upper bound on it for very many intervals
	Share          Share   // of error intervals with a slow request beyond chance
}

// associate compares intervals with errors and intervals with slow requests. Null: within each stratum, which are
// consecutive intervals of one target, the places of errors are exchangeable. The coincidences are then a
// sum of independent hypergeometric variables and the p-value is exact.
//
// Drift between strata does no harm. The sharp edge of an incident inside one that raises both
// errors and latency does: small p-values then come more often than they say, though hardly below
// 1e-4. And it shows that errors are slow ones, not that they come in pairs.
//
// It is not ok without errors.
func (s strata) associate(coincidences int64) (Association, bool) {
	a := Association{Coincidences: coincidences}
	for _, c := range s {
		a.ErrorIntervals += c.count * int64(c.Errors)
		a.Expected += float64(c.count) * float64(c.Errors*c.Slow) / float64(c.Intervals)
	}
	p, ok := shareOf(coincidences, a.ErrorIntervals)
	if !ok {
		return Association{}, false
	}
	base := a.Expected / float64(a.ErrorIntervals)
	a.Share = Share{beyond(p.Estimate, base), beyond(p.Lower, base), beyond(p.Upper, base)}
	a.PValue = s.tail(coincidences)
	return a, true
}

// A chanceCount is a block whose coincidences chance decides, and how many there are like it.
type chanceCount struct {
	p     []float64 // of 0, 1, … coincidences
	count int64
}

// tail returns the probability of at least t coincidences over all blocks.
func (s strata) tail(t int64) float64 {
	var blocks []chanceCount
	number := int64(0)
	for _, c := range s {
		switch {
		case c.Slow >= c.Intervals: // every error coincides
			t -= c.count * int64(c.Errors)
		case c.Errors >= c.Intervals: // and so does every slow interval
			t -= c.count * int64(c.Slow)
		case c.Slow > 0 && c.Errors > 0:
			blocks = append(blocks, chanceCount{hypergeometric(c.Intervals, c.Slow, c.Errors), c.count})
			number += c.count
		}
	}
	if t <= 0 {
		return 1
	}
	if number*t > exactWork/blockIntervals {
		return chernoff(blocks, t)
	}
	return exactTail(blocks, int(t))
}

// exactTail adds block after block to the distribution of the coincidences so far. All that is at
// least t is kept in the last place. Only positive numbers are added, so that tiny tails keep their
// relative precision.
func exactTail(blocks []chanceCount, t int) float64 {
	sum, next := make([]float64, t+1), make([]float64, t+1)
	sum[0] = 1
	for _, b := range blocks {
		for range b.count {
			clear(next)
			for i, p := range sum {
				for k, q := range b.p {
					next[min(t, i+k)] += p * q
				}
			}
			sum, next = next, sum
		}
	}
	return min(1, sum[t])
}

// chernoff returns the upper bound min over θ ≥ 0 of E[e^(θX)]·e^(−θt) on P(X ≥ t). Any θ gives a
// bound, so that stopping the search early costs power and never validity.
func chernoff(blocks []chanceCount, t int64) float64 {
	lo, hi := 0.0, 40.0
	for range 60 {
		mid := (lo + hi) / 2
		if _, mean := cumulant(blocks, mid); mean < float64(t) {
			lo = mid
		} else {
			hi = mid
		}
	}
	value, _ := cumulant(blocks, lo)
	return min(1, math.Exp(value-lo*float64(t)))
}

// cumulant returns the logarithm of E[e^(θX)] and its derivative.
func cumulant(blocks []chanceCount, theta float64) (value, derivative float64) {
	for _, b := range blocks {
		moment, weighted := 0.0, 0.0
		for k, p := range b.p {
			term := p * math.Exp(theta*float64(k))
			moment += term
			weighted += float64(k) * term
		}
		value += float64(b.count) * math.Log(moment)
		derivative += float64(b.count) * weighted / moment
	}
	return value, derivative
}

package report

import (
	"math"
	"time"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/slo"
)

// charts prepares what is drawn of a route.
func (b *builder) charts(r *Route, c counted, mates []float64) {
	zone := b.Period.Start.Location()
	step := time.Hour
	if b.whole.Duration() > 10*24*time.Hour {
		step = 6 * time.Hour
	}
	per := int(step / SlotLength)
	from, to := b.Axis.between(slo.Span{From: b.whole.From, To: b.Period.End})
	r.Hours = Hours{Start: b.Axis.start(from).In(zone), StepSeconds: int(step.Seconds()), Errors: groups(c.errors, from, to, per)}
	if mates != nil {
		r.Hours.Mates = groups(mates, from, to, per)
	}
	absent := b.Coverage.spans(b.whole, false)
	r.timeline = chart.Timeline{Start: r.Hours.Start, Step: step, Errors: r.Hours.Errors, Paired: r.Hours.Mates, Absent: absent, Left: b.left}
	if r.Budget != nil && r.Budget.AllowedErrors > 0 {
		r.burnDown = b.burnDown(r, c, mates)
	}
}

// groups adds up the values [from, to), per at a time.
func groups(values []float64, from, to, per int) []float64 {
	all := make([]float64, 0, (to-from)/per+1)
	for i := from; i < to; i += per {
		sum := 0.0
		for _, v := range values[i:min(i+per, to, len(values))] {
			sum += v
		}
		all = append(all, sum)
	}
	return all
}

// burnDown is the budget over the window of the objective. What it would be without pairs is known
// where the share of pairs is: errors with a mate are scaled so that those of the period add up to
// the estimate.
func (b *builder) burnDown(r *Route, c counted, mates []float64) chart.BurnDown {
	const per = 12 // slots a step: three hours
	window := time.Duration(r.Budget.WindowSeconds * float64(time.Second))
	span := slo.Span{From: b.whole.To.Add(-window), To: b.whole.To}
	i, j := b.Axis.between(span)
	scale, hasPairs := 0.0, false
	if p := r.ghosts(); p != nil && p.Errors != nil {
		if in := b.sum(mates, b.whole, false); in > 0 {
			scale, hasPairs = p.Errors.Estimate/in, true
		}
	}
	out := chart.BurnDown{
		Start: b.Axis.start(i).In(b.Period.Start.Location()), Step: per * SlotLength,
		Absent: b.Coverage.spans(span, false),
	}
	if span.From.Before(b.whole.From) { // else all of it is the period
		out.Period = b.whole
	}
	spent, ghosts, begun := 0.0, 0.0, false
	for k := i; k < j; k += per {
		for at := k; at < min(k+per, j); at++ {
			begun = begun || b.Coverage.seen[at]
			if b.counts[at] {
				spent += c.errors[at]
				if hasPairs {
					ghosts += scale * mates[at]
				}
			}
		}
		left, without := 1-spent/r.Budget.AllowedErrors, 1-max(spent-ghosts, 0)/r.Budget.AllowedErrors
		if !begun { // there is no data yet
			left, without = math.NaN(), math.NaN()
		}
		out.Remaining = append(out.Remaining, left)
		if hasPairs {
			out.WithoutPairs = append(out.WithoutPairs, without)
		}
	}
	return out
}

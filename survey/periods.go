package survey

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
)

// Metrics of load balancers that are evidence. Both exporters give them these names.
const (
	balancerPorts   = "aws_networkelb_port_allocation_error_count_sum"
	balancerBlocked = "aws_networkelb_security_group_blocked_flow_count_inbound_tcp_sum"
	balancerRefused = "aws_networkelb_security_group_blocked_flow_count_outbound_tcp_sum"
	balancerResets  = "aws_networkelb_tcp_elb_reset_count_sum"
)

// CloudWatch's values come late: the window ends balancerDelay before the present. A value that has the
// time of its scrape, and not CloudWatch's, is one of a period that ended up to so long before.
const balancerDelay = 15 * time.Minute

// period is one value of a gauge, which holds for a time in (from, to].
type period struct {
	from, to int64 // Unix milliseconds
	value    float64
}

// periods takes apart what a gauge of an exporter said. One that has CloudWatch's times has a sample a period,
// at its start. One that has the times of scrapes repeats each value until there is a newer one: it is looked at
// every five minutes, the period of YACE, and says something of the quarter of an hour before. A NaN is
// how YACE says that there is nothing.
func periods(points []Point) []period {
	const yace = 5 * 60_000
	points = slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return math.IsNaN(p.Value) || math.IsInf(p.Value, 0) })
	slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.AtMillis, b.AtMillis) })
	points = slices.CompactFunc(points, func(a, b Point) bool { return a.AtMillis == b.AtMillis })
	if len(points) == 0 {
		return nil
	}
	var all []period
	if length, ok := stamped(points); ok {
		for _, p := range points {
			all = append(all, period{p.AtMillis, p.AtMillis + length, p.Value})
		}
		return all
	}
	for i, p := range points {
		last := i+1 == len(points)
		if last || points[i+1].AtMillis/yace != p.AtMillis/yace { // the newest of its five minutes
			all = append(all, period{p.AtMillis - balancerDelay.Milliseconds(), p.AtMillis, p.Value})
		}
	}
	return all
}

// stamped tells whether samples have CloudWatch's times, which are whole minutes where those of scrapes are not,
// and returns how long their periods are: five minutes when all are multiples of that, else one.
func stamped(points []Point) (lengthMillis int64, ok bool) {
	lengthMillis = 5 * 60_000
	for _, p := range points {
		if p.AtMillis%60_000 != 0 {
			return 0, false
		}
		if p.AtMillis%(5*60_000) != 0 {
			lengthMillis = 60_000
		}
	}
	return lengthMillis, true
}

// balancerGauges is what the gauges of load balancers said in the window.
type balancerGauges struct {
	fromMillis int64
	known      map[string]bool                // load balancers of which there is anything
	most       map[string]map[string]float64  // greatest value, by metric and load balancer; no map: the metric is not there
	periods    map[string]map[string][]period // by metric and load balancer
}

// readBalancers asks for the greatest values of all load balancers, and for the single periods of those that
// routes use, or of the only one. After an error it knows nothing.
func (l *look) readBalancers(ctx context.Context, used []string) (*balancerGauges, error) {
	g := &balancerGauges{
		fromMillis: l.atMillis - l.window.Milliseconds(),
		known:      make(map[string]bool), most: make(map[string]map[string]float64), periods: make(map[string]map[string][]period),
	}
	window := l.window - balancerDelay
	if !l.loadBalancers || window <= 0 {
		return g, nil
	}
	early := l.atMillis - balancerDelay.Milliseconds()
	for _, metric := range []string{balancerPorts, balancerBlocked, balancerRefused, balancerHosts} {
		samples, err := l.vectorAt(ctx, metric, fmt.Sprintf("max_over_time(%s[%dms])", metric, window.Milliseconds()), early)
		if err != nil {
			return &balancerGauges{}, err
		}
		for _, s := range samples {
			g.take(metric, s)
		}
	}
	if len(g.known) == 1 {
		used = slices.Sorted(maps.Keys(g.known))
	}
	for _, metric := range []string{balancerResets, balancerPorts, balancerBlocked, balancerRefused} {
		if err := l.readPeriods(ctx, early, g, metric, used, window); err != nil {
			return &balancerGauges{}, err
		}
	}
	return g, nil
}

// take notes the greatest value of a series. Where CloudWatch reports a metric only when it is not zero, nothing is
// zero; else nothing says nothing.
func (g *balancerGauges) take(metric string, s Sample) {
	of := balancerOf(s)
	if of == "" || metric != balancerHosts && !wholeZones(s) {
		return
	}
	g.known[of] = true
	if g.most[metric] == nil {
		g.most[metric] = make(map[string]float64)
	}
	switch {
	case !math.IsNaN(s.Value):
		g.most[metric][of] = max(g.most[metric][of], s.Value)
	case metric == balancerBlocked || metric == balancerRefused:
		g.most[metric][of] = max(g.most[metric][of], 0)
	}
}

// readPeriods asks for a metric of some load balancers, period by period: of resets always, of what must not
// happen only where it happened.
func (l *look) readPeriods(ctx context.Context, atMillis int64, g *balancerGauges, metric string, used []string, window time.Duration) error {
	if metric != balancerResets {
		used = slices.DeleteFunc(slices.Clone(used), func(of string) bool { return g.most[metric][of] <= 0 })
	}
	if len(used) == 0 {
		return nil
	}
	points := make(map[string][]Point) // two scrape jobs of one exporter say the same
	for _, label := range []string{"load_balancer", "dimension_LoadBalancer", "dimension_load_balancer"} {
		expr := fmt.Sprintf("%s{%s}[%dms]", metric, oneOf(label, distinct(used)), window.Milliseconds())
		series, err := l.matrix(ctx, metric, expr, atMillis)
		if err != nil {
			return err
		}
		for _, s := range series {
			if of := balancerOf(Sample{Labels: s.Labels}); of != "" && wholeZones(Sample{Labels: s.Labels}) {
				points[of] = append(points[of], s.Points...)
			}
		}
	}
	g.periods[metric] = make(map[string][]period)
	for of, all := range points {
		g.known[of] = true
		g.periods[metric][of] = slices.DeleteFunc(periods(all), func(p period) bool { return p.from < g.fromMillis })
	}
	return nil
}

// of says what is known of the load balancers of a route. Where none of them is named in the gauges, only an
// absence is known: when no load balancer had any, the route's had none.
func (g *balancerGauges) of(used []string, errorMinutes []int64) (counts diagnosis.NLBCounts, why string) {
	named := slices.DeleteFunc(slices.Clone(used), func(of string) bool { return !g.known[of] })
	unsure := false
	if len(named) == 0 {
		named = slices.Sorted(maps.Keys(g.known))
		if unsure = len(named) > 1; unsure {
			why = fmt.Sprintf("there are gauges of %d load balancers, and which of them is the route's is not known", len(named))
		}
	}
	counts.PortAllocationErrors = g.total(named, unsure, balancerPorts)
	counts.BlockedFlows = g.total(named, unsure, balancerBlocked, balancerRefused)
	counts.UnhealthyHosts = g.greatest(named, unsure, balancerHosts)
	if !unsure {
		counts.Resets = concentrate(g.periods[balancerResets], named, errorMinutes)
	}
	return counts, why
}

// total sums up metrics over the window; nil where that is not known.
func (g *balancerGauges) total(named []string, unsure bool, metrics ...string) *float64 {
	var sum *float64
	for _, metric := range metrics {
		most := g.greatest(named, unsure, metric)
		if most == nil && g.most[metric] != nil {
			return nil
		}
		if most == nil {
			continue
		}
		if sum == nil {
			sum = new(float64)
		}
		for _, of := range named {
			for _, p := range g.periods[metric][of] {
				*sum += p.value
			}
		}
		*sum = max(*sum, *most) // of a zone at the edge of the window there may be no period
	}
	return sum
}

// greatest is the greatest value of a metric; nil where that is not known.
func (g *balancerGauges) greatest(named []string, unsure bool, metric string) *float64 {
	var most *float64
	for _, of := range named {
		if v, ok := g.most[metric][of]; ok && (most == nil || v > *most) {
			most = &v
		}
	}
	if most != nil && *most > 0 && unsure {
		return nil
	}
	return most
}

// concentrate counts resets in the periods in which there was an error, and in the others.
func concentrate(all map[string][]period, named []string, errorMinutes []int64) *diagnosis.Concentration {
	var c diagnosis.Concentration
	for _, of := range named {
		for _, p := range all[of] {
			first, _ := slices.BinarySearch(errorMinutes, p.from/60_000)
			resets := int64(math.Round(max(0, p.value)))
			if first < len(errorMinutes) && errorMinutes[first]*60_000 < p.to {
				c.Inside, c.InsidePeriods = c.Inside+resets, c.InsidePeriods+1
			} else {
				c.Outside, c.OutsidePeriods = c.Outside+resets, c.OutsidePeriods+1
			}
		}
	}
	if c.InsidePeriods+c.OutsidePeriods == 0 {
		return nil
	}
	return &c
}

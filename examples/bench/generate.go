package main

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
)

// generatorVersion goes into the name of the kept history: a new one for every change of what is made.
const generatorVersion = 2

// How far scrapes are from a perfect grid.
const (
	missedShare    = 0.001 // of all scrapes: `up` is 0 and no counter has a sample
	shiftedShare   = 0.02  // of all scrapes, which come a little late
	maxShiftMillis = 8
	pairedRoutes   = 10  // one route in so many has pairs
	pairedShare    = 0.2 // of its errors, which are followed by another one 5 to 5.6 s later
)

// pod is a scraped proxy: its scrapes have a phase of their own.
type pod struct {
	random   *rand.Rand
	next     int64 // scrape, jitter left aside
	interval int64
	base     []string // its labels
	counters []*counter

	times []int64 // scrapes of the block at hand
	up    []bool
}

// counter is a counter of errors that is born with its first one.
type counter struct {
	labels  labels.Labels
	random  *rand.Rand
	meanGap float64 // in milliseconds
	pairs   float64 // share of its errors that are followed by another
	next    int64   // its next error of its own
	echo    int64   // the second of a pair that is under way; 0: none
	value   float64
}

// newFleet makes the pods of a shape, which are watched from fromMillis on.
func newFleet(s shape, fromMillis int64) []*pod {
	var fleet []*pod
	for p := range s.pods {
		random := rand.New(rand.NewPCG(uint64(p), 1))
		interval := s.every.Milliseconds()
		one := &pod{random: random, interval: interval, next: fromMillis - fromMillis%interval + interval + random.Int64N(interval)}
		one.base = []string{
			"job", job, "instance", fmt.Sprintf("10.0.%d.%d:19001", p/250, p%250+1), "namespace", "envoy-gateway-system",
			"pod", fmt.Sprintf("envoy-gateway-%08x-%05d", 0x9e3779b9, p), "container", "envoy", "endpoint", "metrics",
		}
		for r := range s.routes {
			one.counters = append(one.counters, newCounter(one.base, p, r, s.perDay, fromMillis))
		}
		fleet = append(fleet, one)
	}
	return fleet
}

// newCounter makes one counter. Some routes have a hundred times the errors of others.
func newCounter(base []string, p, r int, perDay float64, fromMillis int64) *counter {
	route := rand.New(rand.NewPCG(uint64(r), 2))
	const spread = 1.2 // of the logarithm of the rate
	rate := perDay * math.Exp(spread*route.NormFloat64()-spread*spread/2)
	c := &counter{random: rand.New(rand.NewPCG(uint64(p)<<32|uint64(r), 3)), meanGap: 86_400_000 / rate}
	c.labels = labels.FromStrings(append([]string{
		model.MetricNameLabel, metric, "envoy_response_code_class", "5",
		"envoy_cluster_name", fmt.Sprintf("httproute/shop/service-%03d/rule/0", r),
	}, base...)...)
	if r%pairedRoutes == 0 {
		c.pairs = pairedShare
	}
	c.next = fromMillis + c.gap()
	return c
}

func (c *counter) gap() int64 { return int64(c.random.ExpFloat64()*c.meanGap) + 1 }

// countTo counts the errors up to a time.
func (c *counter) countTo(atMillis int64) {
	for {
		switch {
		case c.echo != 0 && c.echo <= atMillis:
			c.echo = 0
			c.value++
		case c.next <= atMillis:
			c.value++
			if c.echo == 0 && c.random.Float64() < c.pairs {
				c.echo = c.next + 5000 + c.random.Int64N(600)
			}
			c.next += c.gap()
		default:
			return
		}
	}
}

// scrape draws the scrapes up to a time.
func (p *pod) scrape(toMillis int64) {
	p.times, p.up = p.times[:0], p.up[:0]
	for ; p.next+maxShiftMillis <= toMillis; p.next += p.interval {
		at := p.next
		if p.random.Float64() < shiftedShare {
			at += 1 + p.random.Int64N(maxShiftMillis)
		}
		p.times = append(p.times, at)
		p.up = append(p.up, p.random.Float64() >= missedShare)
	}
}

// block returns the samples of all series up to a time, each of which can be drawn once.
func block(fleet []*pod, toMillis int64) []promtest.Series {
	var all []promtest.Series
	for _, p := range fleet {
		p.scrape(toMillis)
		all = append(all, promtest.Series{
			Labels: labels.FromStrings(append([]string{model.MetricNameLabel, "up"}, p.base...)...), Samples: p.ups(),
		})
		for _, c := range p.counters {
			all = append(all, promtest.Series{Labels: c.labels, Samples: p.values(c)})
		}
	}
	return all
}

func (p *pod) ups() iter.Seq2[int64, float64] {
	return func(yield func(int64, float64) bool) {
		for i, at := range p.times {
			value := 0.0
			if p.up[i] {
				value = 1
			}
			if !yield(at, value) {
				return
			}
		}
	}
}

func (p *pod) values(c *counter) iter.Seq2[int64, float64] {
	return func(yield func(int64, float64) bool) {
		for i, at := range p.times {
			c.countTo(at)
			if p.up[i] && c.value > 0 && !yield(at, c.value) {
				return
			}
		}
	}
}

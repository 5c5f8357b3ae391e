package main

import (
	"fmt"
	"time"
)

// end is where all history ends. It is fixed, so that what was written once serves for ever.
var end = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// shape is a fleet of proxies and the time that it was watched.
type shape struct {
	name    string
	pods    int
	routes  int           // each is a counter on every pod
	every   time.Duration // between scrapes
	span    time.Duration
	perDay  float64       // errors of a counter, on average
	compare time.Duration // 0, or a shorter span: the backfill of the one is compared with that of the other
}

// shapes are what is measured, small ones first.
func shapes() []shape {
	const day = 24 * time.Hour
	return []shape{
		{name: "S", pods: 5, routes: 10, every: 15 * time.Second, span: 7 * day, perDay: 24},
		{name: "M", pods: 5, routes: 20, every: time.Second, span: day, perDay: 100},
		{name: "L", pods: 100, routes: 50, every: 15 * time.Second, span: day, perDay: 24},
		{name: "28d", pods: 20, routes: 25, every: 15 * time.Second, span: 28 * day, perDay: 24, compare: day},
	}
}

func (s shape) series() int      { return s.pods * s.routes }
func (s shape) start() time.Time { return end.Add(-s.span) }
func (s shape) String() string {
	return fmt.Sprintf("%s: %d series, %s at %s", s.name, s.series(), days(s.span), s.every)
}

// days writes a length of time as people read it.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == day:
		return "1 day"
	case d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

// What is read of every shape.
const (
	job      = "proxy"
	metric   = "envoy_cluster_upstream_rq_xx"
	selector = metric + `{envoy_response_code_class="5"}`
)

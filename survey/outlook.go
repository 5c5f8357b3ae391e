package survey

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/ghostpair/ghostpair/simulate/power"
)

// Outlook is how the doctor plays what it observed.
type Outlook struct {
	Runs                int // of each simulation
	Seed                uint64
	Workers             int
	Horizon             time.Duration
	PairShare           float64 // share of the errors that are in a pair, 0–1: what is to be found
	FalseAlarmsPerMonth float64 // of one source
}

const (
	outlookRoutes  = 3
	outlookTargets = 50 // more of them are slow to play and change little
	fineInterval   = time.Second
	mostPerHour    = 600 // errors of a route that are played
)

// Prospect is how long it would take until pairs on a route are found.
type Prospect struct {
	Source        string  `json:"source"`
	Route         string  `json:"route"`
	Fingerprint   string  `json:"fingerprint"`
	Targets       int     `json:"targets"`
	ErrorsPerHour float64 `json:"errors_per_hour"` // as observed
	PairsPerHour  float64 `json:"pairs_per_hour"`  // that are assumed
	Now           Time    `json:"now"`             // at the scrape interval as it is
	Fine          *Time   `json:"fine"`            // at 1 s; nil when it is now
}

// Time is when pairs are found at a scrape interval.
type Time struct {
	ScrapeIntervalSeconds float64  `json:"scrape_interval_seconds"`
	Resolvable            bool     `json:"resolvable"`
	HalfSeconds           *float64 `json:"seconds_to_paired_p50"` // nil: not by the horizon
	MostSeconds           *float64 `json:"seconds_to_paired_p90"`
	WithinHorizon         float64  `json:"paired_within_horizon"` // share of the runs
}

// foresee simulates the routes with most errors of a source.
func (o Outlook) foresee(ctx context.Context, facts SourceFacts, r *resolver) ([]Prospect, error) {
	var out []Prospect
	if o.Runs == 0 {
		return nil, nil
	}
	streams := (max(len(facts.Routes), routesOf(facts)) + 1) * len(r.fingerprints)
	for _, route := range facts.Routes[:min(len(facts.Routes), outlookRoutes)] {
		if route.Errors == 0 || route.finest == 0 {
			continue
		}
		for _, fp := range r.fingerprints {
			p, err := o.prospect(ctx, route, fp, streams, facts.WindowSeconds, r.tables)
			if err != nil {
				return nil, fmt.Errorf("outlook for route %s: %w", route.Name, err)
			}
			p.Source = facts.Name
			out = append(out, p)
		}
	}
	return out, nil
}

func routesOf(facts SourceFacts) int {
	if facts.SiblingRoutes == nil {
		return 0
	}
	return *facts.SiblingRoutes
}

func (o Outlook) prospect(ctx context.Context, route Route, fp score.Fingerprint, streams int, window float64, tables *score.Cache) (Prospect, error) {
	perHour := route.Errors / window * 3600
	played := min(perHour, mostPerHour)
	p := Prospect{
		Route: route.Name, Fingerprint: fp.Name, Targets: route.Targets,
		ErrorsPerHour: perHour, PairsPerHour: played * o.PairShare / 2,
	}
	q := power.Question{
		Fingerprint: fp, Targets: min(max(route.Targets, 1), outlookTargets),
		Background:   []simulate.Process{simulate.Poisson{PerHour: played * (1 - o.PairShare)}},
		PairsPerHour: p.PairsPerHour, Streams: streams, FalseAlarmsPerMonth: cmp.Or(o.FalseAlarmsPerMonth, 1),
	}
	var err error
	now := time.Duration(route.finest) * time.Millisecond
	if p.Now, err = o.ask(ctx, q, now, tables); err != nil || now <= fineInterval {
		return p, err
	}
	fine, err := o.ask(ctx, q, fineInterval, tables)
	p.Fine = &fine
	return p, err
}

// ask plays one scrape interval, unless nothing can come of it.
func (o Outlook) ask(ctx context.Context, q power.Question, interval time.Duration, tables *score.Cache) (Time, error) {
	out := Time{ScrapeIntervalSeconds: interval.Seconds()}
	table, err := tables.Table(interval.Milliseconds(), q.Fingerprint)
	if err != nil || !table.Resolvable() {
		return out, err
	}
	q.ScrapeInterval = interval
	answer, err := power.Ask(ctx, q, power.Plan{Runs: o.Runs, Horizon: o.Horizon, Seed: o.Seed, Workers: o.Workers, Tables: tables})
	if err != nil {
		return out, err
	}
	out.Resolvable, out.WithinHorizon = true, answer.Within(o.Horizon)
	out.HalfSeconds, out.MostSeconds = quantile(answer, 0.5), quantile(answer, 0.9)
	return out, nil
}

func quantile(a *power.Answer, share float64) *float64 {
	d, ok := a.Quantile(share)
	if !ok {
		return nil
	}
	s := d.Seconds()
	return &s
}

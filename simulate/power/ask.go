package power

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// monthHours and leastThreshold are those of the detector.
const (
	monthHours     = 720
	leastThreshold = 1e4
)

// Ask answers a question. It fails when the question or plan makes no sense, when no table of scores
// can be made for the scrape interval, and with the context's error when that is cancelled.
func Ask(ctx context.Context, q Question, p Plan) (*Answer, error) {
	if err := validate(q, p); err != nil {
		return nil, err
	}
	if p.Tables == nil {
		p.Tables = score.NewCache()
	}
	table, err := p.Tables.Table(q.ScrapeInterval.Milliseconds(), q.Fingerprint)
	if err != nil {
		return nil, fmt.Errorf("table at a scrape interval of %s: %w", q.ScrapeInterval, err)
	}
	runs, err := playAll(ctx, q, p, horizon(p, table.Resolvable()))
	if err != nil {
		return nil, err
	}
	a := &Answer{
		Question: q, Plan: p,
		Threshold:  max(monthHours*float64(q.Streams)/q.FalseAlarmsPerMonth, leastThreshold),
		Resolvable: table.Resolvable(), ResolvableAcross: table.ResolvableAcross(),
		LargestInterval: time.Duration(score.LargestResolvableMillis(q.Fingerprint)) * time.Millisecond,
	}
	for i, o := range runs {
		switch {
		case i >= p.Runs:
			if o.paired {
				a.FalseAlarms++
			}
			continue
		case o.paired:
			a.Times = append(a.Times, o.after)
		}
		if o.notResolvable {
			a.NotResolvable++
		}
	}
	slices.Sort(a.Times)
	return a, nil
}

// horizon is how long a run need last. Where the lag is not resolvable no trial is ever opened, and the
// detector says so within a day.
func horizon(p Plan, resolvable bool) time.Duration {
	if !resolvable {
		return min(p.Horizon, day)
	}
	return p.Horizon
}

// playAll plays the runs with pairs, then those without. Workers take the next run that is not taken;
// which of them plays a run changes nothing, as each run has a seed of its own. All workers are gone
// when it returns.
func playAll(ctx context.Context, q Question, p Plan, horizon time.Duration) ([]outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outcomes := make([]outcome, 2*p.Runs)
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(1, p.Workers) {
		workers.Go(func() {
			for i := range next {
				o, err := q.play(p.Tables, horizon, seed(p.Seed, i), i < p.Runs)
				if err != nil {
					cancel(err)
				}
				outcomes[i] = o
			}
		})
	}
	for i := 0; i < len(outcomes) && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return outcomes, nil
}

// seed gives run i a seed of its own: SplitMix64 (Steele, Lea and Flood 2014) of the plan's.
func seed(plan uint64, i int) uint64 {
	x := plan + (uint64(i)+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

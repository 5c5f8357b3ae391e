package power

import (
	"errors"
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/simulate"
)

// Question is what happens on a route, and how it is watched.
type Question struct {
	Fingerprint    score.Fingerprint
	ScrapeInterval time.Duration
	Targets        int // that serve the route, each scraped at a phase of its own

	Background   []simulate.Process // errors that are no pairs
	PairsPerHour float64
	Lag          simulate.Span // of the pairs; zero: anywhere within the fingerprint
	Across       bool          // the two errors of a pair each hit a target at random, else both hit one

	// Streams is how many streams share the budget of FalseAlarmsPerMonth: the threshold for the evidence
	// of each of them is 720 · Streams / FalseAlarmsPerMonth, but at least 10⁴.
	Streams             int
	FalseAlarmsPerMonth float64
}

// Plan is how the answer is found.
type Plan struct {
	Runs    int           // with pairs, and as many without
	Horizon time.Duration // how long each run is watched
	Seed    uint64
	Workers int          // goroutines that share the runs; below 1: one
	Tables  *score.Cache // nil: one of its own
}

// shortestInterval is that of the finest scrape for which tables can be made in reasonable time.
const shortestInterval = 100 * time.Millisecond

// validate says all that is wrong with a question and a plan.
func validate(q Question, p Plan) error {
	var problems []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	must(q.Fingerprint.Lo > 0 && q.Fingerprint.Hi > q.Fingerprint.Lo, "fingerprint %s to %s: must be two lags, the shorter one first", q.Fingerprint.Lo, q.Fingerprint.Hi)
	must(q.ScrapeInterval >= shortestInterval, "scrape interval %s: must be at least %s", q.ScrapeInterval, shortestInterval)
	must(q.ScrapeInterval%time.Millisecond == 0, "scrape interval %s: must be whole milliseconds", q.ScrapeInterval)
	must(q.Targets >= 1, "%d targets: must be at least 1", q.Targets)
	must(q.PairsPerHour >= 0, "%g pairs per hour: must not be negative", q.PairsPerHour)
	must(q.Streams >= 1, "%d streams: must be at least 1", q.Streams)
	must(q.FalseAlarmsPerMonth > 0, "%g false alarms per month: must be positive", q.FalseAlarmsPerMonth)
	must(p.Runs >= 1, "%d runs: must be at least 1", p.Runs)
	must(p.Horizon > 0, "horizon %s: must be positive", p.Horizon)
	return errors.Join(problems...)
}

// lag is the lag of the pairs.
func (q Question) lag() simulate.Span {
	if q.Lag != (simulate.Span{}) {
		return q.Lag
	}
	return simulate.Span{Lo: q.Fingerprint.Lo, Hi: q.Fingerprint.Hi}
}

package power

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/ghostpair/ghostpair/detector"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

const (
	routeName = "route"
	day       = 24 * time.Hour

	// The verdict is looked up after this long, then after as long again, and so on; but at least daily.
	firstPiece = 6 * time.Hour

	// simulatedStreams is what the detector counts in a run: the route, and the pooled stream.
	simulatedStreams = 2
)

// epoch is midnight of a day like any other. Runs begin within the day after it.
var epoch = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// outcome is how one run ended.
type outcome struct {
	paired        bool
	after         time.Duration // until it was paired, from the start of the fault and of the watch
	notResolvable bool          // the detector said so
}

// play runs the errors of one route, with pairs or without, from a seed of their own.
func (q Question) play(tables *score.Cache, horizon time.Duration, seed uint64, pairs bool) (outcome, error) {
	start := epoch.UnixMilli() + rand.New(rand.NewPCG(seed, 1)).Int64N(day.Milliseconds())
	end := start + horizon.Milliseconds()
	scrapes := q.scrape(seed, start, end, pairs)

	observer := observe.New(observe.Options{ScrapeInterval: q.ScrapeInterval})
	judge := detector.New(detector.Options{
		Source: "simulated", Signal: simulate.Signal5xx,
		Fingerprints: []score.Fingerprint{q.Fingerprint}, Tables: tables,
		FalseAlarmsPerMonth: q.FalseAlarmsPerMonth * simulatedStreams / float64(q.Streams),
	}, observer)

	step := firstPiece.Milliseconds()
	for from := start; ; {
		to := min(from+step, end)
		observer.Begin(from, to)
		scrapes.hand(from, to, observer)
		piece := observer.End()
		if err := judge.Feed(piece, observer.Units()); err != nil {
			return outcome{}, fmt.Errorf("simulated run: %w", err)
		}
		result := read(judge.Findings(to), start)
		if result.paired || to == end {
			return result, nil
		}
		from, step = to, min(to-start, day.Milliseconds())
	}
}

// read finds the route among the findings.
func read(findings []finding.Finding, startMillis int64) outcome {
	i := slices.IndexFunc(findings, func(f finding.Finding) bool { return f.Route == routeName })
	if i < 0 {
		return outcome{} // no error yet
	}
	f := &findings[i]
	o := outcome{notResolvable: slices.Contains(f.Reasons, finding.ReasonLagNotResolvable)}
	if f.FirstAlarm != nil {
		o.paired = true
		o.after = time.Duration(f.FirstAlarm.UnixMilli()-startMillis) * time.Millisecond
	}
	return o
}

// scrape draws a run, and what its scrapes show.
func (q Question) scrape(seed uint64, start, end int64, pairs bool) *scraped {
	route := simulate.Route{Name: routeName, Processes: slices.Clone(q.Background)}
	if pairs && q.PairsPerHour > 0 {
		route.Processes = append(route.Processes, simulate.Pairs{PerHour: q.PairsPerHour, Lag: q.lag(), Across: q.Across})
	}
	fleet := simulate.Fleet{
		Seed: seed, StartMillis: start,
		Targets: simulate.Pods(seed, q.Targets, simulate.Grid{Interval: q.ScrapeInterval}),
		Routes:  []simulate.Route{route},
	}
	s := &scraped{}
	fleet.Record(start, end).Feed(simulate.Signal5xx, s)
	return s
}

// scraped keeps the samples of a run, to hand them on piece by piece.
type scraped struct {
	views  []view
	series []series
}

type view struct {
	name observe.TargetView
	runs []observe.Run
}

type series struct {
	id   *observe.SeriesID
	runs []observe.Run
}

// Scrapes implements observe.Sink.
func (s *scraped) Scrapes(name observe.TargetView, runs []observe.Run) {
	s.views = append(s.views, view{name, runs})
}

// Series implements observe.Sink.
func (s *scraped) Series(id *observe.SeriesID, runs []observe.Run) {
	s.series = append(s.series, series{id, runs})
}

// hand hands the samples of (from, to] to a sink, and what of their runs lies around them.
func (s *scraped) hand(from, to int64, sink observe.Sink) {
	for _, v := range s.views {
		sink.Scrapes(v.name, between(v.runs, from, to))
	}
	for _, x := range s.series {
		if runs := between(x.runs, from, to); len(runs) > 0 {
			sink.Series(x.id, runs)
		}
	}
}

// between are the runs that have a part in (from, to].
func between(runs []observe.Run, from, to int64) []observe.Run {
	first := sort.Search(len(runs), func(i int) bool { return runs[i].LastMillis() > from })
	last := sort.Search(len(runs), func(i int) bool { return runs[i].FirstMillis > to })
	return runs[first:max(first, last)]
}

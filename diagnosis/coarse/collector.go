package coarse

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

// maxFingerprints is how many fingerprints fit into the bits of a class.
const maxFingerprints = 64

// Options are what a Collector is made of. They must not change over its life.
type Options struct {
	Fingerprints            []score.Fingerprint
	FalseSuspicionsPerMonth float64 // over all routes of the collector
	RouteLimit              int     // routes beyond it are ignored, by time of the first sample, then name; one is free again a day after its last sample; 0: none
	ConnectTimeouts         bool    // the errors are connects that timed out
}

// Collector collects the companions of all routes of one source. It is advanced like an observer,
// and is not safe for concurrent use.
type Collector struct {
	options    Options
	histograms []Histogram
	firsts     [roles]int64 // when a series of the role was first seen on any target; 0: never
	targets    map[string]*target
	routes     map[string]*route
	nextTarget int32
	gone       []gone // accounts, in order
	stage      stage
}

var _ observe.Sink = (*Collector)(nil)

// New returns a collector that has seen nothing.
func New(options Options) *Collector {
	options.Fingerprints = options.Fingerprints[:min(len(options.Fingerprints), maxFingerprints)]
	return &Collector{
		options: options, histograms: Histograms(options.Fingerprints),
		targets: make(map[string]*target), routes: make(map[string]*route),
	}
}

// stage holds what was handed over since Begin.
type stage struct {
	from, to int64
	targets  map[string]map[string]*stagedView // by target, then view
}

// stagedView is one view of one target in the piece.
type stagedView struct {
	series     map[seriesKey][]observe.Run
	histograms map[histogramKey][]*bucket
}

// seriesKey names a series of a route on a target.
type seriesKey struct {
	route   string
	counter string
	role    role
}

// Begin opens the piece (fromMillis, toMillis] and forgets what an earlier one without End left.
func (c *Collector) Begin(fromMillis, toMillis int64) {
	c.stage = stage{from: fromMillis, to: toMillis, targets: make(map[string]map[string]*stagedView)}
}

// Abort forgets what was handed over since Begin.
func (c *Collector) Abort() { c.stage = stage{} }

func (c *Collector) view(target, view string) *stagedView {
	views := c.stage.targets[target]
	if views == nil {
		views = make(map[string]*stagedView)
		c.stage.targets[target] = views
	}
	v := views[view]
	if v == nil {
		v = &stagedView{series: make(map[seriesKey][]observe.Run), histograms: make(map[histogramKey][]*bucket)}
		views[view] = v
	}
	return v
}

// Scrapes does nothing: a target was scraped when there is a sample of any companion, of which a
// proxy has some at every scrape.
func (c *Collector) Scrapes(observe.TargetView, []observe.Run) {}

// Series takes samples of one companion series. The route of its ID begins with the name of the
// metric; that of a bucket ends with its bound, in milliseconds.
func (c *Collector) Series(id *observe.SeriesID, runs []observe.Run) {
	if c.stage.targets == nil {
		return
	}
	metric, rest := splitName(id.Route)
	if r, ok := roleOf(processMetrics[:], metric); ok {
		c.add(id, wholeProcess, r, runs)
		return
	}
	if r, ok := roleOf(clusterMetrics[:], metric); ok {
		if rest != "" {
			c.add(id, rest, r, runs)
		}
		return
	}
	base, classic := strings.CutSuffix(metric, bucketSuffix)
	if !slices.ContainsFunc(c.histograms, func(h Histogram) bool { return h.Metric == base }) {
		return
	}
	if group, bound, ok := splitBound(rest); ok && !math.IsInf(bound, 1) {
		fresh := bucket{bound: bound, native: !classic, counter: id.Counter}
		c.view(id.Target, id.View).bucket(histogramKey{base, group}, fresh, &c.stage, runs)
	}
}

// Errors returns a sink for the counters of the errors themselves, as the source reads them.
func (c *Collector) Errors() observe.Sink { return errorSink{c} }

type errorSink struct{ *Collector }

func (s errorSink) Series(id *observe.SeriesID, runs []observe.Run) {
	if s.stage.targets != nil {
		s.add(id, id.Route, roleErrors, runs)
	}
}

func (c *Collector) add(id *observe.SeriesID, route string, r role, runs []observe.Run) {
	v := c.view(id.Target, id.View)
	key := seriesKey{route: route, counter: id.Counter, role: r}
	kept := v.series[key]
	for _, run := range runs {
		kept = c.stage.append(kept, run)
	}
	if len(kept) > 0 {
		v.series[key] = kept
	}
}

// append adds the part of a run that lies in the piece.
func (s *stage) append(runs []observe.Run, run observe.Run) []observe.Run {
	if run.Count <= 0 || run.FirstMillis > s.to || run.LastMillis() <= s.from || !(run.Value >= 0) || math.IsInf(run.Value, 1) {
		return runs
	}
	if run.StepMillis > 0 {
		if early := s.from - run.FirstMillis; early >= 0 {
			skip := early/run.StepMillis + 1
			run.FirstMillis += skip * run.StepMillis
			run.Count -= skip
		}
		run.Count = min(run.Count, (s.to-run.FirstMillis)/run.StepMillis+1)
	}
	if run.Count <= 0 {
		return runs
	}
	return append(runs, run)
}

// End closes the piece. It fails only when what it was given contradicts itself.
func (c *Collector) End() error {
	s := c.stage
	c.stage = stage{}
	pieces := make([]*piece, 0, len(s.targets))
	for name, views := range s.targets {
		if p := newPiece(name, views); p != nil {
			pieces = append(pieces, p)
		}
	}
	slices.SortFunc(pieces, func(a, b *piece) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.name, b.name))
	})
	c.admit(pieces)
	c.first(pieces)
	for _, p := range pieces {
		t := c.targets[p.name]
		if t == nil || p.first-t.Last > dayMillis {
			t = newTarget(c.nextTarget)
			c.nextTarget++
			c.targets[p.name] = t
		}
		if err := c.process(t, p); err != nil {
			return fmt.Errorf("companions of target %q: %w", p.name, err)
		}
	}
	c.settle(s.to)
	return nil
}

// first notes when roles were first seen.
func (c *Collector) first(pieces []*piece) {
	for _, p := range pieces {
		for _, v := range p.views {
			for key, runs := range v.series {
				if at := runs[0].FirstMillis; c.firsts[key.role] == 0 || at < c.firsts[key.role] {
					c.firsts[key.role] = at
				}
			}
		}
	}
}

// settle forgets what is long gone, and advances the accounts.
func (c *Collector) settle(toMillis int64) {
	c.forget(toMillis)
	levels := c.levels()
	for _, name := range slices.Sorted(maps.Keys(c.routes)) {
		c.routes[name].settle(toMillis, levels)
	}
}

package survey

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/finding"
)

// Source is one timing source of the configuration.
type Source struct {
	Name, Signal       string
	Selector, Requests string // Requests may be empty
	RouteLabels        []string
	Exclude            map[string]string // label: anchored regular expression
	ScrapeInterval     time.Duration     // configured; 0: found from the samples
	RouteLimit         int
	Reader             Reader
	Callers, Upstreams []PodPattern
	Matchers           string // what the selector asks of labels beside the error class, as PromQL has it between braces
}

// SourceFacts is what was found of a source.
type SourceFacts struct {
	Name     string `json:"name"`
	Signal   string `json:"signal"`
	Selector string `json:"selector"`

	Series        *int `json:"series"`         // that the selector matches now, without excluded ones
	SiblingSeries *int `json:"sibling_series"` // of the same metric, or of all requests
	SiblingRoutes *int `json:"sibling_routes"` // routes that they name: more than have errors

	StretchProtocol string          `json:"stretch_protocol"` // how a long stretch was read; empty when it could not be
	TickProtocol    string          `json:"tick_protocol"`    // how a short one was
	ReadFailure     string          `json:"read_failure"`     // why the samples could not be read, or empty
	WindowSeconds   float64         `json:"window_seconds"`   // of the samples
	Errors          float64         `json:"errors"`           // in it
	Quality         finding.Quality `json:"quality"`
	Jobs            []Job           `json:"jobs"`
	Routes          []Route         `json:"routes"` // with a series in the window, those with most errors first
}

// Route is one route of a source, as it was scraped.
type Route struct {
	Name                  string       `json:"route"`
	Targets               int          `json:"targets"`
	Errors                float64      `json:"errors"`                  // in the window
	ScrapeIntervalSeconds float64      `json:"scrape_interval_seconds"` // the coarsest of its targets; 0: not known
	Fingerprints          []Resolution `json:"fingerprints"`

	finest, coarsest int64
}

// count asks how many series a selector has, without those that the source excludes, and how many
// routes they name.
func (s *Source) count(ctx context.Context, a *asker, what, selector string) (series, routes *int, err error) {
	samples, ok, err := a.vector(ctx, what, fmt.Sprintf("count by (%s) (%s)", strings.Join(s.countLabels(), ", "), selector))
	if !ok {
		return nil, nil, err
	}
	total, names, exclude := 0, make(map[string]bool), s.patterns()
	for _, sample := range samples {
		if excluded(exclude, sample.Labels) {
			continue
		}
		total += int(sample.Value)
		var parts []string
		for _, name := range s.RouteLabels {
			parts = append(parts, sample.Labels[name])
		}
		names[strings.Join(parts, "\xff")] = true
	}
	n := len(names)
	return &total, &n, nil
}

func (s *Source) countLabels() []string {
	labels := slices.Clone(s.RouteLabels)
	for name := range s.Exclude {
		labels = append(labels, name)
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// patterns compiles what is excluded. A pattern that does not compile excludes nothing here: the reader
// has refused it before.
func (s *Source) patterns() map[string]*regexp.Regexp {
	compiled := make(map[string]*regexp.Regexp)
	for name, pattern := range s.Exclude {
		if re, err := regexp.Compile("^(?s:" + pattern + ")$"); err == nil {
			compiled[name] = re
		}
	}
	return compiled
}

func excluded(patterns map[string]*regexp.Regexp, labels map[string]string) bool {
	for name, pattern := range patterns {
		if pattern.MatchString(labels[name]) {
			return true
		}
	}
	return false
}

// siblings is a selector of the series that are there whether or not there was an error.
func (s *Source) siblings() string {
	if s.Requests != "" {
		return s.Requests
	}
	name, _, _ := strings.Cut(s.Selector, "{")
	if name = strings.TrimSpace(name); name != "" {
		return name
	}
	return s.Selector
}

// tickMillis is a window as short as that of a live read.
const tickMillis = 15_000

// examine finds out about a source. Only a cancelled context is an error.
func (s *Source) examine(ctx context.Context, a *asker, window time.Duration, judge *resolver) (SourceFacts, error) {
	facts := SourceFacts{Name: s.Name, Signal: s.Signal, Selector: s.Selector, WindowSeconds: window.Seconds()}
	var err error
	if facts.Series, _, err = s.count(ctx, a, "series of source "+s.Name, s.Selector); err != nil {
		return facts, err
	}
	if facts.SiblingSeries, facts.SiblingRoutes, err = s.count(ctx, a, "all routes of source "+s.Name, s.siblings()); err != nil {
		return facts, err
	}
	err = s.read(ctx, &facts, a.atMillis, window, judge)
	if ctx.Err() != nil {
		return facts, ctx.Err()
	}
	if err != nil {
		facts.ReadFailure = err.Error()
	}
	return facts, nil
}

// read looks at raw samples: a window of them the way that backfill reads, and the newest ones the way
// that serve does.
func (s *Source) read(ctx context.Context, facts *SourceFacts, at int64, window time.Duration, judge *resolver) error {
	observer := observe.New(observe.Options{ScrapeInterval: s.ScrapeInterval, RouteLimit: s.RouteLimit})
	from := at - window.Milliseconds()
	record := newRecorder(observer, from, at)
	observer.Begin(from, at)
	stats, err := s.Reader.Read(ctx, from, at, false, record)
	if err != nil {
		return err
	}
	piece := observer.End()
	facts.StretchProtocol = stats.Protocol
	facts.Quality = piece.Quality
	facts.Quality.Series, facts.Quality.UnroutedSeries = stats.Series, stats.UnroutedSeries
	facts.Jobs = record.jobs()
	facts.Routes = routes(observer.Units(), piece.Events)
	if err := facts.resolve(judge); err != nil {
		return err
	}
	discard := observe.New(observe.Options{})
	discard.Begin(at-tickMillis, at)
	stats, err = s.Reader.Read(ctx, at-tickMillis, at, true, discard)
	facts.TickProtocol = stats.Protocol
	return err
}

// routes sums up units and events by route, those with most errors first.
func routes(units []*observe.Unit, events []observe.Event) []Route {
	errors := make(map[string]float64)
	for _, e := range events {
		errors[e.Unit.Route] += e.Increment
	}
	type key struct {
		route  string
		target int32
	}
	latest := make(map[key]*observe.Unit) // after a change of interval, the unit of the new one
	for _, u := range units {
		k := key{u.Route, u.TargetID}
		if old := latest[k]; old == nil || u.SinceMillis >= old.SinceMillis {
			latest[k] = u
		}
	}
	byName := make(map[string]*Route)
	for k, u := range latest {
		r := byName[k.route]
		if r == nil {
			r = &Route{Name: k.route, Errors: errors[k.route]}
			byName[k.route] = r
		}
		r.Targets++
		if u.DeltaMillis > 0 {
			r.coarsest = max(r.coarsest, u.DeltaMillis)
			if r.finest == 0 || u.DeltaMillis < r.finest {
				r.finest = u.DeltaMillis
			}
		}
	}
	out := make([]Route, 0, len(byName))
	for _, r := range byName {
		r.ScrapeIntervalSeconds = float64(r.coarsest) / 1000
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Route) int {
		return cmp.Or(cmp.Compare(b.Errors, a.Errors), cmp.Compare(a.Name, b.Name))
	})
	return out
}

package sources

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// OverlapMillis is how much more than its window a live read covers, so that the observer can count
// the samples that came late.
const OverlapMillis = 60_000

// Options describe one timing source.
type Options struct {
	Name     string
	Server   *Server
	Selector string // a plain series selector
	// Also are further selectors of series of the same jobs, read along in the same request. A series must be selected by
	// one of all selectors only.
	Also [][]*labels.Matcher

	// Histograms are metrics that may come as native histograms, and the windows that each is to tell. They are
	// handed over as series of the same name with a label le, as if it were of buckets.
	Histograms map[string][]coarse.Window

	RouteLabels  []string // joined, they name what is alerted on
	TargetLabels []string // joined, they name the counting process; the last one tells processes apart
	ViewLabels   []string // how a target is seen: by which job, by which replica

	// Optional series may be nowhere. Then nothing is read, instead of the `up` of all jobs, one of which might have
	// them later. The series need a label job.
	Optional bool

	// Beside the errors: that such a read fails, say of data that cannot be understood, does not mean that the server
	// is away.
	Beside bool

	// OneOfSeveral makes the server part of how a target is seen: others are read for the same source, see
	// NewReplicas.
	OneOfSeveral bool

	Exclude        map[string]string // label name → anchored regular expression: such series are not read
	RelabelConfigs []*relabel.Config // applied before labels are taken
	OnQuery        func(Query)       // told about every request; may be nil
}

// Source is one timing source: counters and the `up` of their scrape jobs. It is safe for concurrent
// use; reads wait for each other.
type Source struct {
	name     string
	server   *Server
	selector []*labels.Matcher
	also     [][]*labels.Matcher
	optional bool
	beside   bool
	mapping  *mapping

	histograms map[string][]coarse.Window
	onQuery    func(Query)

	mu         sync.Mutex
	jobs       jobs
	targets    *targets
	identities *identities
	external   *externalLabels // as they concern this source
	buffers    buffers
	span       int64  // longest window of one range selector
	reads      uint32 // started so far
}

// New checks the options. It sends nothing.
func New(o Options) (*Source, error) {
	if o.Server == nil {
		return nil, fmt.Errorf("source %q: no server", o.Name)
	}
	selector, err := ParseSelector(o.Selector)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	if len(o.RouteLabels) == 0 {
		return nil, fmt.Errorf("source %q: %w", o.Name, errors.New("no route_labels: every error needs a route"))
	}
	m, err := newMapping(&o)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", o.Name, err)
	}
	return &Source{
		name: o.Name, server: o.Server, selector: selector, also: o.Also, optional: o.Optional, beside: o.Beside, histograms: o.Histograms, mapping: m, onQuery: o.OnQuery,
		targets: newTargets(), identities: newIdentities(), span: firstQuerySpan.Milliseconds(),
	}, nil
}

// Read hands the raw samples in (fromMillis, toMillis] to sink. A live read is a short one: it asks
// for plain samples, and for the minute before fromMillis as well, which the sink tells apart by its
// time. The scrapes of a view come before its first counter.
//
// After an error, which is an *Error, sink may have got a part.
func (s *Source) Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	if toMillis <= fromMillis {
		return observe.ReadStats{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stats, err := s.read(ctx, fromMillis, toMillis, live, sink)
	if !s.beside {
		s.server.note(err)
	}
	return stats, err
}

func (s *Source) read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error) {
	external, err := s.loadExternal(ctx)
	if err != nil {
		return observe.ReadStats{}, err
	}
	lo := fromMillis
	if live {
		lo -= OverlapMillis
	}
	if err := s.refreshJobs(ctx, external, lo, toMillis); err != nil {
		return observe.ReadStats{}, err
	}
	if s.optional && s.jobs.nowhere {
		return observe.ReadStats{}, nil
	}
	s.reads++
	r := &reading{source: s, external: external, sink: sink, from: fromMillis, lo: lo, hi: toMillis, number: s.reads}
	if err := s.readInto(ctx, r, live); err != nil {
		return r.stats, err
	}
	r.stats.SiblingsPresent = r.stats.Series > 0 || len(s.jobs.names) > 0
	r.warn(s.server.checkBalance(ctx, s.name, upMatchers(s.selector, s.jobs.names, s.jobs.narrow), toMillis))
	r.finish()
	return r.stats, nil
}

// loadExternal returns the external labels as they concern the source.
func (s *Source) loadExternal(ctx context.Context) (*externalLabels, error) {
	if s.external != nil {
		return s.external, nil
	}
	external, err := s.server.loadExternal(ctx, s.name, s.onQuery)
	if err == nil && s.mapping.server != "" {
		external = external.apart(s.mapping.target)
	}
	if err == nil {
		s.external = external
	}
	return external, err
}

func (s *Source) readInto(ctx context.Context, r *reading, live bool) error {
	queries := []query{
		{upQuery, upMatchers(s.selector, s.jobs.names, s.jobs.narrow)},
		{counterQuery, s.selector},
	}
	for _, also := range s.also {
		queries = append(queries, query{counterQuery, also})
	}
	f := s.fetch(r, queries, live)
	err := f.run(ctx)
	r.stats.Protocol, r.stats.Streamed = f.used, f.used == ReaderStreamed
	if err != nil {
		return err
	}
	if len(r.unasked) > 0 {
		late := s.fetch(r, []query{{upQuery, upMatchers(s.selector, r.unasked, nil)}}, live)
		if err := late.run(ctx); err != nil {
			return err
		}
		s.jobs.add(r.unasked)
	}
	return r.release()
}

func (s *Source) fetch(r *reading, queries []query, live bool) *fetch {
	return &fetch{
		server: s.server, source: s.name, onQuery: s.onQuery, queries: queries, lo: r.lo, hi: r.hi, live: live,
		out: r, handed: func() int { return r.counted }, buffers: &s.buffers, span: &s.span,
	}
}

// keptReads is for how many reads a series that is gone is remembered.
const keptReads = 16

// forget drops what was not seen lately, once it outweighs what was.
func (s *Source) forget(read uint32, scraped, series int) {
	if read <= keptReads {
		return
	}
	before := read - keptReads
	if len(s.identities.series) > 2*series+1024 || len(s.targets.byKey) > 2*scraped+1024 {
		s.targets.forget(before)
		s.identities.forget(before)
	}
}

package observe

import (
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Retention is how long the state of a series or target outlives its last sample, and how far back
// coverage can be asked for.
const Retention = 7 * 24 * time.Hour

// Options are the choices that shape what an Observer sees. They must not change over its life.
type Options struct {
	ScrapeInterval time.Duration // configured interval; 0: found from the samples
	RouteLimit     int           // routes beyond it are ignored, by time of the first sample, then name; 0: none
}

// Observer turns the runs of one source into events. It is advanced piece by piece:
//
//	o.Begin(from, to); read(from, to, o); piece := o.End()   // or o.Abort() when the read failed
//
// What comes out does not depend on how time is cut into pieces, nor on the order in which series
// are handed over. Pieces must follow one another and be no longer than half of Retention. An Observer is
// not safe for concurrent use.
type Observer struct {
	options   Options
	state     state
	late      lateness
	stage     stage
	unitsByID []*Unit   // what Units returns; nil: to be made
	scratch   []stretch // of the questions about coverage
	events    []Event   // of the latest piece, used again for the next
}

// state is all that lasts from piece to piece, but for the counts of late samples.
type state struct {
	origin, watermark int64 // never before the first piece
	limit             int   // of routes, as it was applied
	routes            map[string]*route
	targets           map[string]*target
	units             table[*unit]
	lines             table[*target]
	nextRoute         int32
}

var _ AliasSink = (*Observer)(nil)

// New returns an Observer that has seen nothing.
func New(options Options) *Observer {
	return &Observer{
		options: options,
		state:   newState(options.RouteLimit),
		late:    newLateness(),
		stage:   stage{targets: make(map[string]*stagedTarget)},
	}
}

func newState(limit int) state {
	return state{
		limit: limit, origin: never, watermark: never,
		routes: make(map[string]*route), targets: make(map[string]*target),
	}
}

// Begin opens the piece (fromMillis, toMillis]. Until End nothing of it is visible. What was handed
// over since an earlier Begin without End is forgotten; time that was settled is not opened again.
func (o *Observer) Begin(fromMillis, toMillis int64) {
	o.Abort()
	from := max(fromMillis, o.state.watermark)
	o.stage.open = true
	o.stage.number++
	o.stage.from, o.stage.to = from, max(from, toMillis)
	o.stage.log.from = from
	o.late.begin(o.stage.to)
}

// Scrapes takes samples of `up` of one view of a target. Samples outside the piece are ignored.
func (o *Observer) Scrapes(view TargetView, runs []Run) {
	if !o.stage.open {
		return
	}
	v := o.target(view.Target).view(view.View)
	for _, run := range runs {
		if run = run.trim(o.stage.from, o.stage.to); run.Count > 0 && run.Value == 1 {
			v.scrapes(&o.stage.log, run.times())
		}
	}
}

// Alias lets a view that is new begin with what is known of another.
func (o *Observer) Alias(known, as TargetView) {
	if !o.stage.open {
		return
	}
	from := o.state.targets[known.Target]
	if from == nil || known == as {
		return
	}
	if t := o.target(as.Target); t.target.view(as.View) == nil {
		if state := from.view(known.View); state != nil {
			t.view(as.View).inherits(state)
		}
	}
}

// Series takes samples of one counter. Samples at or before the start of the piece serve only to
// count those that came late, later ones than its end are ignored.
func (o *Observer) Series(id *SeriesID, runs []Run) {
	s := &o.stage
	if !s.open {
		return
	}
	if o.ignored(id, runs) {
		return
	}
	t := o.target(id.Target)
	x := s.seriesOf(t, t.view(id.View), id)
	for _, run := range runs {
		if run.LastMillis() <= o.late.reach && x.follow(run) {
			s.samples += run.Count
			continue
		}
		o.late.add(run, s.from, s.to)
		if run = run.trim(s.from, s.to); run.Count > 0 {
			s.samples += run.Count
			x.take(&s.log, run)
		}
	}
}

// target returns the target in the stage, new where it must be.
func (o *Observer) target(name string) *stagedTarget {
	s := &o.stage
	if s.recent != nil && s.recent.target.name == name {
		return s.recent
	}
	t := s.targets[name]
	if t == nil {
		committed := o.state.targets[name]
		if committed == nil {
			committed = newTarget(strings.Clone(name))
		}
		t = &stagedTarget{target: committed}
		s.targets[committed.name] = t
	}
	s.recent = t
	return t
}

// ignored says whether the series is one of a route beyond the limit, and notes that it was seen.
func (o *Observer) ignored(id *SeriesID, runs []Run) bool {
	if o.options.RouteLimit <= 0 {
		return false
	}
	s := &o.stage
	r := o.state.routes[id.Route]
	if r == nil || !r.dropped || s.to > r.last+retentionMillis {
		return false
	}
	for _, run := range runs {
		o.late.add(run, s.from, s.to)
		if run = run.trim(s.from, s.to); run.Count > 0 {
			s.samples += run.Count
			if run.valid() {
				r.touch(s.number, run.FirstMillis, run.LastMillis())
			}
		}
	}
	s.ignored++
	return true
}

// End closes the piece and returns what happened in it, whose events are valid until the next End. Without
// Begin it is empty.
func (o *Observer) End() Piece {
	if !o.stage.open {
		return Piece{FromMillis: o.state.watermark, ToMillis: o.state.watermark}
	}
	s := &o.stage
	c := commit{
		state: &o.state, stage: s, options: o.options,
		piece: Piece{FromMillis: s.from, ToMillis: s.to, Events: o.events, Quality: finding.Quality{Series: s.series.used + s.ignored, Samples: s.samples}},
	}
	c.run()
	if o.events = c.piece.Events; cap(o.events) > maxKeptEvents {
		o.events = nil
	}
	if o.state.origin == never {
		o.state.origin = s.from
	}
	c.piece.Quality.Late = o.late.commit(o.state.origin, s.from, s.to)
	o.state.watermark = s.to
	o.unitsByID = nil
	o.Abort()
	return c.piece
}

// Abort forgets what was handed over since Begin.
func (o *Observer) Abort() {
	o.late.reset()
	o.stage.reset()
}

// Units returns the units seen within Retention of the watermark, by ID; also those without events.
// The slice must not be changed.
func (o *Observer) Units() []*Unit {
	if o.unitsByID == nil {
		o.unitsByID = make([]*Unit, 0, len(o.state.units.items))
		for _, u := range o.state.units.items {
			if u != nil {
				o.unitsByID = append(o.unitsByID, &u.Unit)
			}
		}
	}
	return o.unitsByID
}

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// Surroundings tells what is around the ends of routes: nodes, load balancers. What it says of a route
// must depend on the question's window and on that route alone. Problems are questions that it could
// not get answered: what rests on them is not known.
type Surroundings interface {
	Ask(ctx context.Context, q diagnosis.Question) (facts map[string]diagnosis.Surroundings, problems []string, err error)
}

// Surroundings are asked about at multiples of surroundingsStep of a source's watermark, so that a
// service, a restart and a backfill ask the same. After a failure they are asked again once the
// watermark has moved by surroundingsPause. At most surroundingsExplained findings' routes are asked
// about, those with most errors, and where one of them is affected surroundingsCompared others;
// surroundingsBatch at a time, so that an answer that comes in time is kept when another does not.
const (
	surroundingsStep      = 15 * time.Minute
	surroundingsPause     = 5 * time.Minute
	surroundingsExplained = 50
	surroundingsCompared  = 150
	surroundingsBatch     = 25
)

// surroundings is what was said about the routes of a source at the latest boundary. It is no part of
// the state: asked again, the same is said.
type surroundings struct {
	Surroundings
	atMillis    int64 // the boundary
	facts       map[string]diagnosis.Surroundings
	problems    []string // sorted
	partly      []string // routes of which not everything is known, because of the problems
	pauseMillis int64    // watermark from which a failed question is asked again; 0: none failed
	shown       []string // routes that the latest findings rest on
}

func newSurroundings(s Source) *surroundings {
	if s.Surroundings == nil || len(s.Companions) == 0 {
		return nil
	}
	return &surroundings{Surroundings: s.Surroundings}
}

// due returns the question about the routes that need it and were not asked about at this boundary; one without
// routes: there is nothing to ask now.
func (s *surroundings) due(t *timing, all []finding.Finding, o *Options) diagnosis.Question {
	if s == nil {
		return diagnosis.Question{}
	}
	s.shown = t.coarse.surrounded(all)
	at := t.watermarkMillis / surroundingsStep.Milliseconds() * surroundingsStep.Milliseconds()
	q := diagnosis.Question{FromMillis: max(firstDay(at)*dayMillis, o.Origin.UnixMilli()), AtMillis: at}
	if at != s.atMillis && len(s.shown) == 0 {
		s.forget(at)
	}
	if at == s.atMillis && t.watermarkMillis < s.pauseMillis || q.AtMillis-q.FromMillis < surroundingsStep.Milliseconds() {
		return q
	}
	for _, route := range s.shown {
		if _, known := s.facts[route]; !known || at != s.atMillis || slices.Contains(s.partly, route) {
			q.Routes = append(q.Routes, diagnosis.RouteQuestion{Route: route, ErrorMinutes: t.minutes.of(route, q.FromMillis, at)})
		}
	}
	return q
}

// refresh asks what is due. What was said at an earlier boundary is forgotten.
func (s *surroundings) refresh(ctx context.Context, q diagnosis.Question, t *timing, o *Options) {
	if q.AtMillis != s.atMillis {
		s.forget(q.AtMillis)
	}
	for _, route := range s.partly {
		delete(s.facts, route)
	}
	ctx, cancel := context.WithTimeout(ctx, o.SurroundingsTimeout)
	defer cancel()
	s.ask(ctx, q, t, o)
}

// forget starts anew at a boundary.
func (s *surroundings) forget(atMillis int64) {
	s.atMillis, s.facts, s.problems, s.partly, s.pauseMillis = atMillis, make(map[string]diagnosis.Surroundings), nil, nil, 0
}

// ask asks about some routes at a time. What is known by then stays when one fails.
func (s *surroundings) ask(ctx context.Context, q diagnosis.Question, t *timing, o *Options) {
	s.problems, s.partly, s.pauseMillis = nil, nil, 0
	for routes := range slices.Chunk(q.Routes, surroundingsBatch) {
		q.Routes = routes
		facts, problems, err := s.Ask(ctx, q)
		switch {
		case errors.Is(err, context.Canceled):
			return // told to stop: nothing is published
		case errors.Is(err, context.DeadlineExceeded):
			problems = []string{fmt.Sprintf("not everything was answered within %s", o.SurroundingsTimeout)}
		case err != nil:
			problems = append(problems, err.Error())
		}
		for _, route := range routes {
			s.facts[route.Route] = facts[route.Route] // of which nothing may be known
			if len(problems) > 0 {
				s.partly = append(s.partly, route.Route)
			}
		}
		if len(problems) > 0 {
			o.Logger.Warn("Asking what is around the routes", "source_name", t.Name, "at", stamp(q.AtMillis), "err", problems[0])
			s.problems, s.pauseMillis = mergeWarnings(s.problems, problems), t.watermarkMillis+surroundingsPause.Milliseconds()
			return
		}
	}
}

// of returns what is known around a route that is to be shown. What was said of others, which were shown before, would not be
// known after a restart.
func (s *surroundings) of(route string) (diagnosis.Surroundings, bool) {
	if s == nil || !slices.Contains(s.shown, route) {
		return diagnosis.Surroundings{}, false
	}
	f, ok := s.facts[route]
	return f, ok
}

// warn adds what went wrong to the warnings of a source.
func (s *surroundings) warn(warnings []string) []string {
	if s == nil {
		return warnings
	}
	all := slices.Clone(warnings)
	for _, p := range s.problems {
		all = append(all, "what is around its routes could not be read: "+p)
	}
	var data []string
	for _, route := range s.shown {
		data = mergeWarnings(data, s.facts[route].Warnings)
	}
	return append(all, data...)
}

// surrounded lists the routes about whose surroundings findings have something to say, and the ones
// that these are compared with.
func (c *companions) surrounded(all []finding.Finding) []string {
	if c == nil || !c.begun {
		return nil
	}
	var explain, others []*finding.Finding
	affected := false
	for i := range all {
		f := &all[i]
		switch {
		case c.fingerprint(f) < 0 || f.Route == finding.PooledRoute || f.Errors == 0:
		case f.Verdict >= finding.Suspected || blind(f):
			explain = append(explain, f)
			affected = affected || f.Verdict >= finding.Suspected
		default:
			others = append(others, f)
		}
	}
	slices.SortStableFunc(explain, func(a, b *finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), cmp.Compare(b.Errors, a.Errors), cmp.Compare(a.Route, b.Route))
	})
	routes := firstRoutes(nil, explain, surroundingsExplained)
	if affected {
		slices.SortStableFunc(others, func(a, b *finding.Finding) int { return cmp.Compare(a.Route, b.Route) })
		routes = firstRoutes(routes, others, surroundingsCompared)
	}
	return routes
}

// firstRoutes appends the routes of findings, each once, at most so many.
func firstRoutes(routes []string, of []*finding.Finding, most int) []string {
	most += len(routes)
	for _, f := range of {
		if len(routes) < most && !slices.Contains(routes, f.Route) {
			routes = append(routes, f.Route)
		}
	}
	return routes
}

// compare crosses the affected routes of a fingerprint with those whose pods can meet; nil where no
// affected route is known.
func (s *surroundings) compare(all []finding.Finding, fingerprint string) *diagnosis.GhostPlacement {
	if s == nil {
		return nil
	}
	var placed []diagnosis.RoutePlacement
	affected := make(map[string]bool)
	for i := range all {
		f := &all[i]
		around, ok := s.of(f.Route)
		if f.Fingerprint != fingerprint || f.Errors == 0 || !ok || around.Upstream == nil {
			continue
		}
		placed = append(placed, diagnosis.RoutePlacement{Route: f.Route, Meeting: *around.Upstream})
		affected[f.Route] = f.Verdict == finding.Paired || f.Verdict == finding.Suspected
	}
	g := diagnosis.CrossGhosts(placed, affected)
	if g.Affected == 0 || g.Routes < 2 {
		return nil
	}
	return &g
}

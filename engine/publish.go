package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// publish builds an evaluation and swaps it in. The caller holds the lock.
func (e *Engine) publish(ctx context.Context, to time.Time) []error {
	var group sync.WaitGroup
	for _, g := range e.gauges {
		group.Go(func() { g.refresh(ctx, to, &e.options) })
	}
	errs := e.each(ctx, func(ctx context.Context, t *timing) error {
		t.baseline.update(t.detector.Routes(t.watermarkMillis), t.watermarkMillis)
		t.part = t.describe(ctx, &e.options, e.pacer)
		return nil // what could not be found out is among the warnings
	})
	group.Wait()
	if ctx.Err() == nil {
		e.published.Store(e.evaluation(to))
	}
	return errs
}

// part is what an evaluation says of a source.
type part struct {
	state    finding.Source
	routes   []finding.Route
	findings []finding.Finding
	failed   []finding.FailedWindow
	warnings []string
}

// describe says what is known of a source. While it asks what is around the routes, which may take long, there is
// already all else to publish.
func (t *timing) describe(ctx context.Context, o *Options, pace *pacer) part {
	all := t.findings(ctx, o, pace)
	if q := t.around.due(t, all, o); len(q.Routes) > 0 {
		meanwhile := t.tell(t.coarse.diagnose(slices.Clone(all), t.around))
		t.work.meanwhile.Store(&meanwhile)
		t.around.refresh(ctx, q, t, o)
	}
	return t.tell(t.coarse.diagnose(all, t.around))
}

// tell puts together what findings are published with.
func (t *timing) tell(all []finding.Finding) part {
	p := part{findings: all, routes: t.routes(), failed: slices.Clone(t.skipped)}
	p.state = t.state(len(p.routes))
	if t.failure != nil {
		p.failed = append(p.failed, *t.failure)
	}
	p.warnings = t.around.warn(t.latency.warn(t.coarse.warn(slices.Clone(t.warnings))))
	return p
}

// currentPart returns the part of a source to publish: of one that is still being read, what is known so far, and that
// it is late where that leaves a gap.
func (t *timing) currentPart(to time.Time) part {
	if !t.work.late {
		return t.part
	}
	p, end := t.work.before, to.Add(-t.Delay).UTC()
	if known := t.work.meanwhile.Load(); known != nil {
		p = *known
	}
	if p.state.Name == "" { // it never was through
		p.state = finding.Source{Name: t.Name, Kind: t.Kind, Timing: true, UserDefined: t.UserDefined, Watermark: instant(t.settledMillis.Load())}
	}
	if !p.state.Watermark.Before(end) {
		return p // only what is around it is still being asked
	}
	p.failed = append(slices.Clone(p.failed), finding.FailedWindow{
		Source: t.Name, Window: finding.Window{Start: p.state.Watermark, End: end},
		Reason: "timeout", Error: "it is still being read",
	})
	return p
}

func (e *Engine) evaluation(to time.Time) *finding.Evaluation {
	parts := make([]part, len(e.timing))
	for i, t := range e.timing {
		parts[i] = t.currentPart(to)
	}
	v := &finding.Evaluation{Document: e.document(parts)}
	for _, p := range parts {
		v.Routes = append(v.Routes, p.routes...)
		v.Sources = append(v.Sources, p.state)
	}
	for _, g := range e.gauges {
		v.Sources = append(v.Sources, g.state())
		v.NLB = append(v.NLB, g.samples...)
	}
	return v
}

// document depends on the origin, the watermarks and the samples alone, as long as every source
// can be read and warns of nothing.
func (e *Engine) document(parts []part) finding.Document {
	d := finding.Document{
		Version:             finding.DocumentVersion,
		Origin:              e.options.Origin.UTC(),
		Window:              finding.Window{Start: e.options.Start.UTC(), End: furthest(parts)},
		FalseAlarmsPerMonth: e.options.FalseAlarmsPerMonth,
		Streams:             make(map[string]int),
		ThresholdLog10:      make(map[string]*float64),
		Findings:            []finding.Finding{},
		FailedWindows:       []finding.FailedWindow{},
		Warnings:            []string{},
	}
	for _, p := range parts {
		d.Streams[p.state.Name] = p.state.Streams
		d.ThresholdLog10[p.state.Name] = p.state.ThresholdLog10
		d.Findings = append(d.Findings, p.findings...)
		d.Quality.Add(p.state.Quality)
		d.FailedWindows = append(d.FailedWindows, p.failed...)
		d.Warnings = appendWarnings(d.Warnings, p.state.Name, p.warnings)
	}
	for _, g := range e.gauges {
		d.Warnings = appendWarnings(d.Warnings, g.Name, mergeWarnings(nil, g.stats.Warnings))
		if g.failure != nil {
			d.Warnings = appendWarnings(d.Warnings, g.Name, []string{g.failure.Error()})
		}
	}
	return d
}

// furthest returns the watermark of the source that is furthest.
func furthest(parts []part) time.Time {
	return slices.MaxFunc(parts, func(a, b part) int { return a.state.Watermark.Compare(b.state.Watermark) }).state.Watermark
}

// findings are those at the watermark, with what the companions say, and yet without checks.
func (t *timing) findings(ctx context.Context, o *Options, pace *pacer) []finding.Finding {
	all := t.detector.Findings(t.watermarkMillis)
	t.latency.label(ctx, t, all, o, pace)
	t.coarse.followPaired(ctx, t, all, o, pace)
	return t.coarse.overlay(all, t.watermarkMillis)
}

func appendWarnings(all []string, source string, warnings []string) []string {
	for _, w := range warnings {
		all = append(all, "source "+source+": "+w)
	}
	return all
}

// threshold returns log10 of what makes a stream paired, nil while nothing is tested.
func (t *timing) threshold() *float64 {
	if t.detector.Streams() == 0 {
		return nil
	}
	v := t.detector.ThresholdLog10()
	return &v
}

func (t *timing) state(routes int) finding.Source {
	return finding.Source{
		Name: t.Name, Kind: t.Kind, Timing: true,
		Watermark:       instant(t.watermarkMillis),
		LastSuccess:     t.lastSuccess,
		Series:          t.stats.Series,
		Protocol:        t.stats.Protocol,
		Quality:         t.quality,
		Streams:         t.detector.Streams(),
		Routes:          routes,
		ThresholdLog10:  t.threshold(),
		UserDefined:     t.UserDefined,
		SiblingsPresent: t.stats.SiblingsPresent,
	}
}

func (g *gauges) state() finding.Source {
	return finding.Source{
		Name: g.Name, Kind: g.Kind,
		Watermark:       newest(g.samples),
		LastSuccess:     g.lastSuccess,
		Series:          g.stats.Series,
		Protocol:        g.stats.Protocol,
		UserDefined:     g.UserDefined,
		SiblingsPresent: g.stats.SiblingsPresent,
	}
}

func newest(samples []finding.NLBSample) time.Time {
	if len(samples) == 0 {
		return time.Time{}
	}
	return slices.MaxFunc(samples, func(a, b finding.NLBSample) int { return a.At.Compare(b.At) }).At
}

// routes returns the state of the source's routes, counted since the end of the warm-up.
func (t *timing) routes() []finding.Route {
	routes := t.detector.Routes(t.watermarkMillis)
	for i, r := range routes {
		routes[i] = t.baseline.since(r)
	}
	return routes
}

package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// publish builds an evaluation and swaps it in. The caller holds the lock.
func (e *Engine) publish(ctx context.Context, to time.Time) {
	var group sync.WaitGroup
	for _, g := range e.gauges {
		group.Go(func() { g.refresh(ctx, to, &e.options) })
	}
	group.Wait()
	for _, t := range e.timing {
		t.baseline.update(t.detector.Routes(t.watermarkMillis), t.watermarkMillis)
	}
	e.published.Store(e.evaluation(ctx))
}

func (e *Engine) evaluation(ctx context.Context) *finding.Evaluation {
	v := &finding.Evaluation{Document: e.document(ctx)}
	for _, t := range e.timing {
		routes := t.routes()
		v.Routes = append(v.Routes, routes...)
		v.Sources = append(v.Sources, t.state(len(routes)))
	}
	for _, g := range e.gauges {
		v.Sources = append(v.Sources, g.state())
		v.NLB = append(v.NLB, g.samples...)
	}
	return v
}

// document depends on the origin, the watermarks and the samples alone, as long as every source
// can be read and warns of nothing.
func (e *Engine) document(ctx context.Context) finding.Document {
	d := finding.Document{
		Version:             finding.DocumentVersion,
		Origin:              e.options.Origin.UTC(),
		Window:              finding.Window{Start: e.options.Start.UTC(), End: e.Watermark()},
		FalseAlarmsPerMonth: e.options.FalseAlarmsPerMonth,
		Streams:             make(map[string]int),
		ThresholdLog10:      make(map[string]*float64),
		Findings:            []finding.Finding{},
		FailedWindows:       []finding.FailedWindow{},
		Warnings:            []string{},
	}
	for _, t := range e.timing {
		d.Streams[t.Name] = t.detector.Streams()
		d.ThresholdLog10[t.Name] = t.threshold()
		d.Findings = append(d.Findings, t.findings(ctx, &e.options, e.pacer)...)
		d.Quality.Add(t.quality)
		d.FailedWindows = append(d.FailedWindows, t.skipped...)
		if t.failure != nil {
			d.FailedWindows = append(d.FailedWindows, *t.failure)
		}
		d.Warnings = appendWarnings(d.Warnings, t.Name, t.around.warn(t.latency.warn(t.coarse.warn(t.warnings))))
	}
	for _, g := range e.gauges {
		d.Warnings = appendWarnings(d.Warnings, g.Name, mergeWarnings(nil, g.stats.Warnings))
		if g.failure != nil {
			d.Warnings = appendWarnings(d.Warnings, g.Name, []string{g.failure.Error()})
		}
	}
	return d
}

// findings are those at the watermark, with what the companions and the surroundings say.
func (t *timing) findings(ctx context.Context, o *Options, pace *pacer) []finding.Finding {
	all := t.detector.Findings(t.watermarkMillis)
	t.latency.label(ctx, t, all, o, pace)
	t.coarse.followPaired(ctx, t, all, o, pace)
	all = t.coarse.overlay(all, t.watermarkMillis)
	t.around.refresh(ctx, t, all, o)
	return t.coarse.diagnose(all, t.around)
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

package main

import (
	"context"
	"io"

	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/jobs"
)

// runJob does a backfill for the API, as the command does it, under the configuration in use. It has
// an engine of its own and may send one request at a time, beside those of the live evaluation: a
// job never takes their place in a queue, and a server that is slow makes it wait.
func (s *service) runJob(ctx context.Context, r jobs.Request, report func(jobs.Progress)) (finding.Document, error) {
	c, err := jobConfig(s.config(), r)
	if err != nil {
		return finding.Document{}, err
	}
	logger := s.logger.With("for", "backfill job")
	b := &backfill{leadIn: model.Duration(r.LeadIn), concurrency: 1}
	o, err := b.options(c, logger, finding.Window{Start: r.Start, End: r.End})
	if err != nil {
		return finding.Document{}, err
	}
	o.Concurrency = 1
	m := newMeter(io.Discard, logger, o.Origin, o.Sources)
	defer m.stop()
	o.Progress = func(p engine.Progress) {
		m.observe(p)
		report(m.progress())
	}
	e, err := engine.New(o)
	if err != nil {
		return finding.Document{}, err
	}
	err = e.Advance(ctx, r.End)
	if problem := b.nothing(ctx, c, e, new(journal), err); problem != nil {
		return finding.Document{}, problem
	}
	if err != nil {
		logger.Error("Not everything could be read", "err", err)
	}
	return e.Evaluation().Document, nil
}

// progress returns what a meter knows in numbers.
func (m *meter) progress() jobs.Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := jobs.Progress{Ratio: m.share(), Paired: m.found()}
	for _, source := range m.sources {
		p.Samples += source.Samples
		if p.Watermark.IsZero() || source.Watermark.Before(p.Watermark) {
			p.Watermark = source.Watermark.UTC()
		}
	}
	return p
}

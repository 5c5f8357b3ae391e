package main

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/ghostpair/ghostpair/engine"
)

// logEvery is how often a long stretch says how far it has come, where there is no terminal.
const logEvery = 10 * time.Second

// meter shows how far the reading of a long stretch has come: as a bar on a terminal, else as a log
// line now and then. It is safe for concurrent use.
type meter struct {
	origin time.Time
	logger *slog.Logger
	bar    *pb.ProgressBar // nil: log lines

	mu      sync.Mutex
	sources map[string]engine.Progress
	logged  time.Time
	stopped bool
}

// newMeter returns a meter of the stretch from origin on, over that many timing sources.
func newMeter(w io.Writer, logger *slog.Logger, origin time.Time, sources []engine.Source) *meter {
	m := &meter{origin: origin, logger: logger, sources: make(map[string]engine.Progress), logged: time.Now()}
	for _, s := range sources {
		if s.Reader != nil {
			m.sources[s.Name] = engine.Progress{Source: s.Name, Watermark: origin}
		}
	}
	if terminal(w) {
		m.bar = pb.New(1000).SetWriter(w).SetTemplateString(`reading history {{ bar . }} {{percent . }} {{rtime . "%s left"}}`)
		m.bar.Start()
	}
	return m
}

// observe takes note of progress.
func (m *meter) observe(p engine.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return
	}
	m.sources[p.Source] = p
	share := m.share()
	if m.bar != nil {
		m.bar.SetCurrent(int64(1000 * share))
		return
	}
	if now := time.Now(); now.Sub(m.logged) >= logEvery {
		m.logged = now
		m.logger.Info("Reading history", "source_name", p.Source, "read_to", p.Watermark.UTC().Format(time.RFC3339),
			"until", p.To.UTC().Format(time.RFC3339), "done_percent", int(100*share))
	}
}

// share returns how much of all sources has been read, between 0 and 1.
func (m *meter) share() float64 {
	sum := 0.0
	for _, p := range m.sources {
		if all := p.To.Sub(m.origin); all > 0 {
			sum += min(float64(p.Watermark.Sub(m.origin))/float64(all), 1)
		}
	}
	return sum / float64(len(m.sources))
}

// stop ends the bar.
func (m *meter) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil && !m.stopped {
		m.bar.SetCurrent(int64(1000 * m.share()))
		m.bar.Finish()
	}
	m.stopped = true
}

package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/ghostpair/ghostpair/engine"
)

// Where there is no terminal a long stretch says how far it has come: after so much of it, but not too
// often, and after so much time.
const (
	logShare   = 0.05
	logSoonest = 10 * time.Second
	logLatest  = 30 * time.Second
)

// Findings are counted now and then, and for a small part of the time: it takes a while where there
// are many routes.
const (
	pairedEvery = 2 * time.Second
	pairedShare = 20 // one in
)

// meter shows how far the reading of a long stretch has come: as a bar on a terminal, else as a log
// line now and then. It is safe for concurrent use.
type meter struct {
	origin time.Time
	logger *slog.Logger
	bar    *pb.ProgressBar // nil: log lines
	screen *screen         // nil: there is none

	mu          sync.Mutex
	sources     map[string]engine.Progress
	paired      map[string]int
	begun       time.Time
	count       map[string]time.Time // when findings are to be counted again, by source
	logged      time.Time
	loggedShare float64
	stopped     bool
}

// newMeter returns a meter of the stretch from origin on, over that many timing sources.
func newMeter(w io.Writer, logger *slog.Logger, origin time.Time, sources []engine.Source) *meter {
	now := time.Now()
	m := &meter{
		origin: origin, logger: logger, begun: now, logged: now,
		sources: make(map[string]engine.Progress), paired: make(map[string]int), count: make(map[string]time.Time),
	}
	for _, s := range sources {
		if s.Reader != nil {
			m.sources[s.Name] = engine.Progress{Source: s.Name, Watermark: origin}
			m.count[s.Name] = now.Add(pairedEvery)
		}
	}
	if m.screen, _ = w.(*screen); m.screen != nil {
		w = m.screen.Writer
	}
	if terminal(w) {
		m.bar = pb.New(1000).SetWriter(w).SetTemplateString(`reading history {{ bar . }} {{percent . }} {{rtime . "%s left"}} {{string . "said"}}`)
		m.bar.Start()
		m.screen.drawn(true)
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
	now := time.Now()
	if done := !p.Watermark.Before(p.To); done || !now.Before(m.count[p.Source]) {
		m.paired[p.Source] = p.Paired()
		took := time.Since(now)
		m.count[p.Source] = now.Add(took + max(pairedEvery, pairedShare*took))
	}
	share, rate, paired := m.share(), m.rate(now), m.found()
	if m.bar != nil {
		m.bar.Set("said", fmt.Sprintf("%s samples/s, %d paired", metric(rate), paired))
		m.bar.SetCurrent(int64(1000 * share))
		return
	}
	since := now.Sub(m.logged)
	if since < logSoonest || since < logLatest && share-m.loggedShare < logShare {
		return
	}
	m.logged, m.loggedShare = now, share
	m.logger.Info("Reading history", "source", p.Source, "read_to", p.Watermark.UTC().Format(time.RFC3339),
		"until", p.To.UTC().Format(time.RFC3339), "done_percent", int(100*share),
		"samples_per_second", int64(rate), "paired", paired)
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

// rate returns how many samples a second have been read so far.
func (m *meter) rate(now time.Time) float64 {
	var samples int64
	for _, p := range m.sources {
		samples += p.Samples
	}
	return float64(samples) / max(now.Sub(m.begun).Seconds(), 0.001)
}

// found returns the number of paired findings so far.
func (m *meter) found() int {
	n := 0
	for _, paired := range m.paired {
		n += paired
	}
	return n
}

// metric writes a number in thousands or millions.
func metric(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1fM", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0fk", n/1e3)
	default:
		return fmt.Sprintf("%.0f", n)
	}
}

// stop ends the bar.
func (m *meter) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil && !m.stopped {
		m.bar.SetCurrent(int64(1000 * m.share()))
		m.bar.Finish()
		m.screen.drawn(false)
	}
	m.stopped = true
}

// screen is where a bar and log lines are written to: what the bar has drawn on the line gives way
// to a log line.
type screen struct {
	io.Writer
	bar atomic.Bool
}

func (s *screen) drawn(bar bool) {
	if s != nil {
		s.bar.Store(bar)
	}
}

const clearLine = "\r\x1b[K"

// Write writes a log line.
func (s *screen) Write(line []byte) (int, error) {
	if !s.bar.Load() {
		return s.Writer.Write(line)
	}
	n, err := s.Writer.Write(append([]byte(clearLine), line...))
	return max(0, n-len(clearLine)), err
}

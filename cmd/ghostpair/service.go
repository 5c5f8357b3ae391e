package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"

	"github.com/ghostpair/ghostpair/alert"
	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/jobs"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/web"
)

// serviceOptions are what the flags of serve say.
type serviceOptions struct {
	load     func() (*config.Config, error)
	logger   *slog.Logger
	progress io.Writer         // where a progress bar would go
	snapshot string            // file of the state; empty: none
	backfill string            // directory of backfill jobs; empty: they are kept in memory
	reports  string            // directory of weekly reports; empty: none are written
	flags    map[string]string // for the API
}

// instance is a configuration and the engine that was made for it.
type instance struct {
	config  *config.Config
	servers []*sources.Server
	options engine.Options
	engine  *engine.Engine
	meter   atomic.Pointer[meter] // while a long stretch is read
}

// service is the running program: the instance that serves, and what all instances share.
type service struct {
	serviceOptions
	tables      *score.Cache
	registry    *prometheus.Registry
	instruments *alert.Instruments
	jobs        *jobs.Queue
	weekly      *weekly
	started     time.Time

	serving    atomic.Pointer[instance] // what is shown; the loop swaps it
	reloads    chan chan error          // asks the loop
	stopped    chan struct{}            // closed when the loop has ended
	loadedAt   atomic.Int64             // Unix milliseconds of the last successful load
	loadFailed atomic.Bool              // whether the last load failed
}

// newService loads the configuration and builds everything, and starts nothing.
func newService(o serviceOptions) (*service, error) {
	s := &service{
		serviceOptions: o, tables: score.NewCache(), registry: prometheus.NewRegistry(),
		started: time.Now(), reloads: make(chan chan error), stopped: make(chan struct{}),
	}
	c, err := o.load()
	if err != nil {
		return nil, usageError(err)
	}
	s.instruments, err = alert.NewInstruments(s.registry, reasons())
	if err != nil {
		return nil, err
	}
	s.jobs, err = jobs.New(jobs.Options{Directory: o.backfill, Run: s.runJob, Logger: o.logger})
	if err != nil {
		return nil, err
	}
	s.weekly, err = newWeekly(o.reports, s.config, o.logger)
	if err != nil {
		return nil, err
	}
	if err := s.registerCollectors(); err != nil {
		return nil, err
	}
	first, err := s.newInstance(c)
	if err != nil {
		return nil, usageError(err)
	}
	s.restore(first)
	s.serving.Store(first)
	s.loaded(c, nil)
	s.logger.Info("Starting ghostpair", "version", version.Info(), "prometheus", c.Prometheus.RedactedURL(), "origin", first.engine.Origin().Format(time.RFC3339))
	return s, nil
}

func (s *service) registerCollectors() error {
	for _, c := range []prometheus.Collector{
		alert.NewCollector(s.evaluation, time.Now),
		alert.NewJobs(s.jobs.Counts),
		alert.NewServers(s.servers),
		alert.NewBudgets(s.weekly.budgets),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := s.registry.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// leastPatience is more than it takes to ask a server again that refuses a connection. A slow source is waited
// for once only, so this may be more than the time between two ticks.
const leastPatience = 5 * time.Second

// newInstance builds an engine whose history starts as long before now as the configuration says.
func (s *service) newInstance(c *config.Config) (*instance, error) {
	i := &instance{config: c}
	var err error
	if i.servers, err = newServers(c, s.logger); err != nil {
		return nil, err
	}
	o, err := engineOptionsOf(c, i.servers, s.tables, hooks{logger: s.logger, onQuery: s.countQuery, progress: i.progress})
	if err != nil {
		return nil, err
	}
	o.Origin = time.Now().Add(-c.Evaluate.History).Truncate(time.Minute).UTC()
	o.Patience = max(c.Evaluate.Every/2, leastPatience)
	i.options = o
	i.engine, err = engine.New(o)
	return i, err
}

// progress shows progress while a long stretch is read.
func (i *instance) progress(p engine.Progress) {
	if m := i.meter.Load(); m != nil {
		m.observe(p)
	}
}

func (s *service) countQuery(q sources.Query) {
	reason := ""
	if q.Err != nil {
		reason = reasonOf(q.Err)
	}
	s.instruments.Query(q.Source, q.Protocol, q.Duration, reason)
}

// evaluation returns the latest one, nil before the first.
func (s *service) evaluation() *finding.Evaluation { return s.serving.Load().engine.Evaluation() }

// servers returns what is known of the servers that are read.
func (s *service) servers() []alert.Server {
	var all []alert.Server
	for _, server := range s.serving.Load().servers {
		status := server.Status()
		all = append(all, alert.Server{URL: status.URL, Answers: status.Answers, Mixed: status.Mixed})
	}
	return all
}

// config returns the configuration in use.
func (s *service) config() *config.Config { return s.serving.Load().config }

// loaded notes the outcome of loading a configuration.
func (s *service) loaded(c *config.Config, err error) {
	now := time.Now()
	s.instruments.Reloaded(now, err)
	s.loadFailed.Store(err != nil)
	if err != nil {
		return
	}
	s.loadedAt.Store(now.UnixMilli())
	var names []string
	for _, source := range c.Sources {
		names = append(names, source.Name)
	}
	s.instruments.Sources(names)
	for _, w := range c.Warnings() {
		s.logger.Warn("Configuration", "warning", w.Error())
	}
}

func (s *service) ready() error {
	i := s.serving.Load()
	return web.Health{
		WarmedUp:    i.engine.Evaluation() != nil,
		Watermark:   i.engine.Watermark(),
		LastSuccess: i.engine.LastSuccess(),
		Every:       i.config.Evaluate.Every,
		Delay:       i.config.Evaluate.Delay,
	}.Ready(time.Now())
}

// handler returns all that is served over HTTP.
func (s *service) handler() http.Handler {
	metrics := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		Registry: s.registry, EnableOpenMetrics: true,
		ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelError),
	})
	return web.New(web.Options{
		Metrics:    promhttp.InstrumentMetricHandler(s.registry, metrics),
		Evaluation: s.evaluation,
		Ready:      s.ready,
		Reload:     s.askReload,
		Backfills:  backfills{queue: s.jobs, config: s.config},
		Reports:    s.weekly.handler(),
		Config: func() (string, error) {
			text, err := s.config().YAML()
			return string(text), err
		},
		Flags:   s.flags,
		Build:   buildInfo(),
		Runtime: s.runtimeInfo,
		Logger:  s.logger,
	})
}

func buildInfo() web.BuildInfo {
	return web.BuildInfo{
		Version: version.Version, Revision: version.GetRevision(), Branch: version.Branch,
		BuildUser: version.BuildUser, BuildDate: version.BuildDate, GoVersion: version.GoVersion,
	}
}

func (s *service) runtimeInfo() map[string]string {
	i := s.serving.Load()
	directory, err := os.Getwd()
	if err != nil {
		directory = ""
	}
	return map[string]string{
		"startTime":           s.started.UTC().Format(time.RFC3339),
		"CWD":                 directory,
		"reloadConfigSuccess": strconv.FormatBool(!s.loadFailed.Load()),
		"lastConfigTime":      time.UnixMilli(s.loadedAt.Load()).UTC().Format(time.RFC3339),
		"configHash":          i.config.Hash(),
		"origin":              i.engine.Origin().Format(time.RFC3339),
		"watermark":           i.engine.Watermark().Format(time.RFC3339),
		"goroutineCount":      strconv.Itoa(runtime.NumGoroutine()),
		"GOMAXPROCS":          strconv.Itoa(runtime.GOMAXPROCS(0)),
		"GOGC":                os.Getenv("GOGC"),
		"GOMEMLIMIT":          os.Getenv("GOMEMLIMIT"),
	}
}

// askReload asks the loop to load the configuration again and waits for the outcome.
func (s *service) askReload(ctx context.Context) error {
	outcome := make(chan error, 1)
	select {
	case s.reloads <- outcome:
	case <-s.stopped:
		return errors.New("ghostpair is shutting down")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

package promtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/web"
)

// Options of a server. Dir is the only one that is needed.
type Options struct {
	Dir      string       // of the storage; kept when the server ends
	Listen   string       // address; empty: a free port on loopback
	Listener net.Listener // or what to serve on; Close closes it
	Config   string       // Prometheus's configuration file, as text; of discovery only static_configs
	Consoles string       // directory of console templates, shown under /consoles/
	Logger   *slog.Logger // nil: quiet

	RemoteReadSampleLimit  int // samples of one SAMPLES answer; 0: Prometheus's 5e7
	RemoteReadBytesInFrame int // of one streamed frame; 0: Prometheus's 1 MiB
}

// A Server is a running Prometheus.
type Server struct {
	options  Options
	url      *url.URL
	listener net.Listener

	db     *tsdb.DB
	engine *promql.Engine
	scrape *scrape.Manager
	rules  *rules.Manager
	notify *notifier.Manager
	web    *web.Handler

	scrapeTargets, notifyTargets chan map[string][]*targetgroup.Group

	stopWeb context.CancelFunc
	running sync.WaitGroup
	webErr  error
}

// Start opens the storage and serves until Close. The context ends what the server does for others,
// such as queries of rules; it does not replace Close.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Listen == "" {
		options.Listen = "127.0.0.1:0"
	}
	if options.Logger == nil {
		options.Logger = promslog.NewNopLogger()
	}
	listener := options.Listener
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", options.Listen); err != nil {
			return nil, fmt.Errorf("prometheus: listen: %w", err)
		}
	}
	s := &Server{
		options: options, listener: listener,
		url:           &url.URL{Scheme: "http", Host: listener.Addr().String()},
		scrapeTargets: make(chan map[string][]*targetgroup.Group),
		notifyTargets: make(chan map[string][]*targetgroup.Group),
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.run(ctx)
	if err := s.Apply(ctx, options.Config); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.web.SetReady(web.Ready)
	return s, nil
}

// URL is where the server is, such as http://127.0.0.1:9090.
func (s *Server) URL() string { return s.url.String() }

// DB is the storage, for tests that look behind the API.
func (s *Server) DB() *tsdb.DB { return s.db }

// open builds the parts, as cmd/prometheus does.
func (s *Server) open(ctx context.Context) error {
	registry := prometheus.NewRegistry() // of this server only: a process may hold several
	logger := s.options.Logger
	stats := tsdb.NewDBStats()
	storage := tsdb.DefaultOptions()
	storage.RetentionDuration = 0
	storage.MaxBlockDuration = BlockMillis
	var err error
	if s.db, err = tsdb.Open(s.options.Dir, logger.With("component", "tsdb"), registry, storage, stats); err != nil {
		return fmt.Errorf("prometheus: open storage in %s: %w", s.options.Dir, err)
	}
	promQL := parser.NewParser(parser.Options{})
	s.engine = promql.NewEngine(promql.EngineOpts{
		Logger: logger, Reg: registry, Parser: promQL,
		MaxSamples: 50_000_000, Timeout: 2 * time.Minute, LookbackDelta: lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true,
	})
	s.notify = notifier.NewManager(&notifier.Options{QueueCapacity: 10_000, Registerer: registry}, model.UTF8Validation, logger)
	// Without these options targets are scraped no sooner than five seconds after a start.
	scraping := scrape.Options{DiscoveryReloadInterval: model.Duration(time.Second), DiscoveryReloadOnStartup: true}
	if s.scrape, err = scrape.NewManager(&scraping, logger, nil, nil, s.db, registry); err != nil {
		return errors.Join(fmt.Errorf("prometheus: scraping: %w", err), s.db.Close())
	}
	s.rules = rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation,
		Appendable:           s.db, Queryable: s.db, QueryFunc: rules.EngineQueryFunc(s.engine, s.db),
		NotifyFunc: rules.SendAlerts(s.notify, s.url.String()),
		Context:    ctx, ExternalURL: s.url, Registerer: registry, Logger: logger, Parser: promQL,
		OutageTolerance: time.Hour, ForGracePeriod: 10 * time.Minute, ResendDelay: time.Minute,
	})
	s.web = web.New(logger, s.webOptions(ctx, registry, promQL, stats))
	return nil
}

const lookback = 5 * time.Minute

func (s *Server) webOptions(ctx context.Context, registry *prometheus.Registry, promQL parser.Parser, stats *tsdb.DBStats) *web.Options {
	o := &web.Options{
		Context: ctx, TSDBDir: s.options.Dir,
		LocalStorage: localStorage{s.db, stats}, Storage: s.db, ExemplarStorage: s.db,
		QueryEngine: s.engine, LookbackDelta: lookback, Parser: promQL,
		ScrapeManager: s.scrape, RuleManager: s.rules, Notifier: s.notify,
		Version: &web.PrometheusVersion{Version: version(), GoVersion: "embedded"},
		Flags:   map[string]string{"storage.tsdb.path": s.options.Dir},

		ListenAddresses: []string{s.url.Host}, MaxConnections: 512,
		ExternalURL: s.url, RoutePrefix: "/", ReadTimeout: 5 * time.Minute,
		ConsoleTemplatesPath: s.options.Consoles, ConsoleLibrariesPath: s.options.Consoles,
		EnableAdminAPI: true, AppName: "Prometheus Server", PageTitle: "Prometheus",
		RemoteReadSampleLimit: s.options.RemoteReadSampleLimit, RemoteReadConcurrencyLimit: 10,
		RemoteReadBytesInFrame: s.options.RemoteReadBytesInFrame,
		Gatherer:               registry, Registerer: registry,
	}
	if o.RemoteReadSampleLimit == 0 {
		o.RemoteReadSampleLimit = 50_000_000
	}
	if o.RemoteReadBytesInFrame == 0 {
		o.RemoteReadBytesInFrame = 1 << 20
	}
	return o
}

// run starts every goroutine of the server. Close ends them.
func (s *Server) run(ctx context.Context) {
	webCtx, stopWeb := context.WithCancel(context.WithoutCancel(ctx))
	s.stopWeb = stopWeb
	s.running.Go(func() { _ = s.scrape.Run(s.scrapeTargets) }) // never an error
	s.running.Go(func() { s.notify.Run(s.notifyTargets) })
	s.running.Go(s.rules.Run)
	s.running.Go(func() { s.webErr = s.web.Run(webCtx, []net.Listener{s.listener}, "") })
}

// Apply puts another configuration in force: scrape jobs, rule files, Alertmanagers, external labels.
func (s *Server) Apply(ctx context.Context, text string) error {
	cfg, err := config.Load(text, s.options.Logger)
	if err != nil {
		return fmt.Errorf("prometheus: configuration: %w", err)
	}
	files := cfg.RuleFiles
	global := cfg.GlobalConfig
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return fmt.Errorf("prometheus: configuration: %w", err)
	}
	for _, apply := range []func() error{
		func() error { return s.web.ApplyConfig(cfg) },
		func() error { return s.notify.ApplyConfig(cfg) },
		func() error { return s.scrape.ApplyConfig(cfg) },
		func() error {
			return s.rules.Update(time.Duration(global.EvaluationInterval), files, global.ExternalLabels, s.URL(), nil)
		},
		func() error { return s.send(ctx, s.scrapeTargets, scrapeGroups(jobs)) },
		func() error { return s.send(ctx, s.notifyTargets, alertmanagerGroups(cfg)) },
	} {
		if err := apply(); err != nil {
			return fmt.Errorf("prometheus: apply configuration: %w", err)
		}
	}
	return nil
}

func (s *Server) send(ctx context.Context, to chan<- map[string][]*targetgroup.Group, groups map[string][]*targetgroup.Group) error {
	select {
	case to <- groups:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close stops the server, and waits until everything has ended.
func (s *Server) Close() error {
	s.web.SetReady(web.Stopping)
	s.rules.Stop()
	s.scrape.Stop()
	s.notify.Stop()
	s.stopWeb()
	s.running.Wait()
	return errors.Join(s.webErr, s.db.Close())
}

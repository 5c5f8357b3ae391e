package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/version"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/survey"
)

// hooks are what the parts of a command tell it.
type hooks struct {
	logger   *slog.Logger
	onQuery  func(sources.Query)
	progress func(engine.Progress)
}

// engineOptions turns a configuration into an engine's options, whose origin is still to be set.
// It reads credential files but sends nothing.
func engineOptions(c *config.Config, tables *score.Cache, h hooks) (engine.Options, error) {
	servers, err := newServers(c, h.logger)
	if err != nil {
		return engine.Options{}, err
	}
	return engineOptionsOf(c, servers, tables, h)
}

// engineOptionsOf is engineOptions for servers that were made before.
func engineOptionsOf(c *config.Config, servers []*sources.Server, tables *score.Cache, h hooks) (engine.Options, error) {
	o := engine.Options{
		ConfigHash:              c.Hash(),
		Tables:                  tables,
		FalseAlarmsPerMonth:     c.FalseAlarmsPerMonth,
		ClearBelow:              c.ClearBelow,
		FalseSuspicionsPerMonth: c.FalseSuspicionsPerMonth,
		Ignore:                  c.Ignored(),
		PublishWithin:           2*c.Evaluate.Every + c.Evaluate.Delay,
		CompanionStep:           min(20*c.Evaluate.Every, 5*time.Minute),
		Logger:                  h.logger,
		Progress:                h.progress,
	}
	for _, f := range c.Fingerprints {
		o.Fingerprints = append(o.Fingerprints, score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi})
	}
	var errs []error
	for _, s := range c.Sources {
		source, err := newSource(s, c.Limits, servers, h.onQuery)
		if err == nil {
			err = addCompanions(&source, servers, sourceOptions(s, h.onQuery), o.Fingerprints)
		}
		if len(source.Companions) > 0 {
			source.Surroundings = newSurroundings(c, s, servers, h.onQuery)
		}
		o.Sources, errs = append(o.Sources, source), append(errs, err)
	}
	return o, errors.Join(errs...)
}

// newServers returns all servers of a configuration. Each has its own limit of requests in flight, so
// that one that hangs does not hold up the others.
func newServers(c *config.Config, logger *slog.Logger) ([]*sources.Server, error) {
	client, err := promconfig.NewClientFromConfig(c.Prometheus.HTTP, "ghostpair")
	if err != nil {
		return nil, fmt.Errorf("HTTP client for %s: %w", c.Prometheus.RedactedURL(), err)
	}
	var servers []*sources.Server
	for _, url := range c.Prometheus.Servers() {
		server, err := sources.NewServer(sources.ServerOptions{
			URL:      url,
			Client:   client,
			Protocol: c.Prometheus.Protocol,
			Timeout:  c.Prometheus.Timeout,
			Limiter:  sources.NewLimiter(c.Prometheus.Concurrency),
			Version:  version.Version,
			Logger:   logger,
		})
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// answering returns the first server that answers, for what only one is asked; of a single one it does
// not ask. Where none answers the first is as good as any: it will say why.
func answering(ctx context.Context, c *config.Config, logger *slog.Logger) (*sources.Server, error) {
	servers, err := newServers(c, logger)
	if err != nil {
		return nil, err
	}
	return answeringOf(ctx, servers, logger), nil
}

// answeringOf is answering for servers that were made before.
func answeringOf(ctx context.Context, servers []*sources.Server, logger *slog.Logger) *sources.Server {
	for _, server := range servers[:len(servers)-1] {
		pinging, cancel := context.WithTimeout(ctx, pingTimeout)
		err := server.Ping(pinging)
		cancel()
		if err == nil {
			return server
		}
		logger.Warn("Asking another server", "err", err)
	}
	last := servers[len(servers)-1]
	if len(servers) > 1 && last.Ping(ctx) != nil {
		return servers[0]
	}
	return last
}

// pingTimeout is how long a server may take to answer at all where there is another one.
const pingTimeout = 5 * time.Second

// newSource builds a source that reads all servers.
func newSource(s config.Source, limits config.Limits, servers []*sources.Server, onQuery func(sources.Query)) (engine.Source, error) {
	out := engine.Source{
		Name: s.Name, Kind: s.Kind, Signal: s.Signal,
		Delay: s.Delay, ScrapeInterval: s.ScrapeInterval, RouteLimit: limits.Routes, UserDefined: s.UserDefined,
	}
	in := sourceOptions(s, onQuery)
	var err error
	if !s.Timing() {
		out.Gauges, err = sources.NewNLBOf(servers, in)
		out.Delay = 0 // gauges carry their own time
		return out, err
	}
	out.Reader, err = sources.NewOf(servers, in)
	return out, err
}

func sourceOptions(s config.Source, onQuery func(sources.Query)) sources.Options {
	return sources.Options{
		Name: s.Name, Selector: s.Selector,
		RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, ViewLabels: s.ViewLabels,
		Exclude: s.Exclude, RelabelConfigs: s.RelabelConfigs, OnQuery: onQuery,
	}
}

// addCompanions adds what else the targets of a source count, where that is known.
func addCompanions(to *engine.Source, servers []*sources.Server, in sources.Options, fingerprints []score.Fingerprint) error {
	if to.Signal != config.Signal5xx && to.Signal != config.SignalConnectTimeout {
		return nil
	}
	readers, connectTimeouts, err := sources.NewCompanionsOf(servers, in, fingerprints)
	for _, r := range readers {
		to.Companions = append(to.Companions, r)
	}
	to.ConnectTimeouts = connectTimeouts
	if err != nil {
		return err
	}
	latency, err := sources.NewLatency(servers, in, fingerprints)
	if latency != nil {
		to.Latency = latency
	}
	return err
}

// newSurroundings looks around the routes of a source; nil where what is around them cannot be found by their
// names, because these were made by relabelling.
func newSurroundings(c *config.Config, s config.Source, servers []*sources.Server, onQuery func(sources.Query)) engine.Surroundings {
	matchers, ok := sources.SiblingMatchers(s.Selector)
	if !ok || len(s.RelabelConfigs) > 0 {
		return nil
	}
	balancers := slices.ContainsFunc(c.Sources, func(s config.Source) bool { return !s.Timing() })
	return survey.NewSurroundings(everyServer{servers, s.Name, onQuery}, survey.Source{
		Name: s.Name, Selector: s.Selector, RouteLabels: s.RouteLabels, Exclude: s.Exclude, Matchers: matchers,
		Callers: podPatterns(c.Diagnosis.Callers), Upstreams: podPatterns(c.Diagnosis.Upstreams),
	}, balancers)
}

func podPatterns(all []config.Pods) []survey.PodPattern {
	patterns := make([]survey.PodPattern, len(all))
	for i, p := range all {
		patterns[i] = survey.PodPattern(p)
	}
	return patterns
}

// timingDelay returns the longest delay of a timing source.
func timingDelay(c *config.Config) time.Duration {
	var longest time.Duration
	for _, s := range c.Sources {
		if s.Timing() {
			longest = max(longest, s.Delay)
		}
	}
	return longest
}

// reasons lists why a query may fail, for the labels of a metric.
func reasons() []string {
	var names []string
	for _, r := range sources.Reasons() {
		names = append(names, string(r))
	}
	return names
}

// reasonOf returns the reason of a failed query.
func reasonOf(err error) string {
	var failure *sources.Error
	if errors.As(err, &failure) {
		return failure.ReasonLabel()
	}
	return string(sources.ReasonOther)
}

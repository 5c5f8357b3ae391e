package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/version"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/sources"
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
	server, err := newServer(c, h.logger)
	if err != nil {
		return engine.Options{}, err
	}
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
		source, err := newSource(s, c.Limits, server, h.onQuery)
		if err == nil {
			err = addCompanions(&source, sourceOptions(s, server, h.onQuery), o.Fingerprints)
		}
		o.Sources, errs = append(o.Sources, source), append(errs, err)
	}
	return o, errors.Join(errs...)
}

func newServer(c *config.Config, logger *slog.Logger) (*sources.Server, error) {
	client, err := promconfig.NewClientFromConfig(c.Prometheus.HTTP, "ghostpair")
	if err != nil {
		return nil, fmt.Errorf("HTTP client for %s: %w", c.Prometheus.RedactedURL(), err)
	}
	return sources.NewServer(sources.ServerOptions{
		URL:      c.Prometheus.URL,
		Client:   client,
		Protocol: c.Prometheus.Protocol,
		Timeout:  c.Prometheus.Timeout,
		Limiter:  sources.NewLimiter(c.Prometheus.Concurrency),
		Version:  version.Version,
		Logger:   logger,
	})
}

func newSource(s config.Source, limits config.Limits, server *sources.Server, onQuery func(sources.Query)) (engine.Source, error) {
	out := engine.Source{
		Name: s.Name, Kind: s.Kind, Signal: s.Signal,
		Delay: s.Delay, ScrapeInterval: s.ScrapeInterval, RouteLimit: limits.Routes, UserDefined: s.UserDefined,
	}
	in := sourceOptions(s, server, onQuery)
	if !s.Timing() {
		gauges, err := sources.NewNLB(in)
		out.Gauges, out.Delay = gauges, 0 // gauges carry their own time
		return out, err
	}
	reader, err := sources.New(in)
	out.Reader = reader
	return out, err
}

func sourceOptions(s config.Source, server *sources.Server, onQuery func(sources.Query)) sources.Options {
	return sources.Options{
		Name: s.Name, Server: server, Selector: s.Selector,
		RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, ViewLabels: s.ViewLabels,
		Exclude: s.Exclude, RelabelConfigs: s.RelabelConfigs, OnQuery: onQuery,
	}
}

// addCompanions adds what else the targets of a source count, where that is known.
func addCompanions(to *engine.Source, in sources.Options, fingerprints []score.Fingerprint) error {
	if to.Signal != config.Signal5xx && to.Signal != config.SignalConnectTimeout {
		return nil
	}
	companions, err := sources.NewCompanions(in, fingerprints)
	for _, c := range companions.Readers {
		to.Companions = append(to.Companions, c)
	}
	to.ConnectTimeouts = companions.ConnectTimeouts
	return err
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

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/sources"
)

// config returns the configuration with what the flags put in its place.
func (b *backfill) config() (*config.Config, error) {
	c, err := b.from.load()
	if err != nil {
		return nil, err
	}
	if len(b.routeLabels) > 0 && b.selector == "" {
		return nil, errors.New("--route.label goes with --selector")
	}
	if b.selector != "" {
		source, err := b.source()
		if err != nil {
			return nil, err
		}
		c.Sources = []config.Source{source}
	}
	if len(b.fingerprints) > 0 {
		chosen, err := chooseFingerprints("--fingerprint", c.Fingerprints, b.fingerprints)
		if err != nil {
			return nil, err
		}
		c.Fingerprints = chosen
	}
	return c, nil
}

// source returns the one that --selector stands for.
func (b *backfill) source() (config.Source, error) {
	if _, err := sources.ParseSelector(b.selector); err != nil {
		return config.Source{}, fmt.Errorf("--selector: %w", err)
	}
	return selectorSource(b.selector, b.routeLabels), nil
}

// selectorSource returns a source of these counters: the labels of the first default source, but
// for the route.
func selectorSource(selector string, routeLabels []string) config.Source {
	source := config.Default().Sources[0]
	source.Name, source.Signal, source.Selector, source.Requests, source.UserDefined = "selector", "errors", selector, "", true
	if len(routeLabels) > 0 {
		source.RouteLabels = routeLabels
	}
	return source
}

// chooseFingerprints returns those that a flag names or describes.
func chooseFingerprints(flag string, known []config.Fingerprint, wanted []string) ([]config.Fingerprint, error) {
	var chosen []config.Fingerprint
	for _, text := range wanted {
		f, err := lagRange(flag, text, known)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(chosen, func(other config.Fingerprint) bool { return other.Name == f.Name }) {
			continue // it was named twice
		}
		if score.LargestResolvableMillis(score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi}) == 0 {
			return nil, fmt.Errorf("%s %q: no scrape interval, not even 250 ms, can tell such pairs from bursts; take a longer lag or a narrower range", flag, text)
		}
		chosen = append(chosen, f)
	}
	return chosen, nil
}

// parseLag reads a duration as Prometheus writes it, and fractions such as 6.5s as well.
func parseLag(text string) (time.Duration, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return time.ParseDuration(text)
}

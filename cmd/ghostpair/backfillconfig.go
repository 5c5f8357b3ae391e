package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
		return nil, fmt.Errorf("the configuration has problems\n%w", err)
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
		chosen, err := chooseFingerprints(c.Fingerprints, b.fingerprints)
		if err != nil {
			return nil, err
		}
		c.Fingerprints = chosen
	}
	return c, nil
}

// source returns the one that --selector stands for: the labels of the first default source, but
// for the route.
func (b *backfill) source() (config.Source, error) {
	if _, err := sources.ParseSelector(b.selector); err != nil {
		return config.Source{}, fmt.Errorf("--selector: %w", err)
	}
	source := config.Default().Sources[0]
	source.Name, source.Signal, source.Selector, source.Requests, source.UserDefined = "selector", "errors", b.selector, "", true
	if len(b.routeLabels) > 0 {
		source.RouteLabels = b.routeLabels
	}
	return source, nil
}

func chooseFingerprints(known []config.Fingerprint, wanted []string) ([]config.Fingerprint, error) {
	var chosen []config.Fingerprint
	for _, text := range wanted {
		at := slices.IndexFunc(known, func(f config.Fingerprint) bool { return f.Name == text })
		if at >= 0 {
			chosen = append(chosen, known[at])
			continue
		}
		f, err := parseFingerprint(text)
		if err != nil {
			return nil, fmt.Errorf("--fingerprint %q: %w", text, err)
		}
		chosen = append(chosen, f)
	}
	return chosen, nil
}

// parseFingerprint reads a range of lags such as 5s-6.5s or 5s-6s500ms.
func parseFingerprint(text string) (config.Fingerprint, error) {
	f := config.Fingerprint{Name: text}
	lo, hi, ok := strings.Cut(text, "-")
	if !ok {
		return f, errors.New("it is neither a name in the configuration nor a range such as 5s-6.5s")
	}
	var errLo, errHi error
	f.Lo, errLo = parseLag(lo)
	f.Hi, errHi = parseLag(hi)
	if err := errors.Join(errLo, errHi); err != nil {
		return f, fmt.Errorf("it is neither a name in the configuration nor a range such as 5s-6.5s: %w", err)
	}
	if f.Lo >= f.Hi {
		return f, errors.New("the range is empty: write the shorter lag first")
	}
	if score.LargestResolvableMillis(score.Fingerprint{Name: text, Lo: f.Lo, Hi: f.Hi}) == 0 {
		return f, errors.New("no scrape interval, not even 250 ms, can tell such lags from others: take a longer lag or a narrower range")
	}
	return f, nil
}

// parseLag reads a duration as Prometheus writes it, and fractions such as 6.5s as well.
func parseLag(text string) (time.Duration, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return time.ParseDuration(text)
}

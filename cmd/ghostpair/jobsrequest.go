package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/jobs"
	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/web"
)

// longestJob bounds what one job may read. Longer stretches are for the command line, where a journal
// keeps what has been done.
const longestJob = 100 * 24 * time.Hour

// jobRequest returns the job that a request of the API asks for. Its instants do not move with the
// time: a job that is started again looks at the same stretch.
func jobRequest(asked web.BackfillRequest, c *config.Config, now time.Time) (jobs.Request, error) {
	r := jobs.Request{
		Sources: asked.Sources, Fingerprints: asked.Fingerprints, Selector: asked.Selector, RouteLabels: asked.RouteLabels,
	}
	if err := jobWindow(&r, asked, now); err != nil {
		return r, err
	}
	changed, err := jobConfig(c, r)
	if err != nil {
		return r, err
	}
	// Samples of the last moments may still be on their way.
	behind := c.Evaluate.Delay + timingDelay(changed)
	if settled := now.Add(-behind).UTC().Truncate(time.Millisecond); r.End.After(settled) {
		r.End = settled
	}
	switch length := r.End.Sub(r.Start) + r.LeadIn; {
	case !r.Start.Before(r.End):
		return r, fmt.Errorf("start %s is not before the end %s, which is at most %s before now",
			r.Start.Format(time.RFC3339), r.End.Format(time.RFC3339), behind)
	case length > longestJob:
		return r, fmt.Errorf("a job may read %s at most, lead_in included, and this is %s: ask for parts, or use `ghostpair backfill`",
			model.Duration(longestJob), model.Duration(length.Truncate(time.Second)))
	}
	return r, nil
}

// jobWindow reads the parameters that are times.
func jobWindow(r *jobs.Request, asked web.BackfillRequest, now time.Time) error {
	instant := func(name, text, otherwise string) (time.Time, error) {
		if text == "" {
			text = otherwise
		}
		at, err := parseInstant(text, now)
		switch {
		case err != nil:
			return at, fmt.Errorf("%s: %w", name, err)
		case at.After(now):
			return at, fmt.Errorf("%s: %s is in the future", name, at.UTC().Format(time.RFC3339))
		}
		return at.UTC().Truncate(time.Millisecond), nil
	}
	var errStart, errEnd, errLeadIn error
	r.Start, errStart = instant("start", asked.Start, "")
	r.End, errEnd = instant("end", asked.End, "now")
	if asked.LeadIn != "" {
		leadIn, err := model.ParseDuration(asked.LeadIn)
		if err != nil {
			errLeadIn = fmt.Errorf("lead_in: %q is no duration such as 30m", asked.LeadIn)
		}
		r.LeadIn = time.Duration(leadIn)
	}
	return errors.Join(errStart, errEnd, errLeadIn)
}

// jobConfig returns the configuration with what a job puts in its place, and one request in flight.
func jobConfig(c *config.Config, r jobs.Request) (*config.Config, error) {
	own := *c
	var err error
	if own.Sources, err = jobSources(c, r); err != nil {
		return nil, err
	}
	if len(r.Fingerprints) > 0 {
		if own.Fingerprints, err = chooseFingerprints("fingerprint", c.Fingerprints, r.Fingerprints); err != nil {
			return nil, err
		}
	}
	return &own, nil
}

func jobSources(c *config.Config, r jobs.Request) ([]config.Source, error) {
	switch {
	case r.Selector == "" && len(r.RouteLabels) > 0:
		return nil, errors.New("route_label goes with selector")
	case r.Selector != "" && len(r.Sources) > 0:
		return nil, errors.New("selector takes the place of the sources: leave source out")
	case r.Selector != "":
		if _, err := sources.ParseSelector(r.Selector); err != nil {
			return nil, fmt.Errorf("selector: %w", err)
		}
		return []config.Source{selectorSource(r.Selector, r.RouteLabels)}, nil
	}
	var known []string
	var chosen []config.Source
	for _, s := range c.Sources {
		if !s.Timing() {
			continue
		}
		known = append(known, s.Name)
		if len(r.Sources) == 0 || slices.Contains(r.Sources, s.Name) {
			chosen = append(chosen, s)
		}
	}
	for _, name := range r.Sources {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("source %q is none that is tested for pairs: there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

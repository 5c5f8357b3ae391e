package main

import (
	"context"

	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/survey"
)

// surveyed is a server as doctor and preflight ask it.
type surveyed struct{ *sources.Server }

// Query implements survey.Querier.
func (s surveyed) Query(ctx context.Context, expr string, atMillis int64) ([]survey.Sample, []string, error) {
	samples, warnings, err := s.Instant(ctx, expr, atMillis)
	out := make([]survey.Sample, len(samples))
	for i, sample := range samples {
		out[i] = survey.Sample(sample)
	}
	return out, warnings, err
}

// Version implements survey.Server.
func (s surveyed) Version(ctx context.Context) (string, error) {
	info, err := s.BuildInfo(ctx)
	return info.Version, err
}

package main

import (
	"context"
	"errors"

	"github.com/ghostpair/ghostpair/sources"
	"github.com/ghostpair/ghostpair/survey"
)

// surveyed is a server as doctor and preflight ask it.
type surveyed struct {
	*sources.Server
	all []*sources.Server // of which it is one; nil for preflight
}

// Query implements survey.Querier.
func (s surveyed) Query(ctx context.Context, expr string, atMillis int64) ([]survey.Sample, []string, error) {
	samples, warnings, err := s.Instant(ctx, expr, atMillis)
	out := make([]survey.Sample, len(samples))
	for i, sample := range samples {
		out[i] = survey.Sample(sample)
	}
	return out, warnings, err
}

// Mixed implements survey.Server.
func (s surveyed) Mixed(ctx context.Context, atMillis int64) (addresses []string, err error) {
	for _, server := range s.all {
		mixed, errOne := server.Mixes(ctx, "up", atMillis)
		if mixed {
			addresses = append(addresses, server.URL())
		}
		err = errors.Join(err, errOne)
	}
	return addresses, err
}

// Range implements survey.Ranger.
func (s surveyed) Range(ctx context.Context, expr string, atMillis int64) ([]survey.Series, []string, error) {
	series, warnings, err := s.Matrix(ctx, expr, atMillis)
	out := make([]survey.Series, len(series))
	for i, one := range series {
		out[i] = survey.Series{Labels: one.Labels, Points: make([]survey.Point, len(one.Points))}
		for k, p := range one.Points {
			out[i].Points[k] = survey.Point(p)
		}
	}
	return out, warnings, err
}

// Version implements survey.Server.
func (s surveyed) Version(ctx context.Context) (string, error) {
	info, err := s.BuildInfo(ctx)
	return info.Version, err
}

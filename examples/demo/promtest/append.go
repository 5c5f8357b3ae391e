package promtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Sample is one sample of a series: a value, or a native histogram.
type Sample struct {
	Labels   labels.Labels
	AtMillis int64
	Value    float64

	Histogram      *histogram.Histogram      // instead of the value
	FloatHistogram *histogram.FloatHistogram // instead of either
}

// Append adds samples to a running server, as one transaction, as a scrape does. The samples of a
// series must be newer than what it holds.
func (s *Server) Append(ctx context.Context, samples []Sample) error {
	appender := s.db.Appender(ctx)
	for _, sample := range samples {
		var err error
		if sample.Histogram != nil || sample.FloatHistogram != nil {
			_, err = appender.AppendHistogram(0, sample.Labels, sample.AtMillis, sample.Histogram, sample.FloatHistogram)
		} else {
			_, err = appender.Append(0, sample.Labels, sample.AtMillis, sample.Value)
		}
		if err != nil {
			err = fmt.Errorf("append %s at %d: %w", sample.Labels, sample.AtMillis, err)
			return errors.Join(err, appender.Rollback())
		}
	}
	if err := appender.Commit(); err != nil {
		return fmt.Errorf("append %d samples: %w", len(samples), err)
	}
	return nil
}

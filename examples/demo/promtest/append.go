package promtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

// Sample is one sample of a series.
type Sample struct {
	Labels   labels.Labels
	AtMillis int64
	Value    float64
}

// Append adds samples to a running server, as one transaction, as a scrape does. The samples of a
// series must be newer than what it holds.
func (s *Server) Append(ctx context.Context, samples []Sample) error {
	appender := s.db.Appender(ctx)
	for _, sample := range samples {
		if _, err := appender.Append(0, sample.Labels, sample.AtMillis, sample.Value); err != nil {
			err = fmt.Errorf("append %s at %d: %w", sample.Labels, sample.AtMillis, err)
			return errors.Join(err, appender.Rollback())
		}
	}
	if err := appender.Commit(); err != nil {
		return fmt.Errorf("append %d samples: %w", len(samples), err)
	}
	return nil
}

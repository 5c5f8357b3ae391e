package config

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// parseDuration reads a duration as Prometheus writes it, and also fractions such as 6.5s. Scrapes
// are timed in milliseconds, so that nothing finer is meant.
func parseDuration(text string) (time.Duration, error) {
	d, err := model.ParseDuration(text)
	parsed := time.Duration(d)
	if err != nil {
		parsed, err = time.ParseDuration(text)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration", text)
	case parsed < 0:
		return 0, fmt.Errorf("%q is negative", text)
	case parsed%time.Millisecond != 0:
		return 0, fmt.Errorf("%q is finer than a millisecond", text)
	}
	return parsed, nil
}

// formatDuration writes d so that parseDuration reads it back, with a fraction where d is a short
// one (6.5s rather than 6s500ms), and whole days as such (28d rather than 4w).
func formatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	if d > time.Second && d < time.Minute && d%time.Second != 0 {
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
	}
	return model.Duration(d).String()
}

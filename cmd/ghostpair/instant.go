package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// parseInstant reads an instant: RFC 3339, Unix seconds, `now`, or a duration before now such
// as -7d.
func parseInstant(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if before, ok := strings.CutPrefix(text, "-"); ok {
		if d, err := model.ParseDuration(before); err == nil {
			return now.Add(-time.Duration(d)), nil
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at.UTC(), nil
	}
	// Later years overflow what a duration since 1970 can hold.
	if unix, err := strconv.ParseFloat(text, 64); err == nil && unix > 0 && unix < 1e10 {
		whole, fraction := math.Modf(unix)
		return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is no instant: write it as 2026-11-01T00:00:00Z, as Unix seconds, as -7d or as now", text)
}

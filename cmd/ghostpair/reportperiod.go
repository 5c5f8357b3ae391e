package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/slo"
)

// named2period reads the name of a period of the kind that the flag asks for.
func named2period(flag, text string, zone *time.Location) (slo.Period, error) {
	period, err := slo.ParsePeriod(text, zone)
	kinds := map[string]string{"--week": "2026-W47", "--month": "2026-11", "--quarter": "2026-Q4"}
	kind := func(name string) string {
		switch {
		case strings.Contains(name, "W"):
			return "--week"
		case strings.Contains(name, "Q"):
			return "--quarter"
		}
		return "--month"
	}
	if err != nil || kind(period.Name) != flag {
		return slo.Period{}, fmt.Errorf("%s: %q is no %s: write it as %s", flag, text, strings.TrimPrefix(flag, "--"), kinds[flag])
	}
	return period, nil
}

// between reads --range. What is counted is whole quarters of an hour.
func (f *reportFlags) between(now time.Time, zone *time.Location) (slo.Period, error) {
	first, second, ok := strings.Cut(f.stretch, "..")
	if !ok {
		return slo.Period{}, fmt.Errorf("--range: %q is no stretch of time: write it as 2026-11-01T00:00:00Z..2026-11-08T00:00:00Z, or as -7d..now", f.stretch)
	}
	start, err := parseInstant(first, now)
	if err != nil {
		return slo.Period{}, fmt.Errorf("--range: %w", err)
	}
	end, err := parseInstant(second, now)
	if err != nil {
		return slo.Period{}, fmt.Errorf("--range: %w", err)
	}
	start, end = start.Round(report.SlotLength).In(zone), end.Round(report.SlotLength).In(zone)
	if !start.Before(end) {
		return slo.Period{}, fmt.Errorf("--range: %q is empty: it starts at %s and ends at %s, in whole quarters of an hour", f.stretch,
			start.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	return slo.Period{Name: start.Format("2006-01-02T15:04") + ".." + end.Format("2006-01-02T15:04"), Start: start, End: end}, nil
}

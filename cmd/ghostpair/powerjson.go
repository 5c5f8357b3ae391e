package main

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/ghostpair/ghostpair/simulate/power"
)

// powerDocument is what --output=json prints. Times are in seconds, shares between 0 and 1; what was not
// reached by the horizon, or is impossible, is null.
type powerDocument struct {
	Version                int             `json:"version"`
	Headline               string          `json:"headline"`
	Routes                 int             `json:"routes"`
	Targets                int             `json:"targets"`
	PairsPerHour           float64         `json:"pairs_per_hour"`
	ErrorsPerHour          float64         `json:"errors_per_hour"`
	Background             string          `json:"background"`
	AcrossTargets          bool            `json:"across_targets"`
	LagSeconds             powerLag        `json:"lag_seconds"`
	FalseAlarmsPerMonth    float64         `json:"false_alarms_per_month"`
	ThresholdLog10         float64         `json:"threshold_log10"`
	HorizonSeconds         float64         `json:"horizon_seconds"`
	Runs                   int             `json:"runs"`
	Seed                   uint64          `json:"seed"`
	LargestIntervalSeconds *float64        `json:"largest_scrape_interval_seconds"`
	Intervals              []powerInterval `json:"scrape_intervals"`
}

type powerLag struct {
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

type powerInterval struct {
	Seconds            float64       `json:"scrape_interval_seconds"`
	Resolvable         bool          `json:"resolvable"`
	ResolvableAcross   bool          `json:"resolvable_across_targets"`
	ToPaired           powerTimes    `json:"seconds_to_paired"`
	Within             []powerWithin `json:"paired_within"`
	NotResolvableShare float64       `json:"lag_not_resolvable_share"`
	FalseAlarms        int           `json:"false_alarms"`
	FalseAlarmsAtMost  float64       `json:"false_alarms_expected_at_most"`
}

type powerTimes struct {
	P10 *float64 `json:"p10"`
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
}

type powerWithin struct {
	Seconds     float64 `json:"seconds"`
	Probability float64 `json:"probability"`
}

func (f *powerFlags) writeJSON(w io.Writer, answers []*power.Answer) error {
	first := answers[0]
	fp := first.Question.Fingerprint
	d := powerDocument{
		Version: 1, Headline: headline(answers),
		Routes: f.routes, Targets: f.targets, PairsPerHour: f.pairsPerHour, ErrorsPerHour: f.errorsPerHour,
		Background: f.background, AcrossTargets: f.across, LagSeconds: powerLag{fp.Lo.Seconds(), fp.Hi.Seconds()},
		FalseAlarmsPerMonth: f.falseAlarms, ThresholdLog10: math.Log10(first.Threshold),
		HorizonSeconds: first.Plan.Horizon.Seconds(), Runs: f.runs, Seed: f.seed,
		LargestIntervalSeconds: secondsOrNull(first.LargestInterval, first.LargestInterval > 0),
	}
	for _, a := range answers {
		d.Intervals = append(d.Intervals, intervalJSON(a))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

func intervalJSON(a *power.Answer) powerInterval {
	quantile := func(share float64) *float64 { return secondsOrNull(a.Quantile(share)) }
	out := powerInterval{
		Seconds: a.Question.ScrapeInterval.Seconds(), Resolvable: a.Resolvable, ResolvableAcross: a.ResolvableAcross,
		ToPaired:           powerTimes{quantile(0.1), quantile(0.5), quantile(0.9)},
		NotResolvableShare: float64(a.NotResolvable) / float64(a.Plan.Runs),
		FalseAlarms:        a.FalseAlarms, FalseAlarmsAtMost: a.ExpectedFalseAlarms(),
	}
	for _, limit := range powerHorizons(a.Plan.Horizon) {
		out.Within = append(out.Within, powerWithin{limit.Seconds(), a.Within(limit)})
	}
	return out
}

func secondsOrNull(d time.Duration, ok bool) *float64 {
	if !ok {
		return nil
	}
	seconds := d.Seconds()
	return &seconds
}

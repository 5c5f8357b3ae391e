package finding

import "time"

// PooledRoute is the route name of the stream that pools all routes of a source, signal and
// fingerprint.
const PooledRoute = "*"

// Key names one tested combination.
type Key struct {
	Source      string `json:"source"`
	Signal      string `json:"signal"`
	Route       string `json:"route"`
	Fingerprint string `json:"fingerprint"`
}

// Finding is what is known about one route and fingerprint.
type Finding struct {
	Key
	Verdict Verdict  `json:"verdict"`
	Reasons []string `json:"reasons"` // why undecided; empty otherwise
	Advice  string   `json:"advice"`  // what would settle it, in one sentence
	Labels  []string `json:"labels"`  // look-alikes and notes, see the Label constants
	Level   string   `json:"level"`   // "same" or "any": where the second error of a pair is counted
	Kernel  string   `json:"kernel"`  // "wide" or "tight": lags over the fingerprint or just past its start

	EvidenceLog10     *float64 `json:"evidence_log10"`      // log10 M after the last settled trial, null while M is 0
	EvidencePeakLog10 *float64 `json:"evidence_peak_log10"` // highest M seen since the origin
	EValue            *float64 `json:"e_value"`             // M / injected: a one-look number
	SidebandPValue    *float64 `json:"sideband_p_value"`    // a one-look cross-check

	FirstPair   *time.Time   `json:"first_pair"`
	FirstAlarm  *time.Time   `json:"first_alarm"`
	Transitions []Transition `json:"transitions"`

	Errors                int64      `json:"errors"`
	Targets               int        `json:"targets"`
	ScrapeIntervalSeconds *float64   `json:"scrape_interval_seconds"` // the coarsest of the route's targets
	ExposureSeconds       float64    `json:"exposure_seconds"`
	LagSeconds            *Interval  `json:"lag_seconds"`
	PairRatio             *Interval  `json:"pair_ratio"` // share of errors that are in a pair
	PairsByDay            []DayPairs `json:"pairs_by_day"`
	Histogram             *Histogram `json:"histogram"`
	Members               []Member   `json:"members,omitempty"` // of the pooled stream: the routes that carried it

	Checks []Check `json:"checks,omitempty"` // what other counters say, where something could be told
	Causes []Cause `json:"causes,omitempty"` // that the checks speak for, the likeliest first
}

// Interval is an estimate with its 95 % interval.
type Interval struct {
	Estimate float64 `json:"estimate"`
	Lower    float64 `json:"lower"`
	Upper    float64 `json:"upper"`
}

// Transition is a change of verdict. Verdict is "gone" for a paired route that left.
type Transition struct {
	At      time.Time `json:"at"`
	Verdict string    `json:"verdict"`
}

// DayPairs is the estimated number of pairs that started on one UTC day.
type DayPairs struct {
	Day   string  `json:"day"` // 2006-01-02
	Pairs float64 `json:"pairs"`
}

// Member is a route that carried a pooled finding.
type Member struct {
	Route  string `json:"route"`
	Trials int    `json:"trials"` // trials with a score above 1.5 since the last reset
}

// Histogram counts the lags between errors of one route around the fingerprint. Bin k covers the
// lags nearest to FirstLagSeconds + k·BinSeconds.
type Histogram struct {
	BinSeconds      float64   `json:"bin_seconds"`
	FirstLagSeconds float64   `json:"first_lag_seconds"`
	Observed        []int     `json:"observed"`
	Expected        []float64 `json:"expected"` // the fitted background, without pairs
}

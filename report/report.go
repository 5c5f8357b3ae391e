package report

import (
	"time"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/finding"
)

// DocumentVersion is the version of the JSON document.
const DocumentVersion = 1

// Report is what is written, in all formats. Times are RFC 3339, durations seconds, ratios 0–1;
// a pointer that is nil is a value that does not exist.
type Report struct {
	Version    int       `json:"version"`
	Generated  time.Time `json:"generated"`
	Program    string    `json:"program"` // version of ghostpair
	Prometheus string    `json:"prometheus"`
	Period     Period    `json:"period"`

	Headline    []string      `json:"headline"` // the week in plain words
	Totals      Totals        `json:"totals"`
	Routes      []Route       `json:"routes"` // by share of budget that the period burned
	Others      []Other       `json:"other_findings"`
	Changes     []Change      `json:"verdict_changes"`
	Steps       []Step        `json:"next_steps"`
	Maintenance []Excluded    `json:"maintenance"`
	Ignored     []Ignored     `json:"ignored"`
	Quality     Quality       `json:"quality"`
	Sources     []SourceState `json:"sources"`

	RunbookURL string `json:"-"`
}

// Period is what the report is about.
type Period struct {
	Name            string    `json:"name"`
	Start           time.Time `json:"start"`
	End             time.Time `json:"end"`
	TimeZone        string    `json:"time_zone"`
	Partial         bool      `json:"partial"` // it had not ended
	CoveredRatio    float64   `json:"covered_ratio"`
	CoveredFrom     time.Time `json:"covered_from"`     // where data begins; zero when there is none
	ExcludedSeconds float64   `json:"excluded_seconds"` // maintenance
}

// Totals are sums over all routes.
type Totals struct {
	Routes       int              `json:"routes"`
	Requests     int64            `json:"requests"`
	Errors       int64            `json:"errors"`
	RawRequests  int64            `json:"raw_requests"` // maintenance included
	RawErrors    int64            `json:"raw_errors"`
	ErrorRatio   *float64         `json:"error_ratio"`
	PairedErrors finding.Interval `json:"paired_errors"`
	Previous     *Tally           `json:"previous_period"`
	Met          int              `json:"objectives_met"` // routes that burned no faster than allowed
	Judged       int              `json:"objectives_judged"`
	Exhausted    int              `json:"budgets_exhausted"`
}

// Tally is requests and errors.
type Tally struct {
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`
}

// Route is a route over the period.
type Route struct {
	Source      string   `json:"source"`
	Route       string   `json:"route"`
	Requests    *int64   `json:"requests"` // null: not known
	Errors      int64    `json:"errors"`
	RawRequests *int64   `json:"raw_requests"` // maintenance included
	RawErrors   int64    `json:"raw_errors"`
	ErrorRatio  *float64 `json:"error_ratio"`

	Budget     *Budget    `json:"budget"` // null: no objective, or no requests
	Paired     []Paired   `json:"paired"` // by fingerprint
	Weeks      []Week     `json:"periods"`
	Increase   *float64   `json:"prometheus_increase"`
	Difference string     `json:"difference"` // between Increase and RawErrors, explained
	Verdicts   []Judgment `json:"verdicts"`
	Hours      Hours      `json:"hours"`

	burnDown chart.BurnDown
	timeline chart.Timeline
}

// Budget is the error budget of a route.
type Budget struct {
	Pattern             string   `json:"objective_route"`
	Target              float64  `json:"target"`
	WindowSeconds       float64  `json:"window_seconds"`
	WindowCoveredRatio  float64  `json:"window_covered_ratio"`
	WindowRequests      int64    `json:"window_requests"`
	WindowErrors        int64    `json:"window_errors"`
	AllowedErrors       float64  `json:"allowed_errors"`        // over the covered part of the window
	BurnedRatio         *float64 `json:"burned_ratio"`          // share of the window's budget that the period burned
	RemainingRatio      *float64 `json:"remaining_ratio"`       // of the window's budget, at the end of the period
	BurnRate            *float64 `json:"burn_rate"`             // over the period; 1 uses the budget up in its window
	RawBurnRate         *float64 `json:"raw_burn_rate"`         // maintenance included
	ExhaustionSeconds   *float64 `json:"exhaustion_seconds"`    // until nothing is left at this rate
	BurnedMinutes       *float64 `json:"burned_minutes"`        // minutes of full outage that would have cost as much
	AllowedMinutes      *float64 `json:"allowed_minutes"`       // minutes of full outage that the window allows
	Met                 bool     `json:"met"`                   // the period kept the objective
	Exhausted           bool     `json:"exhausted"`             // nothing is left
	PairedBurnedRatio   *float64 `json:"paired_burned_ratio"`   // of the window's budget, by pairs in the period
	PairedGivesMinutes  *float64 `json:"paired_gives_minutes"`  // minutes of budget that fixing them gives back
	PairedLeastMinutes  *float64 `json:"paired_least_minutes"`  // lower end of its 95 % interval
	ObservedTargetRatio float64  `json:"observed_target_ratio"` // share of good requests in the window
}

// Paired is the part of a route's errors that is in pairs at a fingerprint's lag.
type Paired struct {
	Fingerprint string             `json:"fingerprint"`
	Labels      []string           `json:"labels"`
	LookAlike   bool               `json:"look_alike"`
	Ratio       *finding.Interval  `json:"error_ratio"` // share of all errors of the period; null: too few to say
	Errors      *finding.Interval  `json:"errors"`
	Lag         *finding.Interval  `json:"lag_seconds"`
	Level       string             `json:"level"`
	Histogram   *finding.Histogram `json:"histogram"`

	lags chart.Range
}

// Week is one of the last periods of the same length.
type Week struct {
	Name     string   `json:"name"`
	Requests *int64   `json:"requests"`
	Errors   int64    `json:"errors"`
	BurnRate *float64 `json:"burn_rate"`
	Mates    float64  `json:"errors_with_mate"` // errors that have another one at the lag, chance included
	Covered  float64  `json:"covered_ratio"`
}

// Judgment is the verdict on a route and fingerprint at the end of the period.
type Judgment struct {
	Fingerprint string          `json:"fingerprint"`
	Verdict     finding.Verdict `json:"verdict"`
	Reasons     []string        `json:"reasons"`
	Labels      []string        `json:"labels"`
	Advice      string          `json:"advice"`
	Checks      []finding.Check `json:"checks"` // what other counters say, where something could be told
	Causes      []finding.Cause `json:"causes"` // that the checks speak for, the likeliest first
}

// Hours is the timeline of a route.
type Hours struct {
	Start       time.Time `json:"start"`
	StepSeconds int       `json:"step_seconds"`
	Errors      []float64 `json:"errors"`
	Mates       []float64 `json:"errors_with_mate"` // null: no pairs are proven
}

// Other is a finding that burns no budget: of another signal, or of all routes together.
type Other struct {
	finding.Key
	Verdict   finding.Verdict    `json:"verdict"`
	Labels    []string           `json:"labels"`
	Errors    int64              `json:"errors"`
	Lag       *finding.Interval  `json:"lag_seconds"`
	Ratio     *finding.Interval  `json:"pair_ratio"`
	Histogram *finding.Histogram `json:"histogram"`
	Members   []finding.Member   `json:"members"`
	Checks    []finding.Check    `json:"checks"`
	Causes    []finding.Cause    `json:"causes"`

	lags chart.Range
}

// Change is a change of verdict within the period.
type Change struct {
	At time.Time `json:"at"`
	finding.Key
	From string `json:"from"`
	To   string `json:"to"`
}

// Step is something to do.
type Step struct {
	Title  string   `json:"title"`
	Text   string   `json:"text"`
	Routes []string `json:"routes"`
	Anchor string   `json:"runbook_anchor"` // heading of the runbook, empty for none
}

// Excluded is a stretch that does not count.
type Excluded struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Reason string    `json:"reason"`
}

// Quality says what was seen, and what was not.
type Quality struct {
	finding.Quality
	Missing  []Excluded `json:"missing"`  // stretches of the period without any scrape
	Unseen   []Unseen   `json:"unseen"`   // what the detector could not judge, and why
	Failed   []string   `json:"failed"`   // what could not be read
	Notes    []string   `json:"notes"`    // what else a reader must know
	Warnings []string   `json:"warnings"` // of Prometheus
}

// Unseen is a reason why routes are undecided.
type Unseen struct {
	Reason string   `json:"reason"`
	Means  string   `json:"means"`
	Routes []string `json:"routes"`
}

// SourceState is what a source counted.
type SourceState struct {
	Name         string   `json:"name"`
	Signal       string   `json:"signal"`
	Errors       int64    `json:"errors"`
	Increase     *float64 `json:"prometheus_increase"`
	IncreaseNote string   `json:"prometheus_increase_note"`
	HasRequests  bool     `json:"has_requests"`
}

// round makes a whole number of a count.
func round(v float64) int64 { return int64(v + 0.5) }

// Package finding holds the data that the parts of ghostpair hand to each other and to the
// outside: findings, their evidence, and what is known about the quality of the input. It is
// data only: no clock, no I/O and no decisions.
package finding

import "time"

// DocumentVersion is the version of the JSON document.
const DocumentVersion = 1

// Document is what backfill prints and what the API serves: every tested combination of source,
// signal, route and fingerprint over one window. Times are UTC, durations seconds, ratios 0–1.
// A pointer that is nil is a value that does not exist: it is printed as null.
type Document struct {
	Version             int                 `json:"version"`
	Origin              time.Time           `json:"origin"` // the instant from which everything was read
	Window              Window              `json:"window"`
	FalseAlarmsPerMonth float64             `json:"false_alarms_per_month"`
	Streams             map[string]int      `json:"streams"`         // N of each timing source
	ThresholdLog10      map[string]*float64 `json:"threshold_log10"` // log10 of A of each timing source
	Findings            []Finding           `json:"findings"`
	Quality             Quality             `json:"quality"`
	FailedWindows       []FailedWindow      `json:"failed_windows"`
	Warnings            []string            `json:"warnings"`
}

// Window is the half-open stretch of time (Start, End].
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// FailedWindow is a stretch of a source that could not be read.
type FailedWindow struct {
	Source string `json:"source"`
	Window
	Reason string `json:"reason"` // one of the closed set of reasons of the sources package
	Error  string `json:"error"`  // free of credentials
}

// Quality counts what was read and what was wrong with it.
type Quality struct {
	Series         int   `json:"series"`
	Samples        int64 `json:"samples"`
	Births         int64 `json:"births"`          // series that appeared on a target already scraped
	Baselines      int64 `json:"baselines"`       // births above 100, taken as a starting value
	Renames        int64 `json:"renames"`         // births that continued a series which vanished
	Resets         int64 `json:"resets"`          // counters that fell
	Gaps           int64 `json:"gaps"`            // irregular scrape intervals
	Late           int64 `json:"late"`            // samples that came after their time was settled
	UnroutedSeries int   `json:"unrouted_series"` // series whose labels gave no route
	RoutesDropped  int   `json:"routes_dropped"`  // routes beyond limits.routes
}

// Add adds the counts of other to q.
func (q *Quality) Add(other Quality) {
	q.Series += other.Series
	q.Samples += other.Samples
	q.Births += other.Births
	q.Baselines += other.Baselines
	q.Renames += other.Renames
	q.Resets += other.Resets
	q.Gaps += other.Gaps
	q.Late += other.Late
	q.UnroutedSeries += other.UnroutedSeries
	q.RoutesDropped += other.RoutesDropped
}

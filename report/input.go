package report

import (
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/slo"
)

// Input is all that a report is made of.
type Input struct {
	Period     slo.Period // in the time zone of the report
	Now        time.Time  // a period that has not ended at Now is partial
	Prometheus string     // address, free of credentials
	Version    string     // of the program
	RunbookURL string

	Axis     Axis // covers the period and the windows of all objectives
	Coverage *Coverage
	Sources  []Source
	// Findings are those at the end of the period, of a detector that read all of Axis.
	Findings finding.Document

	Fingerprints []score.Fingerprint
	Objectives   []Objective // the first one that matches a route holds
	Maintenance  []Maintenance
	Ignored      []Ignored
	Notes        []string // what else a reader must know, such as what could not be read
}

// Source is a source of errors that burn budgets.
type Source struct {
	Name, Signal string
	Errors       *Errors
	Requests     *Requests // nil: not known, then there is no budget
	// Increase is what Prometheus's own increase() gives over the period, by route; nil: not asked.
	Increase     map[string]float64
	IncreaseNote string // why Increase is missing, or not of the whole period at once
}

// Objective is a target for routes.
type Objective struct {
	Pattern string // as configured
	Match   func(route string) bool
	slo.Objective
}

// Maintenance is a stretch that does not count.
type Maintenance struct {
	slo.Span
	Reason string
}

// Ignored is a known mechanism whose pairs are not reported.
type Ignored struct {
	Route       string     `json:"route"`
	Fingerprint string     `json:"fingerprint"` // empty: all
	Reason      string     `json:"reason"`
	Until       *time.Time `json:"until"`
}

// end returns where the period ends, or now when that is earlier.
func (in *Input) end() time.Time {
	if in.Now.Before(in.Period.End) {
		return in.Now
	}
	return in.Period.End
}

// span is the part of the period that is over.
func (in *Input) span() slo.Span { return slo.Span{From: in.Period.Start, To: in.end()} }

// excluded are the stretches of maintenance, without overlaps.
func (in *Input) excluded() []slo.Span {
	var all []slo.Span
	for _, m := range in.Maintenance {
		all = append(all, m.Span)
	}
	return slo.Union(all)
}

// objective returns the one that holds for a route.
func (in *Input) objective(route string) (Objective, bool) {
	for _, o := range in.Objectives {
		if o.Match(route) {
			return o, true
		}
	}
	return Objective{}, false
}

func (in *Input) fingerprint(name string) (score.Fingerprint, bool) {
	for _, fp := range in.Fingerprints {
		if fp.Name == name {
			return fp, true
		}
	}
	return score.Fingerprint{}, false
}

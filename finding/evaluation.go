package finding

import "time"

// Evaluation is what the service knows at one watermark: the document of findings and the state
// of routes and sources that only the metrics show. It is immutable once published.
type Evaluation struct {
	Document
	Routes  []Route
	Sources []Source
	NLB     []NLBSample
}

// Route is the part of a route's state that does not depend on a fingerprint.
type Route struct {
	Source, Signal, Route string
	Errors                int64         // since the end of warm-up, births included
	Created               time.Time     // the end of warm-up: from when Errors and Interarrival count
	Interarrival          LagCounts     // since the end of warm-up
	ScrapeInterval        time.Duration // the coarsest of the route's targets; 0 when unknown
	LastSample            time.Time     // newest sample seen; zero when none
}

// InterarrivalEdges is the number of upper edges, 1 s … 17 s, of the interarrival histogram.
const InterarrivalEdges = 17

// LagCounts is a histogram of the lags between any two errors of a route that are at most 17 s
// apart. Bins[i] counts the lags in (i, i+1] seconds.
type LagCounts struct {
	Bins       [InterarrivalEdges]uint64
	SumSeconds float64
}

// Source is the state of one source.
type Source struct {
	Name            string
	Kind            string // envoy or nlb
	Timing          bool   // whether it feeds the detector
	Watermark       time.Time
	LastSuccess     time.Time // wall clock of the last successful read
	Series          int       // matched by the last read
	Protocol        string    // the reader in use
	Quality         Quality   // since the origin
	Streams, Routes int
	ThresholdLog10  *float64
	UserDefined     bool // written by the user, not a default
	SiblingsPresent bool // `up` of its jobs or sibling series exist: an empty selector is no mistake
}

// Unmatched tells whether the source was read, matches nothing, and nothing explains it: its selector
// is wrong, or what it selects is not scraped. Of a default source it says nothing, since most
// installations lack what some of them select.
func (s *Source) Unmatched() bool {
	return s.UserDefined && s.Series == 0 && !s.SiblingsPresent && !s.LastSuccess.IsZero()
}

// NLBSample is the newest value of one series of an NLB exporter.
type NLBSample struct {
	LoadBalancer, TargetGroup, AvailabilityZone, Metric string
	Value                                               float64
	At                                                  time.Time
	PeriodSeconds                                       float64 // spacing of its samples; 0 when unknown
}

// Package config reads the configuration of ghostpair: YAML into checked values. A file that has
// mistakes yields all of them at once, each with its line, its place and what to do about it; a
// file that has none yields a complete configuration, in which every omitted key has its default.
package config

import (
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/relabel"
)

// Config is a complete and checked configuration. It is not changed after it has been parsed.
type Config struct {
	Prometheus              Prometheus
	Evaluate                Evaluate
	FalseAlarmsPerMonth     float64 // false `paired` a month, over everything that is watched
	FalseSuspicionsPerMonth float64 // false `suspected` a month
	ClearBelow              float64 // ratio: `clear` when pairs are surely a smaller share of the errors
	Fingerprints            []Fingerprint
	Sources                 []Source
	Ignore                  []Ignore
	Diagnosis               Diagnosis
	Limits                  Limits
	Objectives              []Objective
	Maintenance             []Maintenance
	Report                  Report

	warnings []Problem
}

// Prometheus is the server that is read, or several that watch the same.
type Prometheus struct {
	URL         string   // http or https, may carry user information: see RedactedURL; the first of URLs where there are some
	URLs        []string // of several servers; nil: there is one
	HTTP        promconfig.HTTPClientConfig
	Protocol    string        // one of the Protocol constants
	Timeout     time.Duration // to the first byte of an answer, and between its frames
	Concurrency int           // requests in flight
}

// Values of Prometheus.Protocol.
const (
	ProtocolAuto       = "auto"        // remote read where the server has it
	ProtocolRemoteRead = "remote_read" // remote read only
	ProtocolQuery      = "query"       // the query API only
)

// Evaluate is how the service goes through time.
type Evaluate struct {
	Every   time.Duration // how often it advances
	Delay   time.Duration // how far behind now it stays
	History time.Duration // how far back a first start reads
}

// Fingerprint is a lag interval [Lo, Hi] that a mechanism leaves between two errors.
type Fingerprint struct {
	Name   string
	Lo, Hi time.Duration
}

// Kinds of sources.
const (
	KindEnvoy = "envoy" // counters of a proxy: tested for pairs
	KindNLB   = "nlb"   // gauges of a CloudWatch exporter: shown, never used for timing
)

// Signals that have a default selector.
const (
	Signal5xx            = "5xx"
	SignalConnectTimeout = "connect_timeout"
)

// Source is one selector and what its labels mean.
type Source struct {
	Name           string
	Kind           string // one of the Kind constants
	Signal         string // what the counter counts; empty for nlb
	Selector       string // a PromQL series selector
	Requests       string // selector of all requests, for the report; may be empty
	RouteLabels    []string
	TargetLabels   []string
	ViewLabels     []string
	ScrapeInterval time.Duration     // 0: found from the samples
	Delay          time.Duration     // how much later than evaluate.delay its samples come
	Exclude        map[string]string // label: anchored regular expression of values to leave out
	RelabelConfigs []*relabel.Config
	UserDefined    bool // written in the file, not a default
}

// Timing tells whether the source feeds the detector.
func (s Source) Timing() bool { return s.Kind == KindEnvoy }

// Ignore is a known mechanism: routes whose pairs at a fingerprint are not reported.
type Ignore struct {
	Route       string // anchored regular expression
	Fingerprint string // empty: all
	Reason      string
	Until       time.Time // zero: for ever
}

// Limits bound what ghostpair holds.
type Limits struct {
	Routes int // routes of a source
}

// Objective is a target for the share of good requests, for the report.
type Objective struct {
	Route  string // anchored regular expression
	Target float64
	Window time.Duration
}

// Maintenance is a stretch of time that the report leaves out of the error budget.
type Maintenance struct {
	From, To time.Time
	Reason   string
}

// Report is how the weekly report is cut.
type Report struct {
	TimeZone *time.Location
	Schedule string // one of the Schedule constants
}

// The schedules of the report that the service writes.
const (
	ScheduleWeekly = "weekly" // one for each week, when it has ended
	ScheduleNone   = "none"   // the report command alone makes reports
)

// Warnings returns what is allowed but probably not meant, such as a delay shorter than a scrape
// may take.
func (c *Config) Warnings() []Problem { return c.warnings }

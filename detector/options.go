package detector

import "github.com/ghostpair/ghostpair/detector/score"

// Options say what a detector tests.
type Options struct {
	Source, Signal string
	Fingerprints   []score.Fingerprint
	Tables         *score.Cache

	// FalseAlarmsPerMonth is how many false alarms all streams of this detector together may raise per
	// 720 hours, in expectation.
	FalseAlarmsPerMonth float64

	// ClearBelow is the share of errors in pairs below which a route is clear. 0: the default, 10 %.
	ClearBelow float64

	// Ignore tells whether a route is not to be tested for a fingerprint; nil: none. It is asked when a
	// route is first seen, and at every UTC hour. Ignored streams run no trials, neither for themselves
	// nor for the pooled stream, and do not raise the threshold of the others.
	Ignore func(route, fingerprint string, atMillis int64) bool
}

// Coverage answers when targets and units were scraped. The answers about a time must depend only
// on what was known before that time.
type Coverage interface {
	// Coverage returns the time of the latest scrape of a target before beforeMillis, and the start of the
	// unbroken stretch of regular scrapes that ends there; not ok when there was none.
	Coverage(targetID int32, beforeMillis int64) (coveredFromMillis, lastMillis int64, ok bool)
	// Covered returns how much of (left, right] lies inside regular scrape intervals of a target.
	Covered(targetID int32, leftMillis, rightMillis int64) int64
	// Span returns how much of (left, right] lies between the target's first and last scrape.
	Span(targetID int32, leftMillis, rightMillis int64) int64
	// Exposure returns in how much of (left, right] at least one of the targets was covered.
	Exposure(targetIDs []int32, leftMillis, rightMillis int64) int64
	// Sampled tells whether a unit had a sample in a UTC hour, counted from 1970.
	Sampled(unitID int32, hour int64) bool
	// LastSample returns the time of the newest sample of a unit, 0 when there was none.
	LastSample(unitID int32) int64
}

const (
	hourMillis  = 3_600_000
	dayMillis   = 24 * hourMillis
	monthHours  = 720 // of the false-alarm budget
	activeHours = 720 // without a cell, after which a stream no longer counts in the threshold

	lookbackHours    = 24  // the hours that verdicts other than paired look at
	maxLookbackHours = 168 // as far as they are extended while there are too few cells
	historyDays      = 7   // of the lag histograms
	holdHours        = 24  // covered hours after which an unconfirmed verdict resolves
	goneHours        = 24  // hours without a sample after which a route leaves

	minThreshold = 1e4
	guard        = 100.0 // an alarm needs this many times the injected wealth
	confirmation = 20.0  // so does a confirmation
	minCells     = 74    // fewer cells cannot bound the share of pairs below 10 %, even without any mate
	maxHits      = 3     // cells in the window of a trial, above which it is void

	defaultClearBelow = 0.1
	notable           = 1.5 // score of a trial that is counted as one that carried the evidence
)

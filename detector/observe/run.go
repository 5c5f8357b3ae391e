// Package observe turns raw samples into what the detector needs: the scrape intervals in which
// counters of a route grew, as half-open intervals (Left, Right], and the stretches of time that
// were covered by regular scrapes. Resets, births, renames, gaps, and several views of the same
// counter are handled here. All times are Unix milliseconds.
package observe

// Run is a stretch of equally spaced samples of one series with one value: Count samples at
// FirstMillis, FirstMillis+StepMillis, and so on. StepMillis is 0 when Count is 1. Stale markers
// are never part of a run; NaN, infinite and negative values are, as they came, and count as
// missed samples.
type Run struct {
	FirstMillis int64
	StepMillis  int64
	Count       int64
	Value       float64
}

// LastMillis is the time of the last sample of the run.
func (r Run) LastMillis() int64 { return r.FirstMillis + (r.Count-1)*r.StepMillis }

// TargetView is one view of a target: the target as one scrape job of one Prometheus sees it.
type TargetView struct {
	Target string // the counting process, such as cluster / namespace / pod
	View   string // the view labels, joined; equal for the counters and the `up` of one view
}

// SeriesID names a counter series of a source. Series that agree in all but View are views of one
// counter and are never added; series that differ in Counter are distinct counters.
type SeriesID struct {
	Route   string // what is alerted on
	Target  string
	View    string
	Counter string // all labels but the view labels, joined
}

// Sink receives what a reader reads. A reader calls Scrapes for every target view before the first
// call of Series; it may call either several times for one view or series, with runs in time
// order. The slice is only valid during the call.
type Sink interface {
	// Scrapes hands over the samples of `up` of one target view: value 1 is a successful scrape.
	Scrapes(view TargetView, runs []Run)
	// Series hands over the samples of one counter series.
	Series(id *SeriesID, runs []Run)
}

// AliasSink is a Sink that is told of views that have another name. Metric relabelling may give the counters of
// a target labels that its `up` lacks: until its first counter is born the view is known by the name that
// `up` gives it.
type AliasSink interface {
	Sink
	// Alias says that the scrapes of a view are those of a known one, also before they were handed over. It
	// comes before them.
	Alias(known, as TargetView)
}

// ReadStats is what a reader says about one read.
type ReadStats struct {
	Protocol        string   // the reader that answered
	Streamed        bool     // samples were handed over as they came in, so that longer stretches take no more memory
	Series          int      // counter series matched, `up` not included
	Samples         int64    // samples decoded, `up` included
	UnroutedSeries  int      // series whose labels gave no route
	SiblingsPresent bool     // `up` of the source's jobs, or any series of the source, was there
	Warnings        []string // what the server warned of, free of credentials
}

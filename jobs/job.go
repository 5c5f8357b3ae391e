package jobs

import (
	"slices"
	"time"
)

// State is where a job is in its life.
type State string

// A job is queued, then running, and then in one of the others, from which it may be started again.
const (
	Queued      State = "queued"
	Running     State = "running"
	Done        State = "done"        // it has a result
	Failed      State = "failed"      // it could not be done
	Cancelled   State = "cancelled"   // a user stopped it
	Interrupted State = "interrupted" // the process stopped, or what it had was lost
)

// States lists all states, in the order of the constants.
func States() []State { return []State{Queued, Running, Done, Failed, Cancelled, Interrupted} }

// Ended tells whether nothing happens to a job in that state any more.
func (s State) Ended() bool { return s != Queued && s != Running }

// Request is what to look for, and where.
type Request struct {
	Start        time.Time     `json:"start"`
	End          time.Time     `json:"end"`
	LeadIn       time.Duration `json:"lead_in_nanoseconds"` // is read before Start
	Sources      []string      `json:"sources"`             // names; empty: all
	Fingerprints []string      `json:"fingerprints"`        // names or ranges of lags; empty: all
	Selector     string        `json:"selector"`            // in place of the sources; empty: none
	RouteLabels  []string      `json:"route_labels"`        // of the selector
}

// Progress is how far a running job has come.
type Progress struct {
	Ratio     float64   `json:"ratio"` // of the time that is to be read, 0–1
	Watermark time.Time `json:"watermark"`
	Samples   int64     `json:"samples"` // read so far
	Paired    int       `json:"paired"`  // findings that are paired so far
}

// Job is a backfill and what has become of it. Times that are zero have not come.
type Job struct {
	ID       string    `json:"id"`
	Request  Request   `json:"request"`
	State    State     `json:"state"`
	Partial  bool      `json:"partial"` // done, but some stretches could not be read
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started"` // the last time, if it was started again
	Ended    time.Time `json:"ended"`
	Progress Progress  `json:"progress"`
	Error    string    `json:"error"`

	Warnings []string `json:"-"` // about keeping it
}

// SamplesPerSecond returns how fast the job reads, or read until it ended; false when that is not
// known.
func (j Job) SamplesPerSecond(now time.Time) (float64, bool) {
	took := j.took(now).Seconds()
	if took <= 0 || j.Progress.Samples == 0 {
		return 0, false
	}
	return float64(j.Progress.Samples) / took, true
}

// Remaining estimates how much longer a running job takes, as if the rest of the time held as much
// as what has been read; false when that is not known.
func (j Job) Remaining(now time.Time) (time.Duration, bool) {
	done := j.Progress.Ratio
	if j.State != Running || done <= 0 {
		return 0, false
	}
	return time.Duration(float64(j.took(now)) * (1 - done) / done), true
}

func (j Job) took(now time.Time) time.Duration {
	switch {
	case j.Started.IsZero():
		return 0
	case j.Ended.IsZero():
		return now.Sub(j.Started)
	default:
		return j.Ended.Sub(j.Started)
	}
}

// entry is a job in the queue.
type entry struct {
	job    Job
	cancel func() // while it runs
	result []byte // the document; nil: there is none, or it is on disk

	recordErr, resultErr error // why they are not on disk
}

// view returns the job as others may see it.
func (e *entry) view() Job {
	job := e.job
	job.Warnings = nil
	if e.recordErr != nil {
		job.Warnings = append(job.Warnings, "the job is kept in memory only: "+e.recordErr.Error())
	}
	if e.resultErr != nil {
		job.Warnings = append(job.Warnings, "the result is kept in memory only: "+e.resultErr.Error())
	}
	return job
}

// end brings a job to one of the last states.
func (e *entry) end(state State, now time.Time, reason string) {
	e.job.State, e.job.Ended, e.job.Error = state, now, reason
	e.cancel = nil
}

// newestFirst orders entries by when their jobs were created, or by another of their times.
func newestFirst(entries []*entry, at func(Job) time.Time) {
	slices.SortFunc(entries, func(a, b *entry) int {
		if c := at(b.job).Compare(at(a.job)); c != 0 {
			return c
		}
		if a.job.ID < b.job.ID {
			return 1
		}
		return -1
	})
}

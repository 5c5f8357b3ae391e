package main

import (
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/jobs"
	"github.com/ghostpair/ghostpair/web"
)

// backfills lets the API reach the queue of jobs.
type backfills struct {
	queue  *jobs.Queue
	config func() *config.Config // in use
}

// badRequest is a request that makes no sense.
type badRequest struct{ error }

func (badRequest) ErrorType() string { return "bad_data" }
func (b badRequest) Unwrap() error   { return b.error }

func (b backfills) Start(asked web.BackfillRequest) (web.BackfillJob, error) {
	request, err := jobRequest(asked, b.config(), time.Now())
	if err != nil {
		return web.BackfillJob{}, badRequest{err}
	}
	return shown(b.queue.Submit(request))
}

func (b backfills) Restart(id string) (web.BackfillJob, error) { return shown(b.queue.Restart(id)) }

func (b backfills) Delete(id string) (web.BackfillJob, error)  { return shown(b.queue.Delete(id)) }
func (b backfills) Job(id string) (web.BackfillJob, error)     { return shown(b.queue.Job(id)) }
func (b backfills) Result(id string) (finding.Document, error) { return b.queue.Result(id) }

func (b backfills) List() []web.BackfillJob {
	list := []web.BackfillJob{}
	for _, job := range b.queue.List() {
		list = append(list, shownAt(job, time.Now()))
	}
	return list
}

func shown(job jobs.Job, err error) (web.BackfillJob, error) { return shownAt(job, time.Now()), err }

// shownAt returns what the API says about a job.
func shownAt(job jobs.Job, now time.Time) web.BackfillJob {
	out := web.BackfillJob{
		ID: job.ID, State: string(job.State), Partial: job.Partial,
		Request: web.BackfillSettings{
			Start: job.Request.Start, End: job.Request.End, LeadInSeconds: job.Request.LeadIn.Seconds(),
			Sources: notNil(job.Request.Sources), Fingerprints: notNil(job.Request.Fingerprints),
			Selector: job.Request.Selector, RouteLabels: notNil(job.Request.RouteLabels),
		},
		Created: job.Created, Started: timeOrNil(job.Started), Ended: timeOrNil(job.Ended),
		Progress: web.BackfillProgress{
			Ratio: job.Progress.Ratio, Watermark: timeOrNil(job.Progress.Watermark),
			Samples: job.Progress.Samples, Paired: job.Progress.Paired,
		},
		Error: job.Error, Warnings: notNil(job.Warnings),
	}
	if rate, ok := job.SamplesPerSecond(now); ok {
		out.Progress.SamplesPerSecond = &rate
	}
	if rest, ok := job.Remaining(now); ok {
		seconds := rest.Seconds()
		out.Progress.RemainingSeconds = &seconds
	}
	return out
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// notNil makes JSON show an empty list as one.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

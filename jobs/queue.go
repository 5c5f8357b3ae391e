// Package jobs runs backfills that users ask the service for: one at a time, a few more may wait,
// and results are kept for a while. What a backfill is, is none of its concern: it is given a function.
//
// With a directory, jobs and their results are files in it, and a new process lists them again. What
// was running or waiting when the process ended, in whatever way, is interrupted then: nothing reads
// a Prometheus only because ghostpair was restarted.
package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Run does a backfill. It says how far it has come as often as it likes, and ends soon after its
// context does. A document with failed windows is a result in part.
type Run func(ctx context.Context, r Request, progress func(Progress)) (finding.Document, error)

// Options are what a queue is made of. Run has no default.
type Options struct {
	Run       Run
	Directory string        // where jobs are kept; empty: in memory
	Waiting   int           // jobs that may wait while one runs; 0: 4
	Keep      time.Duration // how long jobs are kept after they ended; 0: 7 days
	KeepJobs  int           // how many of them; 0: 100
	Logger    *slog.Logger  // nil: silent
}

// memoryResults is how many results are kept that are not on disk.
const memoryResults = 10

// Queue holds the jobs. It is safe for concurrent use; one goroutine calls Work.
type Queue struct {
	options Options
	store   *store // nil: none
	wake    chan struct{}

	saving sync.Mutex // of the directory. Taken before mu, which is never held while a disk is waited for

	mu      sync.Mutex // of all below
	entries map[string]*entry
	waiting []*entry // first come, first served
	closed  bool     // Work has ended
}

// New returns a queue with the jobs that are in its directory, which is made when it is missing.
func New(o Options) (*Queue, error) {
	if o.Waiting <= 0 {
		o.Waiting = 4
	}
	if o.Keep <= 0 {
		o.Keep = 7 * 24 * time.Hour
	}
	if o.KeepJobs <= 0 {
		o.KeepJobs = 100
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	q := &Queue{options: o, wake: make(chan struct{}, 1), entries: make(map[string]*entry)}
	if o.Directory == "" {
		return q, nil
	}
	var err error
	if q.store, err = newStore(o.Directory); err != nil {
		return nil, err
	}
	return q, q.load()
}

// Submit puts a new job at the end of the queue. It is refused when too many wait already.
func (q *Queue) Submit(r Request) (Job, error) {
	now := time.Now().UTC()
	e := &entry{job: Job{ID: newID(now), Request: r, Created: now}}
	q.mu.Lock()
	err := q.enqueue(e)
	if err == nil {
		q.entries[e.job.ID] = e
	}
	q.mu.Unlock()
	if err != nil {
		return Job{}, err
	}
	return q.saved(e), nil
}

// Restart puts a job that has ended at the end of the queue, as if it were new, with the same
// request. One that has a whole result is refused.
func (q *Queue) Restart(id string) (Job, error) {
	q.mu.Lock()
	e, err := q.find(id)
	switch {
	case err != nil:
	case !e.job.State.Ended():
		err = conflict(e.job, "it cannot be started again before it has ended")
	case e.job.State == Done && !e.job.Partial:
		err = conflict(e.job, "ask for a new one to see what is there now")
	default:
		err = q.enqueue(e)
	}
	q.mu.Unlock()
	if err != nil {
		return Job{}, err
	}
	return q.saved(e), nil
}

// enqueue makes a job wait. The caller holds the lock.
func (q *Queue) enqueue(e *entry) error {
	pending := 0
	for _, other := range q.entries {
		if !other.job.State.Ended() {
			pending++
		}
	}
	switch {
	case q.closed:
		return stopped()
	case pending > q.options.Waiting: // one of them runs
		return full(pending)
	}
	*e = entry{job: Job{ID: e.job.ID, Request: e.job.Request, Created: e.job.Created, State: Queued}}
	q.waiting = append(q.waiting, e)
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// Delete cancels a job that is waiting or running, and forgets one that has ended, with its result.
// It returns what became of the job.
func (q *Queue) Delete(id string) (Job, error) {
	q.mu.Lock()
	e, err := q.find(id)
	if err != nil {
		q.mu.Unlock()
		return Job{}, err
	}
	if e.job.State.Ended() {
		delete(q.entries, id)
	} else {
		if e.cancel != nil {
			e.cancel()
		}
		q.waiting = slices.DeleteFunc(q.waiting, func(other *entry) bool { return other == e })
		e.end(Cancelled, time.Now().UTC(), "")
	}
	q.mu.Unlock()
	return q.saved(e), nil
}

// saved brings the directory in line with a job, which it returns.
func (q *Queue) saved(e *entry) Job {
	q.save(e.job.ID) // the ID never changes
	q.mu.Lock()
	defer q.mu.Unlock()
	return e.view()
}

// find returns a job's entry. The caller holds the lock.
func (q *Queue) find(id string) (*entry, error) {
	if e := q.entries[id]; e != nil {
		return e, nil
	}
	return nil, notFound(id)
}

// Job returns one job.
func (q *Queue) Job(id string) (Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, err := q.find(id)
	if err != nil {
		return Job{}, err
	}
	return e.view(), nil
}

// List returns all jobs, the newest first.
func (q *Queue) List() []Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	var entries []*entry
	for _, e := range q.entries {
		entries = append(entries, e)
	}
	newestFirst(entries, func(j Job) time.Time { return j.Created })
	list := []Job{}
	for _, e := range entries {
		list = append(list, e.view())
	}
	return list
}

// Counts returns how many jobs there are in each state, none included.
func (q *Queue) Counts() map[string]int {
	counts := make(map[string]int)
	for _, s := range States() {
		counts[string(s)] = 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.entries {
		counts[string(e.job.State)]++
	}
	return counts
}

// Result returns the findings of a job that is done.
func (q *Queue) Result(id string) (finding.Document, error) {
	q.mu.Lock()
	e, err := q.find(id)
	var job Job
	var data []byte
	if err == nil {
		job, data = e.job, e.result
	}
	q.mu.Unlock()
	switch {
	case err != nil:
		return finding.Document{}, err
	case !job.State.Ended():
		return finding.Document{}, conflict(job, "it has no result yet")
	case job.State != Done:
		return finding.Document{}, conflict(job, "it has no result")
	}
	if data == nil {
		if data, err = q.store.result(id); err != nil {
			return finding.Document{}, err
		}
	}
	var document finding.Document
	if err := json.Unmarshal(data, &document); err != nil {
		return finding.Document{}, fmt.Errorf("the result of backfill job %q is damaged: %w", id, err)
	}
	return document, nil
}

// newID returns a name that sorts by time.
func newID(now time.Time) string {
	return now.Format("20060102-150405-") + strings.ToLower(rand.Text()[:6])
}

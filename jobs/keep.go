package jobs

import "time"

// load takes over the jobs of an earlier process.
func (q *Queue) load() error {
	all, problems, err := q.store.jobs()
	if err != nil {
		return err
	}
	for _, problem := range problems {
		if problem != nil {
			q.options.Logger.Warn("Reading backfill jobs", "err", problem)
		}
	}
	now := time.Now().UTC()
	for _, job := range all {
		e := &entry{job: job}
		q.entries[job.ID] = e
		switch {
		case !job.State.Ended():
			e.end(Interrupted, now, "ghostpair was stopped before it ended")
		case job.State == Done && !q.store.hasResult(job.ID):
			e.end(Interrupted, now, "its result is not on disk")
		default:
			continue
		}
		q.save(job.ID)
	}
	return nil
}

// save brings the directory in line with what is known about a job now.
func (q *Queue) save(id string) {
	if q.store == nil {
		return
	}
	q.saving.Lock()
	defer q.saving.Unlock()
	q.mu.Lock()
	e, known := q.entries[id]
	var job Job
	if known {
		job = e.job
	}
	q.mu.Unlock()
	if !known {
		if err := q.store.remove(id); err != nil {
			q.options.Logger.Error("Removing a backfill job", "job", id, "err", err)
		}
		return
	}
	err := q.store.putJob(job)
	if err != nil {
		q.options.Logger.Error("Saving a backfill job", "job", id, "err", err)
	}
	q.mu.Lock()
	e.recordErr = err
	q.mu.Unlock()
}

// saveResult tries again to write a result that is in memory only.
func (q *Queue) saveResult(e *entry) {
	q.saving.Lock()
	defer q.saving.Unlock()
	q.mu.Lock()
	data := e.result
	q.mu.Unlock()
	if data == nil {
		return
	}
	err := q.store.putResult(e.job.ID, data)
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.job.State != Done {
		return // it was started again
	}
	e.resultErr = err
	if err == nil {
		e.result = nil
	}
}

// sweep forgets jobs that have been kept long enough, and tries again to write what could not be
// written.
func (q *Queue) sweep() {
	q.forget(time.Now())
	if q.store == nil {
		return
	}
	q.mu.Lock()
	var unsaved []*entry
	for _, e := range q.entries {
		if e.result != nil || e.recordErr != nil {
			unsaved = append(unsaved, e)
		}
	}
	q.mu.Unlock()
	for _, e := range unsaved {
		q.saveResult(e)
		q.save(e.job.ID)
	}
}

// forget drops jobs that ended too long ago, and the oldest where there are too many.
func (q *Queue) forget(now time.Time) {
	q.mu.Lock()
	var ended, gone []*entry
	for _, e := range q.entries {
		if e.job.State.Ended() {
			ended = append(ended, e)
		}
	}
	newestFirst(ended, func(j Job) time.Time { return j.Ended })
	inMemory := 0
	for i, e := range ended {
		if e.result != nil {
			inMemory++
		}
		if i >= q.options.KeepJobs || now.Sub(e.job.Ended) > q.options.Keep || e.result != nil && inMemory > memoryResults {
			delete(q.entries, e.job.ID)
			gone = append(gone, e)
		}
	}
	q.mu.Unlock()
	for _, e := range gone {
		q.options.Logger.Info("A backfill job is forgotten", "job", e.job.ID, "state", e.job.State, "ended", e.job.Ended)
		q.save(e.job.ID)
	}
}

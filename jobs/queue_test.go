package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ghostpair/ghostpair/durable"
	"github.com/ghostpair/ghostpair/finding"
)

// start is where the clock of a bubble begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func request(hours int) Request {
	return Request{Start: start.Add(-time.Duration(hours) * time.Hour), End: start, Sources: []string{"envoy"}}
}

// hourly takes a minute for every hour, says how far it is after each, and finds one route in each.
func hourly(ctx context.Context, r Request, progress func(Progress)) (finding.Document, error) {
	hours := int(r.End.Sub(r.Start) / time.Hour)
	d := finding.Document{Version: 1, Window: finding.Window{Start: r.Start, End: r.End}}
	for i := range hours {
		select {
		case <-ctx.Done():
			return finding.Document{}, ctx.Err()
		case <-time.After(time.Minute):
		}
		at := r.Start.Add(time.Duration(i+1) * time.Hour)
		d.Findings = append(d.Findings, finding.Finding{Key: finding.Key{Route: fmt.Sprint("route ", i)}})
		progress(Progress{Ratio: float64(i+1) / float64(hours), Watermark: at, Samples: int64(i+1) * 600, Paired: i})
	}
	return d, nil
}

// open makes a queue and works it off until the test, or stop, ends it.
func open(t *testing.T, o Options) (q *Queue, stop func()) {
	t.Helper()
	if o.Run == nil {
		o.Run = hourly
	}
	q, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return q, work(t, q)
}

func work(t *testing.T, q *Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Work(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Work: %v", err)
		}
	}
}

func submit(t *testing.T, q *Queue, r Request) string {
	t.Helper()
	job, err := q.Submit(r)
	if err != nil {
		t.Fatal(err)
	}
	return job.ID
}

func get(t *testing.T, q *Queue, id string) Job {
	t.Helper()
	job, err := q.Job(id)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// states returns the states of all jobs, the newest first.
func states(q *Queue) string {
	var all []string
	for _, job := range q.List() {
		all = append(all, string(job.State))
	}
	return strings.Join(all, " ")
}

func errorType(err error) string {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.ErrorType()
	}
	return fmt.Sprint(err)
}

func TestJobRuns(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		synctest.Test(t, func(t *testing.T) {
			q, stop := open(t, Options{Directory: dir})
			defer stop()
			id := submit(t, q, request(4))
			if _, err := q.Result(id); errorType(err) != "conflict" {
				t.Errorf("the result before the end: %v, want a conflict", err)
			}
			time.Sleep(time.Minute + time.Second) // one of four hours has been read
			job := get(t, q, id)
			if job.State != Running || job.Progress != (Progress{Ratio: 0.25, Watermark: start.Add(-3 * time.Hour), Samples: 600}) {
				t.Errorf("after a minute: %+v", job)
			}
			// A quarter took 61 s, so the rest will take three times as long.
			if rest, ok := job.Remaining(time.Now()); !ok || rest != 183*time.Second {
				t.Errorf("remaining = %s, %t; want 3m3s", rest, ok)
			}
			if rate, ok := job.SamplesPerSecond(job.Started.Add(time.Minute)); !ok || rate != 10 {
				t.Errorf("samples a second = %g, %t; want 600 in a minute", rate, ok)
			}
			time.Sleep(3 * time.Minute)
			job = get(t, q, id)
			if job.State != Done || job.Partial || job.Progress.Ratio != 1 || job.Ended.Sub(job.Started) != 4*time.Minute || job.Error != "" || job.Warnings != nil {
				t.Errorf("at the end: %+v", job)
			}
			got, err := q.Result(id)
			want, _ := hourly(t.Context(), job.Request, func(Progress) {})
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("result = %+v, %v; want %+v", got, err, want)
			}
			if _, err := q.Restart(id); errorType(err) != "conflict" {
				t.Errorf("starting again what has a result: %v, want a conflict", err)
			}
		})
	}
}

func TestJobsWaitAndAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, stop := open(t, Options{Waiting: 2})
		defer stop()
		first, second, third := submit(t, q, request(1)), submit(t, q, request(1)), submit(t, q, request(1))
		if _, err := q.Submit(request(1)); errorType(err) != "too_many_requests" || !strings.Contains(err.Error(), "3 backfill jobs") {
			t.Errorf("a fourth job: %v, want too many", err)
		}
		time.Sleep(90 * time.Second)
		if got := []State{get(t, q, first).State, get(t, q, second).State, get(t, q, third).State}; !reflect.DeepEqual(got, []State{Done, Running, Queued}) {
			t.Errorf("states = %v, want first come, first served, one at a time", got)
		}
		if got := q.Counts(); got["done"] != 1 || got["running"] != 1 || got["queued"] != 1 || len(got) != len(States()) {
			t.Errorf("counts = %v", got)
		}
		submit(t, q, request(1)) // there is room again
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, stop := open(t, Options{Directory: t.TempDir()})
		defer stop()
		running, waiting, last := submit(t, q, request(100)), submit(t, q, request(1)), submit(t, q, request(1))
		time.Sleep(90 * time.Second)
		for _, id := range []string{running, waiting} {
			if job, err := q.Delete(id); err != nil || job.State != Cancelled || job.Ended.IsZero() {
				t.Errorf("cancelled: %+v, %v", job, err)
			}
		}
		time.Sleep(61 * time.Second) // the third begins at once
		if got := get(t, q, last).State; got != Done {
			t.Errorf("the job behind is %s, want done", got)
		}
		// It keeps how far it had come, and can be started again.
		if job := get(t, q, running); job.State != Cancelled || job.Progress.Samples != 600 {
			t.Errorf("after it has ended: %+v", job)
		}
		if job, err := q.Restart(waiting); err != nil || job.State.Ended() || !job.Ended.IsZero() {
			t.Errorf("started again: %+v, %v", job, err)
		}
		time.Sleep(61 * time.Second)
		if job := get(t, q, waiting); job.State != Done {
			t.Errorf("started again, it is %s, want done", job.State)
		}
		// What has ended is forgotten.
		if _, err := q.Delete(running); err != nil {
			t.Error(err)
		}
		for _, err := range []error{
			errorOf(q.Job(running)), errorOf(q.Delete(running)), errorOf(q.Restart(running)), errorOf(q.Result(running)), errorOf(q.Result("../x")),
		} {
			if errorType(err) != "not_found" {
				t.Errorf("a job that is forgotten: %v, want not found", err)
			}
		}
	})
}

func errorOf[T any](_ T, err error) error { return err }

// A run that does not listen holds the only place until it ends; then its result is not wanted.
func TestCancelOfDeafRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deaf := func(_ context.Context, r Request, progress func(Progress)) (finding.Document, error) {
			return hourly(context.Background(), r, progress)
		}
		q, stop := open(t, Options{Run: deaf})
		defer stop()
		id := submit(t, q, request(2))
		time.Sleep(30 * time.Second)
		if _, err := q.Delete(id); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Restart(id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the first run has read an hour
		if job := get(t, q, id); job.State != Queued || job.Progress.Samples != 0 {
			t.Errorf("while the cancelled run goes on: %+v, want it to wait", job)
		}
		time.Sleep(time.Minute)
		if job := get(t, q, id); job.State != Running || !job.Started.Equal(start.Add(2*time.Minute)) {
			t.Errorf("when it has ended: %+v", job)
		}
	})
}

func TestFailureAndPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("refused")
		q, stop := open(t, Options{Run: func(_ context.Context, r Request, _ func(Progress)) (finding.Document, error) {
			return finding.Document{FailedWindows: make([]finding.FailedWindow, 1)}, broken
		}})
		defer stop()
		id := submit(t, q, request(1))
		synctest.Wait()
		if job := get(t, q, id); job.State != Failed || job.Error != "refused" {
			t.Errorf("job = %+v, want failed and why", job)
		}
		if _, err := q.Result(id); errorType(err) != "conflict" {
			t.Errorf("result of a failed job: %v, want a conflict", err)
		}
		broken = nil
		if _, err := q.Restart(id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if job := get(t, q, id); job.State != Done || !job.Partial || job.Error != "" {
			t.Errorf("job = %+v, want done in part", job)
		}
		if _, err := q.Restart(id); err != nil {
			t.Errorf("starting again what is done in part: %v", err)
		}
	})
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q, stop := open(t, Options{Directory: dir})
		done, running, waiting := submit(t, q, request(1)), submit(t, q, request(9)), submit(t, q, request(1))
		time.Sleep(90 * time.Second)
		before := get(t, q, done)
		stop()
		if got := states(q); strings.Count(got, "interrupted") != 2 || get(t, q, done).State != Done {
			t.Errorf("after a stop: %s", got)
		}
		if _, err := q.Submit(request(1)); errorType(err) != "unavailable" {
			t.Errorf("a job for a queue that has stopped: %v", err)
		}
		// What a crash leaves behind: a record that says running, half a file, one of another version, junk.
		job := get(t, q, running)
		job.State, job.Ended, job.Error = Running, time.Time{}, ""
		if err := q.store.putJob(job); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{
			"x.job.json": `{"version": 1, "id": "x", "sta`, "y.job.json": `{"version": 2, "id": "y"}`,
			done + ".findings.json.tmp": "{", "README": "hello",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}

		q, stop = open(t, Options{Directory: dir})
		defer stop()
		if got := get(t, q, done); !reflect.DeepEqual(got, before) {
			t.Errorf("a job that was done is now\n%+v, was\n%+v", got, before)
		}
		if d, err := q.Result(done); err != nil || len(d.Findings) != 1 {
			t.Errorf("its result = %+v, %v", d, err)
		}
		for _, id := range []string{running, waiting} {
			if got := get(t, q, id); got.State != Interrupted || got.Error == "" || got.Ended.IsZero() || got.Request.LeadIn != 0 {
				t.Errorf("a job that was not done: %+v", got)
			}
		}
		if n := len(q.List()); n != 3 {
			t.Errorf("%d jobs, want 3", n)
		}
		if _, err := os.Stat(filepath.Join(dir, done+".findings.json.tmp")); err == nil {
			t.Error("half a file is still there")
		}
		if _, err := os.Stat(filepath.Join(dir, "x.job.json")); err != nil {
			t.Errorf("a record that cannot be read is gone: %v", err)
		}
		time.Sleep(time.Hour)
		if got := get(t, q, running).State; got != Interrupted {
			t.Errorf("nobody asked, but the job is %s", got)
		}
		if _, err := q.Restart(running); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if d, err := q.Result(running); err != nil || len(d.Findings) != 9 {
			t.Errorf("started again, it gives %d findings, %v; want 9", len(d.Findings), err)
		}
	})
}

// A disk that is full loses nothing while the process lives.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		q, err := New(Options{Directory: dir, Run: hourly})
		if err != nil {
			t.Fatal(err)
		}
		var full atomic.Bool
		q.store.write = func(path string, data []byte) error {
			if full.Load() {
				return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
			}
			return durable.Replace(path, data)
		}
		stop := work(t, q)
		id := submit(t, q, request(1))
		time.Sleep(30 * time.Second)
		full.Store(true)
		time.Sleep(time.Minute)
		job := get(t, q, id)
		if job.State != Done || len(job.Warnings) != 2 || !strings.Contains(job.Warnings[1], "the result is kept in memory only: write") {
			t.Errorf("job = %+v, want it done, with warnings", job)
		}
		if d, err := q.Result(id); err != nil || len(d.Findings) != 1 {
			t.Errorf("result = %+v, %v", d, err)
		}
		// With room again, it is written at the next sweep.
		full.Store(false)
		time.Sleep(sweepEvery)
		if job := get(t, q, id); job.Warnings != nil {
			t.Errorf("with room again: %+v", job.Warnings)
		}
		stop()
		q, stop = open(t, Options{Directory: dir})
		defer stop()
		if d, err := q.Result(id); err != nil || len(d.Findings) != 1 {
			t.Errorf("after a restart: %+v, %v", d, err)
		}
		// A result that somebody deleted is said to be lost, one that somebody damaged as well.
		if err := os.WriteFile(filepath.Join(dir, id+".findings.json"), []byte(`{"ver`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Result(id); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("a damaged result: %v", err)
		}
		if err := os.Remove(filepath.Join(dir, id+".findings.json")); err != nil {
			t.Fatal(err)
		}
		again, err := New(Options{Directory: dir, Run: hourly})
		if err != nil || get(t, again, id).State != Interrupted {
			t.Errorf("without its result: %v, %+v; want interrupted", err, get(t, again, id))
		}
	})
}

func TestJobsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		q, stop := open(t, Options{Directory: dir, KeepJobs: 3, Keep: 24 * time.Hour})
		defer stop()
		var ids []string
		for range 5 {
			ids = append(ids, submit(t, q, request(1)))
			time.Sleep(2 * time.Minute)
		}
		if _, err := q.Job(ids[1]); errorType(err) != "not_found" || states(q) != "done done done" {
			t.Errorf("of five jobs there are: %s; want the last three", states(q))
		}
		time.Sleep(24*time.Hour + sweepEvery)
		if got := q.List(); len(got) != 0 {
			t.Errorf("a day later there are %d jobs", len(got))
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
			t.Errorf("files left: %v, %v", files, err)
		}
	})
}

// Without a directory the results that are held are few.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, stop := open(t, Options{})
		defer stop()
		for range memoryResults + 2 {
			submit(t, q, request(1))
			time.Sleep(2 * time.Minute)
		}
		if got := len(q.List()); got != memoryResults {
			t.Errorf("%d results in memory, want %d", got, memoryResults)
		}
	})
}

func TestDirectoryThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Directory: filepath.Join(file, "backfill")}); err == nil {
		t.Error("a directory below a file is accepted")
	}
	if err := durable.Replace(filepath.Join(file, "x"), nil); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("writing below a file: %v", err)
	}
}

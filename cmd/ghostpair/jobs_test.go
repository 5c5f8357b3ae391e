package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/jobs"
	"github.com/ghostpair/ghostpair/web"
)

// gate is a Prometheus that holds back what it is asked about times before an instant until it is opened.
type gate struct {
	*httptest.Server
	opened chan struct{}
}

func newGate(t *testing.T, prometheus *fakePrometheus, before time.Time) *gate {
	t.Helper()
	g := &gate{opened: make(chan struct{})}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, err := strconv.ParseFloat(r.FormValue("time"), 64)
		if err == nil && at < float64(before.Unix()) {
			select {
			case <-g.opened:
			case <-r.Context().Done():
				return
			}
		}
		prometheus.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// do sends a request to the API and reads what is in the envelope.
func (s *server) do(method, path, body string, data any) (int, string) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && data != nil {
		err = json.Unmarshal(text, &struct{ Data any }{data})
	}
	if err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return response.StatusCode, string(text)
}

func (s *server) job(id string) (job web.BackfillJob) {
	s.t.Helper()
	s.do("GET", "/api/v1/backfill/"+id, "", &job)
	return job
}

// TestJobs goes through the life of jobs: refused, waiting, running, cancelled, interrupted by the end
// of the service, started again, and done with the same findings as the command.
func TestJobs(t *testing.T) {
	now := time.Now()
	prometheus := newFakePrometheus(t, ghosts(now.Add(-9*time.Hour)))
	g := newGate(t, prometheus, now.Add(-210*time.Minute)) // the service itself reads three hours
	dir := t.TempDir()
	path, storage := filepath.Join(dir, "ghostpair.yml"), filepath.Join(dir, "data")
	writeConfig(t, path, g.URL, oneSource) // whose requests take their turn, like those of any

	s := startServer(t, "--config.file="+path, "--storage.path="+storage)
	s.wait("the warm-up", s.ready)
	var job web.BackfillJob
	if status, body := s.do("POST", "/api/v1/backfill", `{"start": "-8h", "end": "-4h", "lead_in": "30m"}`, &job); status != http.StatusAccepted {
		t.Fatalf("a job gives %d: %s", status, body)
	}
	s.wait("the job to run", func() bool { return s.job(job.ID).State == "running" })
	limits(t, s)

	// Its requests are not answered, but the service goes on.
	begun := s.document().Window.End
	s.wait("live findings beside the job", func() bool { return s.document().Window.End.After(begun.Add(2 * time.Second)) })
	if got := s.metric(`ghostpair_backfill_jobs{state="running"}`); got != "1" {
		t.Errorf("running jobs = %q, want 1", got)
	}
	s.stop()

	s = startServer(t, "--config.file="+path, "--storage.path="+storage)
	if got := s.job(job.ID); got.State != "interrupted" || got.Error == "" || got.Ended == nil || !got.Request.Start.Equal(job.Request.Start) {
		t.Errorf("after a restart the job is %+v", got)
	}
	if status, _ := s.do("GET", "/api/v1/backfill/"+job.ID+"/result", "", nil); status != http.StatusConflict {
		t.Errorf("the result of an interrupted job: %d, want 409", status)
	}
	close(g.opened)
	s.do("POST", "/api/v1/backfill/"+job.ID+"/restart", "", &job)
	s.wait("the job to end", func() bool { job = s.job(job.ID); return job.Ended != nil })
	if job.State != "done" || job.Partial || job.Progress.Ratio != 1 || !job.Progress.Watermark.Equal(job.Request.End) || job.Progress.Paired == 0 || job.Progress.Samples == 0 {
		t.Errorf("the job has ended as %+v", job)
	}
	var found finding.Document
	s.do("GET", "/api/v1/backfill/"+job.ID+"/result", "", &found)
	s.stop()

	stdout, stderr, code := runCommand("backfill", "--config.file="+path, "-o", "json", "--log.level=error", "--lead-in=30m",
		"--start="+job.Request.Start.Format(time.RFC3339Nano), "--end="+job.Request.End.Format(time.RFC3339Nano))
	if code != exitDone {
		t.Fatalf("backfill = %d: %s", code, stderr)
	}
	if got := indented(t, found); got != stdout || len(found.Findings) == 0 {
		t.Errorf("the job gives\n%s\nwant what the command gives:\n%s", got, stdout)
	}
}

// limits asks for more than may wait, and cancels all that does.
func limits(t *testing.T, s *server) {
	t.Helper()
	var ids []string
	for range 4 {
		var job web.BackfillJob
		s.do("POST", "/api/v1/backfill?start=-8h&end=-7h", "", &job)
		ids = append(ids, job.ID)
	}
	if status, body := s.do("POST", "/api/v1/backfill", "start=-8h&end=-7h", nil); status != http.StatusTooManyRequests || !strings.Contains(body, `"errorType":"too_many_requests"`) {
		t.Errorf("one too many gives %d: %s", status, body)
	}
	var list struct{ Jobs []web.BackfillJob }
	if s.do("GET", "/api/v1/backfill", "", &list); len(list.Jobs) != 5 || list.Jobs[0].ID != ids[3] && list.Jobs[0].Created.Before(list.Jobs[4].Created) {
		t.Errorf("%d jobs, want five, the newest first: %+v", len(list.Jobs), list.Jobs)
	}
	for _, id := range ids {
		var job web.BackfillJob
		if s.do("DELETE", "/api/v1/backfill/"+id, "", &job); job.State != "cancelled" {
			t.Errorf("cancelled, a job is %s", job.State)
		}
		if status, _ := s.do("DELETE", "/api/v1/backfill/"+id, "", nil); status != http.StatusOK {
			t.Errorf("a job that has ended is not forgotten: %d", status)
		}
	}
}

func TestJobRequest(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 8, 0, 0, 0, 0, time.UTC)
	c := config.Default()
	settled := now.Add(-c.Evaluate.Delay - timingDelay(c))
	for _, test := range []struct {
		name   string
		asked  web.BackfillRequest
		want   jobs.Request
		reason string // why it is refused
	}{
		{"a week", web.BackfillRequest{Start: "-7d"}, jobs.Request{Start: now.AddDate(0, 0, -7), End: settled}, ""},
		{"instants", web.BackfillRequest{Start: "1793491200", End: "2026-11-02T01:00:00+01:00", LeadIn: "1h"}, jobs.Request{
			Start: now.AddDate(0, 0, -7), End: now.AddDate(0, 0, -6), LeadIn: time.Hour,
		}, ""},
		{"no instant", web.BackfillRequest{Start: "yesterday"}, jobs.Request{}, `start: "yesterday" is no instant`},
		{"the future", web.BackfillRequest{Start: "-1d", End: "2026-11-09T00:00:00Z"}, jobs.Request{}, "end: 2026-11-09T00:00:00Z is in the future"},
		{"backwards", web.BackfillRequest{Start: "-1d", End: "-2d"}, jobs.Request{}, "is not before the end"},
		{"nothing settled", web.BackfillRequest{Start: "-1s"}, jobs.Request{}, "is not before the end"},
		{"no duration", web.BackfillRequest{Start: "-1d", LeadIn: "half an hour"}, jobs.Request{}, `lead_in: "half an hour"`},
		// A lead-in of ten days makes it 101 days less the delay.
		{"too long", web.BackfillRequest{Start: "-91d", LeadIn: "10d"}, jobs.Request{}, "a job may read 100d at most, lead_in included"},
		{"unknown source", web.BackfillRequest{Start: "-1d", Sources: []string{"nlb"}}, jobs.Request{}, `source "nlb" is none that is tested for pairs: there are envoy, envoy-connect`},
		{"unknown fingerprint", web.BackfillRequest{Start: "-1d", Fingerprints: []string{"x"}}, jobs.Request{}, `fingerprint "x" is not a range`},
		{"bad selector", web.BackfillRequest{Start: "-1d", Selector: "rate(x[5m])"}, jobs.Request{}, "selector: "},
		{"selector and source", web.BackfillRequest{Start: "-1d", Selector: "x", Sources: []string{"envoy"}}, jobs.Request{}, "leave source out"},
		{"route label alone", web.BackfillRequest{Start: "-1d", RouteLabels: []string{"x"}}, jobs.Request{}, "route_label goes with selector"},
	} {
		got, err := jobRequest(test.asked, c, now)
		switch {
		case test.reason != "":
			if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%s: %v, want %q", test.name, err, test.reason)
			}
		case err != nil || !got.Start.Equal(test.want.Start) || !got.End.Equal(test.want.End) || got.LeadIn != test.want.LeadIn:
			t.Errorf("%s = %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
	_, err := backfills{config: func() *config.Config { return c }}.Start(web.BackfillRequest{})
	var typed interface{ ErrorType() string }
	if !errors.As(err, &typed) || typed.ErrorType() != "bad_data" {
		t.Errorf("an empty request: %v, want bad data", err)
	}
}

func TestJobConfig(t *testing.T) {
	t.Parallel()
	c := config.Default()
	sources, fingerprints := len(c.Sources), len(c.Fingerprints)
	one, err := jobConfig(c, jobs.Request{Sources: []string{"envoy"}, Fingerprints: []string{"2s..3s", "syn-timeout-5s", "2s..3s"}})
	if err != nil || len(one.Sources) != 1 || one.Sources[0].Name != "envoy" {
		t.Errorf("one source: %+v, %v", one.Sources, err)
	}
	if got := one.Fingerprints; len(got) != 2 || got[0].Name != "2s..3s" || got[1].Name != "syn-timeout-5s" {
		t.Errorf("fingerprints = %+v", got)
	}
	other, err := jobConfig(c, jobs.Request{Selector: "errors_total", RouteLabels: []string{"service"}})
	if err != nil || len(other.Sources) != 1 || other.Sources[0].Selector != "errors_total" || other.Sources[0].RouteLabels[0] != "service" {
		t.Errorf("a selector: %+v, %v", other.Sources, err)
	}
	if len(c.Sources) != sources || len(c.Fingerprints) != fingerprints {
		t.Error("the configuration of the service has changed")
	}
}

// Forms of the API are escaped like any other.
func TestSelectorInForm(t *testing.T) {
	t.Parallel()
	asked := url.Values{"start": {"-1d"}, "selector": {`istio_requests_total{response_code=~"5.."}`}}.Encode()
	var got web.BackfillRequest
	handler := web.New(web.Options{Metrics: http.NotFoundHandler(), Backfills: recordedStart{asked: &got}})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/backfill", strings.NewReader(asked)))
	if _, err := jobRequest(got, config.Default(), time.Now()); err != nil || w.Code != http.StatusAccepted {
		t.Errorf("%d, %v", w.Code, err)
	}
}

type recordedStart struct {
	backfills
	asked *web.BackfillRequest
}

func (r recordedStart) Start(asked web.BackfillRequest) (web.BackfillJob, error) {
	*r.asked = asked
	return web.BackfillJob{}, nil
}

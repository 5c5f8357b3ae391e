package sources

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Query is what Options.OnQuery is told about one request.
type Query struct {
	Source   string
	Protocol string // one of the Reader constants
	Duration time.Duration
	Err      error // nil, or an *Error
}

// request is one question to the server.
type request struct {
	source   string
	asked    string // for messages
	reader   string // one of the Reader constants
	method   string
	path     string
	params   url.Values // in the URL
	header   map[string]string
	body     []byte
	alone    bool // over a connection of its own
	from, to int64
	onQuery  func(Query)
}

// answer is a successful response while it is read.
type answer struct {
	header http.Header
	body   io.Reader
}

func (a *answer) contentType() string { return a.header.Get("Content-Type") }

// ask sends the request and lets consume read the answer; what can heal is asked again, with growing
// pauses, as long as retry permits. A server that others stand in for is asked once: each read would wait
// for it in vain.
func (s *Server) ask(ctx context.Context, r *request, retry func() bool, consume func(*answer) error) error {
	for attempt := 0; ; attempt++ {
		err := s.once(ctx, r, consume)
		if err == nil || attempt >= s.retries || s.stoodInFor() || !retry() {
			return err
		}
		var e *Error
		if !errors.As(err, &e) || !e.Reason.heals() {
			return err
		}
		pause := s.pause(attempt)
		if e.retryAfter > s.timeout {
			return err
		}
		s.logger.Debug("asking again", "source_name", r.source, "pause", max(pause, e.retryAfter), "err", err)
		if !wait(ctx, max(pause, e.retryAfter)) {
			return err
		}
	}
}

// pause is the back-off before attempt+1: doubled every time, half of it random.
func (s *Server) pause(attempt int) time.Duration {
	full := min(s.backOff<<attempt, 5*time.Second)
	return full/2 + rand.N(full/2+1)
}

// wait pauses; false means that ctx ended first.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once is one attempt. Its errors are of type *Error.
func (s *Server) once(ctx context.Context, r *request, consume func(*answer) error) error {
	if err := s.limiter.acquire(ctx); err != nil {
		return s.fail(ctx, r, 0, err)
	}
	defer s.limiter.release()
	start := time.Now()
	status, retryAfter, err := s.exchange(ctx, r, consume)
	if err != nil {
		e := s.fail(ctx, r, status, err)
		e.retryAfter = retryAfter
		err = e
	}
	if r.onQuery != nil {
		r.onQuery(Query{Source: r.source, Protocol: r.reader, Duration: time.Since(start), Err: err})
	}
	return err
}

func (s *Server) fail(ctx context.Context, r *request, status int, err error) *Error {
	return &Error{
		Reason: reasonOf(ctx, err), Source: r.source, Asked: r.asked, URL: s.shown + r.path,
		FromMillis: r.from, ToMillis: r.to, Status: status, Err: err,
	}
}

func (s *Server) exchange(ctx context.Context, r *request, consume func(*answer) error) (int, time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := &watchdog{limit: s.timeout}
	watch.timer = time.AfterFunc(s.timeout, func() { cancel(errSilent) })
	defer watch.timer.Stop()

	req, err := s.build(ctx, r)
	if err != nil {
		return 0, 0, err
	}
	resp, err := s.client.Do(req)
	watch.timer.Stop()
	if err != nil {
		return 0, 0, orCause(ctx, withoutURL(err))
	}
	defer resp.Body.Close()
	watch.in = resp.Body
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(io.LimitReader(watch, 4096))
		return resp.StatusCode, retryAfter(resp.Header), failedStatus(resp, body)
	}
	body, err := plainBody(resp, watch)
	if err == nil {
		err = consume(&answer{header: resp.Header, body: body})
	}
	if err != nil {
		return resp.StatusCode, 0, orCause(ctx, err)
	}
	return resp.StatusCode, 0, nil
}

func (s *Server) build(ctx context.Context, r *request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, s.endpoint(r.path, r.params).String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Close = r.alone
	req.Header.Set("User-Agent", s.userAgent)
	// Compression costs the server two to four times its time on JSON, and saves nothing within a
	// cluster. Naming identity also keeps net/http from asking for gzip by itself.
	req.Header.Set("Accept-Encoding", "identity")
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return req, nil
}

// orCause puts the reason of a cancellation of ours in the place of "context canceled".
func orCause(ctx context.Context, err error) error {
	var silent *problem
	if errors.As(context.Cause(ctx), &silent) {
		return silent
	}
	return err
}

func failedStatus(resp *http.Response, body []byte) error {
	p := statusProblem(resp.StatusCode, resp.Header.Get("Content-Type"), body)
	if p.reason == ReasonRedirect {
		if to, err := resp.Location(); err == nil {
			p.text += " to " + shownURL(to)
		}
	}
	return p
}

// plainBody undoes a compression that was not asked for but that a proxy applied all the same.
func plainBody(resp *http.Response, body io.Reader) (io.Reader, error) {
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	plain, err := gzip.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return plain, nil
}

// retryAfter reads the header of that name: seconds or a date.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// watchdog lets a request fail when the server is silent for longer than the limit. It does not run
// while the caller works on what was read.
type watchdog struct {
	in    io.Reader
	timer *time.Timer
	limit time.Duration
}

func (w *watchdog) Read(p []byte) (int, error) {
	w.timer.Reset(w.limit)
	n, err := w.in.Read(p)
	w.timer.Stop()
	return n, err
}

// readAll reads an answer that is needed whole.
func readAll(in io.Reader, limit int64, buffer []byte) ([]byte, error) {
	out := bytes.NewBuffer(buffer[:0])
	n, err := out.ReadFrom(io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = &problem{ReasonTooLarge, fmt.Sprintf("the answer is larger than %d bytes", limit)}
	}
	return out.Bytes(), err
}

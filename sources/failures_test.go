package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
)

// twoSeries is what the servers of the failure tests hold.
func twoSeries() []stored {
	return []stored{
		series(`up{job="envoy",instance="a"}`, every(1000, 1000, 100, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",envoy_response_code_class="5",envoy_cluster_name="x"}`, every(1000, 1000, 100, 3)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",envoy_response_code_class="5",envoy_cluster_name="y"}`, every(1000, 1000, 100, 3)...),
	}
}

// answerWith lets a server answer one path with something else, times often.
func answerWith(f *fakeServer, path string, times int, handle http.HandlerFunc) {
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path || f.asked(path+" intercepted") >= times {
			return false
		}
		handle(w, r)
		return true
	}
}

// wholeStream is the streamed answer of a healthy server.
func wholeStream(t *testing.T, f *fakeServer) []byte {
	t.Helper()
	q := []query{{0, upMatchers(nil, nil, nil)}, {1, must(ParseSelector(envoyOptions.Selector))}}
	body, err := encodeReadRequest(q, 0, 100_000, true)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	f.read(w, httptest.NewRequest(http.MethodPost, "/api/v1/read", bytes.NewReader(body)))
	return w.Body.Bytes()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	const streamType = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
	whole := wholeStream(t, newFakeServer(t, twoSeries()...))
	broken := slices.Clone(whole)
	broken[len(broken)-1] ^= 1
	send := func(contentType string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		}
	}
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) }
	}
	for _, c := range []struct {
		name   string
		path   string // what is broken
		reason Reason
		says   string
		tries  int // how often it is asked for
		handle http.HandlerFunc
	}{
		{"stream cut in a frame", remoteReadPath, ReasonTruncated, "in the middle of frame", 1, send(streamType, whole[:len(whole)-5])},
		{"stream cut in the first frame", remoteReadPath, ReasonTruncated, "in the middle of frame 0", 4, send(streamType, whole[:20])},
		{"bad checksum", remoteReadPath, ReasonBadData, "checksum", 1, send(streamType, broken)},
		{"text after the frames", remoteReadPath, ReasonTruncated, "expanding series: query timed out", 1, send(streamType, append(slices.Clone(whole), "expanding series: query timed out\n"...))},
		{"long text after the frames", remoteReadPath, ReasonTruncated, "aaaa", 1, send(streamType, append(slices.Clone(whole), strings.Repeat("a", 2000)...))},
		{"frame of another protocol", remoteReadPath, ReasonBadData, "protobuf", 1, send("application/x-protobuf", snappy.Encode(nil, []byte{0xff, 0xff}))},
		{"no snappy", remoteReadPath, ReasonBadData, "snappy", 1, send("application/x-protobuf", []byte("hello"))},
		{"one result for two queries", remoteReadPath, ReasonBadData, "answers to 0 of 2", 1, send("application/x-protobuf", snappy.Encode(nil, nil))},
		{"login page", remoteReadPath, ReasonBadData, "text/html", 1, send("text/html; charset=utf-8", []byte("<html>please log in</html>"))},
		{"503 for ever", remoteReadPath, ReasonUnavailable, "503 Service Unavailable: starting up", 4, status(503, "starting up")},
		{"401", remoteReadPath, ReasonUnauthorized, "credentials", 1, status(401, "who are you")},
		{"400", remoteReadPath, ReasonBadRequest, "bad matcher", 1, status(400, "bad matcher")},
		{"429", remoteReadPath, ReasonRateLimited, "slow down", 4, status(429, "slow down")},
		{"configuration behind a login", "/api/v1/status/config", ReasonUnavailable, "configuration", 4, status(502, "<html>bad gateway</html>")},
	} {
		f := newFakeServer(t, twoSeries()...)
		answerWith(f, c.path, 100, c.handle)
		s := testSource(t, testServer(t, f.URL, ProtocolAuto), nil)
		_, err := s.Read(t.Context(), 0, 100_000, false, newRecord())
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if e.Reason != c.reason || !strings.Contains(e.Error(), c.says) {
			t.Errorf("%s: reason %s: %v", c.name, e.Reason, e)
		}
		if got := f.asked(c.path); got != c.tries {
			t.Errorf("%s: asked %d times, want %d", c.name, got, c.tries)
		}
	}
}

func TestBrokenJSON(t *testing.T) {
	t.Parallel()
	const head = `{"status":"success","data":{"resultType":"matrix","result":[`
	for _, c := range []struct {
		name, body, contentType string
		reason                  Reason
		says                    string
	}{
		{"cut in the middle", head + `{"metric":{"a":"b"},"values":[[1,"1"],[2,`, "application/json", ReasonTruncated, "stopped in the middle"},
		{"HTML", "<!doctype html><p>sign in</p>", "text/html", ReasonBadData, "HTML page"},
		{"HTML that says it is JSON", "<!doctype html><p>sign in</p>", "application/json", ReasonBadData, "query API"},
		{"empty", "", "application/json", ReasonTruncated, "stopped"},
		{"no data", `{"status":"success"}`, "application/json", ReasonBadData, "without the data"},
		{"vector", `{"status":"success","data":{"resultType":"vector","result":[]}}`, "application/json", ReasonBadData, "instead of a matrix"},
		{"error with 200", `{"status":"error","errorType":"bad_data","error":"no such function"}`, "application/json", ReasonBadRequest, "no such function"},
		{"something behind", head + "]}} <b>", "application/json", ReasonBadData, "after the end"},
		{"a value that is none", head + `{"metric":{},"values":[[1,"x"]]}]}}`, "application/json", ReasonBadData, "value"},
		{"a time that is none", head + `{"metric":{},"values":[[1e99,"1"]]}]}}`, "application/json", ReasonBadData, "time"},
		{"nested for ever", `{"x":` + strings.Repeat("[", 10_000), "application/json", ReasonBadData, "deep"},
		{"a string for ever", `{"` + strings.Repeat("x", 2<<20), "application/json", ReasonBadData, "string"},
		{"labels that are none", head + `{"metric":{"a":"\x"},"values":[[1,"1"]]}]}}`, "application/json", ReasonBadData, "labels"},
	} {
		f := newFakeServer(t, twoSeries()...)
		answerWith(f, queryPath, 100, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			_, _ = io.WriteString(w, c.body)
		})
		s := testSource(t, testServer(t, f.URL, ProtocolQuery), nil)
		_, err := s.Read(t.Context(), 0, 100_000, false, newRecord())
		var e *Error
		if !errors.As(err, &e) || e.Reason != c.reason || !strings.Contains(e.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestHeals: what fails before anything was handed on is asked again, and the result is as if nothing
// had happened.
func TestHeals(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "starting", http.StatusServiceUnavailable) },
		"429 with Retry-After": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "later", http.StatusTooManyRequests)
		},
		"died": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		f := newFakeServer(t, twoSeries()...)
		healthy, _ := read(t, testSource(t, testServer(t, f.URL, ProtocolAuto), nil), 0, 100_000, false)
		answerWith(f, remoteReadPath, 2, func(w http.ResponseWriter, r *http.Request) {
			f.log("%s intercepted", r.URL.Path) // a handler that panics is not logged by serve
			handle(w, r)
		})
		f.Config.ErrorLog = nil
		got, stats := read(t, testSource(t, testServer(t, f.URL, ProtocolAuto), nil), 0, 100_000, false)
		if got.String() != healthy.String() || stats.Series != 2 {
			t.Errorf("%s: other samples after it healed", name)
		}
	}
}

func TestRetryAfterThatIsTooLong(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	answerWith(f, remoteReadPath, 100, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		http.Error(w, "in an hour", http.StatusTooManyRequests)
	})
	_, err := testSource(t, testServer(t, f.URL, ProtocolAuto), nil).Read(t.Context(), 0, 100_000, false, newRecord())
	if !hasReason(err, ReasonRateLimited) || f.asked(remoteReadPath) != 1 {
		t.Errorf("asked %d times: %v", f.asked(remoteReadPath), err)
	}
}

// TestHang: a server that says nothing, at first or between frames, is given up.
func TestHang(t *testing.T) {
	t.Parallel()
	whole := wholeStream(t, newFakeServer(t, twoSeries()...))
	for name, first := range map[string][]byte{"before the first byte": nil, "between frames": whole[:len(whole)-30]} {
		f := newFakeServer(t, twoSeries()...)
		answerWith(f, remoteReadPath, 100, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if first != nil {
				w.Header().Set("Content-Type", "application/x-streamed-protobuf")
				_, _ = w.Write(first)
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		})
		server := testServer(t, f.URL, ProtocolAuto)
		server.timeout, server.retries = 50*time.Millisecond, -1
		_, err := testSource(t, server, nil).Read(t.Context(), 0, 100_000, false, newRecord())
		if !hasReason(err, ReasonTimeout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	ctx, cancel := context.WithCancel(t.Context())
	answerWith(f, remoteReadPath, 100, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := testSource(t, testServer(t, f.URL, ProtocolAuto), nil).Read(ctx, 0, 100_000, false, newRecord())
	if !hasReason(err, ReasonCanceled) {
		t.Errorf("%v", err)
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.Close()
	err := testServer(t, f.URL, ProtocolAuto).Ping(t.Context())
	if !hasReason(err, ReasonRefused) {
		t.Errorf("%v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	f := httptest.NewTLSServer(http.NotFoundHandler())
	defer f.Close()
	f.Config.ErrorLog = nil
	if err := testServer(t, f.URL, ProtocolAuto).Ping(t.Context()); !hasReason(err, ReasonTLS) {
		t.Errorf("unknown authority: %v", err)
	}
	plain := newFakeServer(t)
	if err := testServer(t, strings.Replace(plain.URL, "http", "https", 1), ProtocolAuto).Ping(t.Context()); !hasReason(err, ReasonTLS) {
		t.Errorf("no TLS: %v", err)
	}
}

// TestRedirect: to another host never, and not where it loses the question; within the host it is
// followed.
func TestRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := newFakeServer(t, twoSeries()...)
	for _, c := range []struct {
		name, to, says string
		code           int
	}{
		{"another host", elsewhere.URL + "/api/v1/read?token=hunter2", strings.TrimPrefix(elsewhere.URL, "http://"), 307},
		{"a GET", "/api/v1/read/", "drops the question", 302},
	} {
		f := newFakeServer(t, twoSeries()...)
		answerWith(f, remoteReadPath, 100, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, c.to, c.code) })
		_, err := testSource(t, testServer(t, f.URL, ProtocolAuto), nil).Read(t.Context(), 0, 100_000, false, newRecord())
		if !hasReason(err, ReasonRedirect) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if n := elsewhere.asked(""); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
	f := newFakeServer(t, twoSeries()...)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if path, ok := strings.CutPrefix(r.URL.Path, "/old"); ok {
			http.Redirect(w, r, path, http.StatusPermanentRedirect)
			return true
		}
		return false
	}
	if r, _ := read(t, testSource(t, testServer(t, f.URL+"/old", ProtocolAuto), nil), 0, 100_000, false); len(r.series) != 2 {
		t.Errorf("redirected within the host: %v", r)
	}
}

// TestCredentialsAreNotShown: neither those of the URL nor what a server repeats of them.
func TestCredentialsAreNotShown(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	var user string
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		user, _, _ = r.BasicAuth()
		http.Error(w, "no", http.StatusBadGateway)
		return true
	}
	base := must(url.Parse(f.URL))
	base.User = url.UserPassword("scott", "tiger")
	base.RawQuery = "tenant=hunter2"
	server := testServer(t, base.String(), ProtocolAuto)
	errs := []error{server.Ping(t.Context())}
	f.Close()
	errs = append(errs, server.Ping(t.Context()))
	_, err := NewServer(ServerOptions{URL: "http://scott:tiger@host:port/?tenant=hunter2"})
	for _, err := range append(errs, err) {
		if err == nil {
			t.Fatal("no error")
		}
		for _, secret := range []string{"scott", "tiger", "hunter2"} {
			if strings.Contains(err.Error(), secret) || strings.Contains(fmt.Sprintf("%+v", err), secret) {
				t.Errorf("%q in %v", secret, err)
			}
		}
	}
	if user != "scott" {
		t.Errorf("the credentials of the URL were not used")
	}
}

func TestHugeAnswers(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	f.samplesOnly = true
	server := testServer(t, f.URL, ProtocolRemoteRead)
	server.maxAnswer = 400
	_, err := testSource(t, server, nil).Read(t.Context(), 0, 100_000, false, newRecord())
	if !hasReason(err, ReasonTooLarge) {
		t.Errorf("%v", err)
	}
	// A frame that claims to be larger than any frame is not even begun.
	f = newFakeServer(t, twoSeries()...)
	answerWith(f, remoteReadPath, 100, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-streamed-protobuf")
		_, _ = w.Write([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0, 0, 0})
	})
	_, err = testSource(t, testServer(t, f.URL, ProtocolAuto), nil).Read(t.Context(), 0, 100_000, false, newRecord())
	if !hasReason(err, ReasonBadData) {
		t.Errorf("%v", err)
	}
}

// TestTooExpensive: what a server refuses as too much is read in smaller pieces.
func TestTooExpensive(t *testing.T) {
	t.Parallel()
	const span = 7_200_000
	long := []stored{
		series(`up{job="envoy",instance="a"}`, every(1000, 60_000, 400, 1)...),
		series(`envoy_cluster_upstream_rq_xx{job="envoy",instance="a",envoy_response_code_class="5",envoy_cluster_name="x"}`, every(1000, 60_000, 400, 3)...),
	}
	want, _ := read(t, testSource(t, testServer(t, newFakeServer(t, long...).URL, ProtocolAuto), nil), 0, 3*span, false)
	for _, c := range []struct {
		protocol string
		live     bool
		refuse   int // requests
		code     int
		body     string
	}{
		{ProtocolQuery, false, 2, 422, `{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}`},
		{ProtocolQuery, false, 2, 503, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`},
		{ProtocolRemoteRead, false, 3, 400, "exceeded sample limit (50000000)"},
		{ProtocolRemoteRead, true, 1, 400, "exceeded sample limit (50000000)"},
	} {
		f := newFakeServer(t, long...)
		path := remoteReadPath
		if c.protocol == ProtocolQuery {
			path = queryPath
		}
		answerWith(f, path, c.refuse, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, c.body, c.code) })
		got, _ := read(t, testSource(t, testServer(t, f.URL, c.protocol), nil), 0, 3*span, c.live)
		if got.String() != want.String() || len(got.early) > 0 {
			t.Errorf("%+v: other samples, or out of order", c)
		}
	}
	f := newFakeServer(t, long...)
	answerWith(f, queryPath, 1000, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too many samples", http.StatusUnprocessableEntity)
	})
	_, err := testSource(t, testServer(t, f.URL, ProtocolQuery), nil).Read(t.Context(), 0, span, false, newRecord())
	if !hasReason(err, ReasonTooExpensive) || f.asked(queryPath) > 10 {
		t.Errorf("asked %d times: %v", f.asked(queryPath), err)
	}
}

// TestRemembersWhatIsLacking: remote read is tried once, and only given up when the query API works.
func TestRemembersWhatIsLacking(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 403, 404, 405, 501} {
		f := newFakeServer(t, twoSeries()...)
		answerWith(f, remoteReadPath, 100, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "unsupported path requested", code)
		})
		server := testServer(t, f.URL, ProtocolAuto)
		for range 3 {
			if _, stats := read(t, testSource(t, server, nil), 0, 100_000, false); stats.Protocol != ReaderQuery {
				t.Errorf("%d: read by %s", code, stats.Protocol)
			}
		}
		if n := f.asked(remoteReadPath); n != 1 {
			t.Errorf("%d: tried %d times", code, n)
		}
	}
	f := newFakeServer(t, twoSeries()...)
	answerWith(f, remoteReadPath, 100, http.NotFound)
	_, err := testSource(t, testServer(t, f.URL, ProtocolRemoteRead), nil).Read(t.Context(), 0, 100_000, false, newRecord())
	if !hasReason(err, ReasonNotFound) || !strings.Contains(err.Error(), "protocol is remote_read") {
		t.Errorf("remote read only: %v", err)
	}
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	_, err = testSource(t, testServer(t, nothing.URL, ProtocolAuto), nil).Read(t.Context(), 0, 100_000, false, newRecord())
	if !hasReason(err, ReasonNotFound) || !strings.Contains(err.Error(), "check the path") {
		t.Errorf("wrong path: %v", err)
	}
}

// TestStaysWithRemoteRead: a server that hides its external labels would give all series other names
// through the query API.
func TestStaysWithRemoteRead(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/status/config" || r.URL.Path == remoteReadPath && f.asked(remoteReadPath) > 0 {
			http.Error(w, "forbidden", http.StatusForbidden)
			return true
		}
		return false
	}
	s := testSource(t, testServer(t, f.URL, ProtocolAuto), nil)
	read(t, s, 0, 50_000, false)
	_, err := s.Read(t.Context(), 50_000, 100_000, false, newRecord())
	if !hasReason(err, ReasonUnauthorized) || !strings.Contains(err.Error(), "external labels") {
		t.Errorf("%v", err)
	}
}

func TestWarningsAreKept(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	answerWith(f, queryPath, 100, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"warnings":["store-7 is\naway"],"data":{"result":[],"resultType":"matrix"},"status":"success"}`)
	})
	_, stats := read(t, testSource(t, testServer(t, f.URL, ProtocolQuery), nil), 0, 100_000, false)
	if !slices.Equal(stats.Warnings, []string{"store-7 is away"}) {
		t.Errorf("%q", stats.Warnings)
	}
}

func TestOnQueryAndHeaders(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, twoSeries()...)
	f.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.UserAgent() != "ghostpair/test" || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%s: %v", r.URL.Path, r.Header)
		}
		return false
	}
	var seen []Query
	s := testSource(t, testServer(t, f.URL, ProtocolAuto), func(o *Options) { o.OnQuery = func(q Query) { seen = append(seen, q) } })
	read(t, s, 0, 100_000, false)
	if len(seen) != 3 || seen[2].Protocol != ReaderStreamed || seen[2].Source != "envoy" || seen[2].Err != nil {
		t.Errorf("%+v", seen)
	}
}

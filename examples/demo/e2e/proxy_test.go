package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// proxy stands between ghostpair and a Prometheus, and misbehaves as it is told.
type proxy struct {
	*httptest.Server
	upstream string

	latency atomic.Int64                          // of every answer, in nanoseconds
	broken  func(fromMillis, toMillis int64) bool // remote reads that are refused for good
	flaky   *rand.Rand                            // nil: reliable

	mu       sync.Mutex
	asked    []asked // remote reads that were answered whole
	failures map[string]int
	inARow   int
	failed   int
	spared   int // requests that are answered before anything fails
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	p := &proxy{upstream: upstream, failures: make(map[string]int)}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	time.Sleep(time.Duration(p.latency.Load()))
	isRead := strings.HasSuffix(r.URL.Path, "/read")
	if isRead && p.broken != nil && p.refuses(asked) {
		http.Error(w, "that part of the storage is corrupted", http.StatusBadRequest)
		return
	}
	failure := p.misfortune()
	switch failure {
	case "reset":
		reset(w)
		return
	case "stall":
		<-r.Context().Done() // until the client has had enough
		return
	case "status":
		http.Error(w, "overloaded", []int{500, 502, 503, 504}[len(asked)%4])
		return
	}
	p.forward(w, r, asked, failure == "truncated", isRead)
}

// forward asks the server and hands its answer on, or the first part of it.
func (p *proxy) forward(w http.ResponseWriter, r *http.Request, asked []byte, truncate, isRead bool) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, p.upstream+r.URL.RequestURI(), bytes.NewReader(asked))
	if err != nil {
		return
	}
	request.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length") // so that a cut is no wrong length
	w.WriteHeader(response.StatusCode)
	if truncate {
		_, _ = w.Write(body[:len(body)*2/3])
		_ = http.NewResponseController(w).Flush()
		reset(w)
		return
	}
	if _, err := w.Write(body); err == nil && isRead {
		p.note(asked)
	}
}

// note takes down a remote read that was answered whole.
func (p *proxy) note(body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if request, err := decode(body); err == nil && len(request.Queries) > 0 {
		a := asked{millis: request.Queries[0].EndTimestampMs - request.Queries[0].StartTimestampMs + 1}
		for _, q := range request.Queries {
			a.what += fmt.Sprint(q.Matchers)
		}
		p.asked = append(p.asked, a)
	}
}

// asked is a remote read: of what, and of how long a stretch.
type asked struct {
	what   string
	millis int64
}

// read is how much time was read of something in all, and how much of it at once at the most.
type read struct{ total, longest time.Duration }

// reads adds up what was read, by what it was of.
func (p *proxy) reads() map[string]read {
	all := map[string]read{}
	for _, a := range p.asked {
		r, length := all[a.what], time.Duration(a.millis)*time.Millisecond
		all[a.what] = read{r.total + length, max(r.longest, length)}
	}
	return all
}

// answered tells whether so many remote reads were.
func (p *proxy) answered(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked) >= n
}

func decode(asked []byte) (*prompb.ReadRequest, error) {
	plain, err := snappy.Decode(nil, asked)
	if err != nil {
		return nil, err
	}
	request := new(prompb.ReadRequest)
	return request, request.Unmarshal(plain)
}

// reset ends the connection without a word.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// refuses tells whether a remote read is about a time that cannot be read.
func (p *proxy) refuses(asked []byte) bool {
	request, err := decode(asked)
	if err != nil {
		return false
	}
	for _, q := range request.Queries {
		if p.broken(q.StartTimestampMs-1, q.EndTimestampMs) { // closed on the left
			return true
		}
	}
	return false
}

// enough is how often something goes wrong at the most: every time costs a second of waiting or so.
const enough = 14

// misfortune says what goes wrong with a request, if anything.
func (p *proxy) misfortune() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flaky == nil {
		return ""
	}
	if p.spared > 0 || p.inARow >= 5 || p.failed >= enough || p.flaky.IntN(100) >= 45 {
		p.spared = max(0, p.spared-1)
		p.inARow = 0
		return ""
	}
	failure := []string{"reset", "stall", "status", "truncated"}[p.flaky.IntN(4)]
	p.failures[failure]++
	p.failed++
	p.inARow++
	return failure
}

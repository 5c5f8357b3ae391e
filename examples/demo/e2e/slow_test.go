package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/sources"
)

// hanging is the address of a server that does not answer remote reads of a metric while it hangs.
func hanging(t *testing.T, of *promtest.Server, metric string, hangs *atomic.Bool, release chan struct{}) string {
	t.Helper()
	to, err := url.Parse(of.URL())
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(to)
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(asked))
		if request, err := decode(asked); err == nil && hangs.Load() && strings.Contains(request.String(), metric) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p.URL
}

// While Prometheus does not answer for one source, the others go on and are published; in the end the
// findings are those of a replay.
func TestOneSourceHangs(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	server := served(t, fleet(), at(200), promtest.Options{})
	var hangs atomic.Bool
	release := make(chan struct{})
	adjust, _ := reading(t, hanging(t, server, "cx_connect_timeout", &hangs, release))
	e := newEngine(t, server, sources.ProtocolAuto, func(o *engine.Options) {
		adjust(o)
		o.Patience = 200 * time.Millisecond
	})
	t.Cleanup(e.Stop)
	advance(t, e, at(180))
	hangs.Store(true)
	for i := range 3 {
		advance(t, e, at(181+i))
		v := e.Evaluation()
		if !v.Sources[0].Watermark.Equal(at(181+i)) || !v.Sources[1].Watermark.Equal(at(180)) || len(v.FailedWindows) != 1 {
			t.Fatalf("watermarks %s and %s, %d failed windows", v.Sources[0].Watermark, v.Sources[1].Watermark, len(v.FailedWindows))
		}
	}
	hangs.Store(false)
	close(release)
	for released := time.Now(); !e.Evaluation().Sources[1].Watermark.Equal(at(190)); {
		if time.Since(released) > time.Minute {
			t.Fatal("the source is not read again")
		}
		advance(t, e, at(190))
	}
	replayed := newEngine(t, server, sources.ProtocolAuto, nil)
	advance(t, replayed, at(190))
	same(t, "a source that hung", outcomeOf(t, e).shown(), outcomeOf(t, replayed).shown())
}

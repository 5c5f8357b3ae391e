package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/sources"
)

// answers makes a server that gives one answer to every query; none is one that refuses.
func answers(t *testing.T, kind, result string) *sources.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if result == "" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":%q,"result":[%s]}}`, kind, result)
	}))
	t.Cleanup(s.Close)
	server, err := sources.NewServer(sources.ServerOptions{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// What servers know is put together: of what two say the greater value. One that refuses is told.
func TestEveryServer(t *testing.T) {
	t.Parallel()
	asked, failed := 0, 0
	of := func(servers ...*sources.Server) everyServer {
		return everyServer{servers, "envoy", func(q sources.Query) {
			asked++
			if q.Source != "envoy" || q.Err != nil {
				failed++
			}
		}}
	}
	one := answers(t, "vector", `{"metric":{"pod":"a"},"value":[7,"1"]},{"metric":{"pod":"b"},"value":[7,"NaN"]}`)
	two := answers(t, "vector", `{"metric":{"pod":"a"},"value":[7,"2"]},{"metric":{"pod":"b"},"value":[7,"3"]},{"metric":{"pod":"c"},"value":[7,"4"]}`)
	shut := answers(t, "vector", "")
	samples, warnings, err := of(one, two).Query(t.Context(), "x", 7000)
	if got := fmt.Sprint(samples); err != nil || len(warnings) > 0 || got != "[{map[pod:a] 7000 2} {map[pod:b] 7000 3} {map[pod:c] 7000 4}]" {
		t.Errorf("samples %v, warnings %q, error %v", got, warnings, err)
	}
	samples, warnings, err = of(one, shut).Query(t.Context(), "x", 7000)
	if err != nil || len(samples) != 2 || len(warnings) != 1 || !strings.Contains(warnings[0], "403") {
		t.Errorf("with one that refuses: samples %v, warnings %q, error %v", samples, warnings, err)
	}
	if _, _, err = of(shut, shut).Query(t.Context(), "x", 7000); err == nil {
		t.Error("no error when all refuse")
	}
	series, _, err := of(
		answers(t, "matrix", `{"metric":{"pod":"a"},"values":[[1,"1"],[2,"2"]]}`), answers(t, "matrix", `{"metric":{"pod":"a"},"values":[[1.5,"3"]]}`),
	).Range(t.Context(), "x[1m]", 7000)
	if err != nil || len(series) != 1 || len(series[0].Points) != 3 {
		t.Errorf("series %v, error %v", series, err)
	}
	if asked != 8 || failed != 3 {
		t.Errorf("told of %d questions, %d of which failed; want 8 and 3", asked, failed)
	}
}

// A server from which sources cannot be read is not asked, which could take all the time that there is; where none
// can be read all are asked.
func TestEveryServerThatIsThere(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	there, away := newFakePrometheus(t, ghosts(start)), newFakePrometheus(t, ghosts(start))
	of := everyServer{source: "envoy"}
	for _, f := range []*fakePrometheus{there, away} {
		server, err := sources.NewServer(sources.ServerOptions{URL: f.URL, Protocol: sources.ProtocolQuery})
		if err != nil {
			t.Fatal(err)
		}
		of.servers = append(of.servers, server)
	}
	if got := of.present(); len(got) != 2 {
		t.Errorf("%d servers are asked before any is known, want both", len(got))
	}
	away.away.Store(true)
	c, err := config.ForURL("", there.URL)
	if err != nil {
		t.Fatal(err)
	}
	source, err := newSource(c.Sources[0], c.Limits, of.servers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Reader.Read(t.Context(), start.UnixMilli(), start.Add(time.Minute).UnixMilli(), true, observe.New(observe.Options{})); err != nil {
		t.Fatal(err)
	}
	_, warnings, err := of.Query(t.Context(), "x", start.Add(time.Minute).UnixMilli())
	if got := of.present(); err != nil || len(got) != 1 || got[0].URL() != there.URL || len(warnings) != 1 {
		t.Errorf("%d servers are asked, warnings %q, error %v; want the one that is there, and a warning", len(got), warnings, err)
	}
}

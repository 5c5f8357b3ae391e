package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

func routesOf(e *Engine) map[string]bool {
	routes := make(map[string]bool)
	for _, f := range e.Evaluation().Findings {
		if f.Route != finding.PooledRoute {
			routes[f.Route] = true
		}
	}
	return routes
}

// A lower limit drops routes at once, says so, and leaves the others what they were. The state that is left
// can be saved and read, and goes on.
func TestLimitIsLowered(t *testing.T) {
	t.Parallel()
	o := options(&fakeReader{fleet: fleet(time.Second)})
	e := newEngine(t, o)
	advance(t, e, start.Add(5*time.Hour+7*time.Second)) // some trials are open
	before := e.Evaluation().Findings
	all, streams := routesOf(e), e.Evaluation().Streams["fine"]
	if len(all) < 3 {
		t.Fatalf("routes %v", all)
	}
	var logs bytes.Buffer
	o.Logger, o.Sources[0].RouteLimit = slog.New(slog.NewTextHandler(&logs, nil)), 1
	e, err := e.Continue(o)
	if err != nil {
		t.Fatal(err)
	}
	advance(t, e, start.Add(5*time.Hour+8*time.Second))
	left := routesOf(e)
	for _, f := range e.Evaluation().Findings {
		if f.Route == finding.PooledRoute || f.FirstAlarm != nil {
			continue // one with an alarm stays, as gone
		}
		for _, was := range before {
			if was.Key == f.Key && was.EvidencePeakLog10 != nil && *f.EvidencePeakLog10 < *was.EvidencePeakLog10 {
				t.Errorf("%s: evidence was %v, is %v", f.Route, *was.EvidencePeakLog10, *f.EvidencePeakLog10)
			}
		}
	}
	if q := e.Evaluation().Quality; q.RoutesDropped != len(all)-1 || len(e.Evaluation().Routes) != 1 || e.Evaluation().Streams["fine"] >= streams {
		t.Errorf("%d routes dropped, %d left, %d streams of %d, %v", q.RoutesDropped, len(e.Evaluation().Routes), e.Evaluation().Streams["fine"], streams, left)
	}
	if n := strings.Count(logs.String(), "limits.routes was lowered"); n != 1 {
		t.Errorf("log:\n%s", logs.String())
	}
	saved, err := e.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	resumed := newEngine(t, o)
	if err := resumed.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	advance(t, e, start.Add(9*time.Hour))
	advance(t, resumed, start.Add(9*time.Hour))
	if got, want := document(t, resumed), document(t, e); got != want {
		t.Errorf("from the snapshot:\n%s\nwant\n%s", got, want)
	}
}

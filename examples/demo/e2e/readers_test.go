package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/ghostpair/ghostpair/sources"
)

// All three readers must lead to the same findings and the same state, bit for bit: streamed remote
// read, remote read of samples, and the query API. The server has external labels, which only remote
// read shows, and small frames, so that a series spans many.
func TestReadersAgree(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	server := served(t, fleet(), end, promtest.Options{
		Config:                 "global: {external_labels: {cluster: prod, replica: a}}",
		RemoteReadBytesInFrame: 1 << 12,
	})
	live := func(o *engine.Options) { o.LiveWithin, o.MaxPiece = 24*time.Hour, 3*time.Hour }
	streamed := newEngine(t, server, sources.ProtocolRemoteRead, nil)
	advance(t, streamed, end)
	want := outcomeOf(t, streamed)
	wantVerdicts(t, streamed)
	for _, c := range []struct {
		name, protocol string
		adjust         func(*engine.Options)
	}{
		{"samples", sources.ProtocolRemoteRead, live},
		{"query", sources.ProtocolQuery, nil},
		{"auto", sources.ProtocolAuto, nil},
	} {
		e := newEngine(t, server, c.protocol, c.adjust)
		advance(t, e, end)
		same(t, c.name, outcomeOf(t, e), want)
	}
}

// wantVerdicts makes sure that there is something to agree on.
func wantVerdicts(t *testing.T, e *engine.Engine) {
	t.Helper()
	got := verdicts(e)
	for name, want := range map[string]bool{
		"5xx httproute/a/quiet/rule/0":             true,
		"connect_timeout httproute/a/quiet/rule/0": true,
		"5xx httproute/b/retries/rule/0":           false,
	} {
		verdict, ok := got[name]
		if paired := verdict == finding.Paired; !ok || paired != want {
			t.Errorf("%s: %s (known %v), want paired %v", name, verdict, ok, want)
		}
	}
}

// recorded reads a fleet without any Prometheus.
type recorded struct {
	fleet  *simulate.Fleet
	signal string
}

func (r recorded) Read(_ context.Context, from, to int64, _ bool, sink observe.Sink) (observe.ReadStats, error) {
	return r.fleet.Record(from, to).Feed(r.signal, sink), nil
}

// What comes out of Prometheus must be what went in: the findings are those of the simulated runs.
func TestPrometheusAddsNothing(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	f := fleet()
	read := newEngine(t, served(t, f, end, promtest.Options{}), sources.ProtocolAuto, nil)
	direct := newEngine(t, serve(t, promtest.Options{}), sources.ProtocolAuto, func(o *engine.Options) {
		for i := range o.Sources {
			o.Sources[i].Reader = recorded{f, o.Sources[i].Signal}
		}
	})
	advance(t, read, end)
	advance(t, direct, end)
	// names of targets and series differ in the state
	same(t, "findings", outcomeOf(t, read).shown(), outcomeOf(t, direct).shown())
}

// The errors that are counted are those that happened, but for what no scrape can see: those between
// the last scrape of a process and its end.
func TestErrorsAreCounted(t *testing.T) {
	t.Parallel()
	end := start.Add(12 * time.Hour)
	f := fleet()
	e := newEngine(t, served(t, f, end, promtest.Options{}), sources.ProtocolAuto, nil)
	advance(t, e, end)
	for i, truth := range f.Record(start.UnixMilli(), end.UnixMilli()).Truth().Routes {
		for _, finding := range e.Evaluation().Findings {
			if finding.Signal != simulate.Signal5xx || finding.Route != f.Routes[i].Name {
				continue
			}
			if lost := int64(truth.Errors) - finding.Errors; lost < 0 || lost > 6 {
				t.Errorf("%s: %d errors, in truth %d", finding.Route, finding.Errors, truth.Errors)
			}
		}
	}
}

package e2e

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/sources"
)

// Advancing every 15 s while Prometheus gets its samples one scrape after the other must give what a
// replay of the whole gives, by either protocol.
func TestLiveEqualsReplay(t *testing.T) {
	t.Parallel()
	const delay = 5 * time.Second
	end := start.Add(40 * time.Minute)
	f := fleet()
	f.Routes = f.Routes[:2]
	server := serve(t, promtest.Options{})
	feed := newFeed(promtest.FleetSeries(f.Record(start.UnixMilli(), end.UnixMilli())))
	remoteRead := newEngine(t, server, sources.ProtocolRemoteRead, nil)
	query := newEngine(t, server, sources.ProtocolQuery, nil)
	for now := start; !now.After(end); now = now.Add(15 * time.Second) {
		if err := server.Append(t.Context(), feed.until(now.UnixMilli())); err != nil {
			t.Fatal(err)
		}
		advance(t, remoteRead, now.Add(-delay))
		advance(t, query, now.Add(-delay))
	}
	replayed := newEngine(t, server, sources.ProtocolRemoteRead, nil)
	advance(t, replayed, end.Add(-delay))
	want := outcomeOf(t, replayed).shown()
	same(t, "remote read", outcomeOf(t, remoteRead).shown(), want)
	same(t, "query", outcomeOf(t, query).shown(), want)
	if errors := replayed.Evaluation().Findings[0].Errors; errors < 10 {
		t.Errorf("%d errors are no test", errors)
	}
}

// feed hands out samples in the order of time.
type feed struct {
	samples []promtest.Sample
}

func newFeed(series []promtest.Series) *feed {
	f := &feed{}
	for _, s := range series {
		for at, value := range s.Samples {
			f.samples = append(f.samples, promtest.Sample{Labels: s.Labels, AtMillis: at, Value: value})
		}
	}
	slices.SortStableFunc(f.samples, func(a, b promtest.Sample) int { return cmp.Compare(a.AtMillis, b.AtMillis) })
	return f
}

// until takes the samples up to a time.
func (f *feed) until(millis int64) []promtest.Sample {
	i := 0
	for i < len(f.samples) && f.samples[i].AtMillis <= millis {
		i++
	}
	taken := f.samples[:i]
	f.samples = f.samples[i:]
	return taken
}

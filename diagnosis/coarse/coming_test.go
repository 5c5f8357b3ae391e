package coarse_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// A stay is a time at which a route is there, of one pod or of all (-1).
type stay struct {
	pod      int
	from, to int64
}

// visitors has routes that come and go: what its series show exists during their stays only. It speaks of minutes,
// so that days are cheap.
func visitors(seed uint64, days int64, stays map[string][]stay) *coarsetest.World {
	w := &coarsetest.World{Pods: 2, Interval: 60_000, Failures: map[string][]coarsetest.Failure{}, More: more{}}
	random := rand.New(rand.NewPCG(seed, 9))
	for route, when := range stays {
		var errors []int64
		ofPod := make([][]int64, w.Pods)
		for at := start; at < start+days*dayMillis; at += 1 + random.Int64N(2*hourMillis) {
			errors = append(errors, at)
			pod := len(errors) % w.Pods
			ofPod[pod] = append(ofPod[pod], at)
		}
		add := func(metric string, value func(events int) float64) {
			w.More[metric] = func(pod int, at int64) (float64, bool) {
				here := false
				for _, s := range when {
					here = here || (s.pod < 0 || s.pod == pod) && at >= s.from && at < s.to
				}
				events, _ := slices.BinarySearch(ofPod[pod], at+1)
				return value(events), here
			}
		}
		add("envoy_cluster_upstream_cx_connect_fail / "+route, func(n int) float64 { return float64(n) })
		add("envoy_cluster_upstream_rq_pending_active / "+route, func(int) float64 { return 0 })
		add("envoy_cluster_upstream_rq_time_bucket / "+route+" / 2500", func(n int) float64 { return float64(7 * n) })
		add("envoy_cluster_upstream_rq_time_bucket / "+route+" / 10000", func(n int) float64 { return float64(8 * n) })
		add("errors / "+route, func(n int) float64 { return float64(n) })
	}
	return w
}

// split hands on what is errors to the errors' sink, and all else to the collector.
type split struct{ *coarse.Collector }

func (s split) Series(id *observe.SeriesID, runs []observe.Run) {
	if route, ok := strings.CutPrefix(id.Route, "errors / "); ok {
		own := *id
		own.Route = route
		s.Errors().Series(&own, runs)
		return
	}
	s.Collector.Series(id, runs)
}

// visited reads a world piece by piece. With restarts, every piece is read by a collector that got the state of the one
// before.
func visited(t *testing.T, w *coarsetest.World, limit int, restarts bool, cuts []int64) *coarse.Collector {
	t.Helper()
	options := coarse.Options{Fingerprints: fingerprints(), FalseSuspicionsPerMonth: 1, RouteLimit: limit}
	c := coarse.New(options)
	from := start
	for _, to := range cuts {
		c.Begin(from, to)
		w.Feed(from, to, split{c})
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
		if restarts {
			state := stateOf(t, c)
			if c = coarse.New(options); c.UnmarshalBinary(state) != nil {
				t.Fatal("a state was refused")
			}
		}
		from = to
	}
	return c
}

// cutsOf cuts a stretch of time into pieces of random length, up to a longest.
func cutsOf(random *rand.Rand, end, longest int64) []int64 {
	var cuts []int64
	for at := start; at < end; {
		at = min(end, at+1+random.Int64N(longest))
		cuts = append(cuts, at)
	}
	return cuts
}

func comings() map[string][]stay {
	hours := func(n float64) int64 { return start + int64(n*hourMillis) }
	return map[string][]stay{
		"always":    {{-1, start, hours(1e6)}},
		"late":      {{-1, hours(7.3), hours(1e6)}},
		"one pod":   {{1, hours(2.1), hours(20.7)}},
		"pause":     {{-1, start, hours(5.1)}, {-1, hours(5.5), hours(9.3)}, {-1, hours(11), hours(13.4)}},
		"next day":  {{-1, start, hours(3.6)}, {-1, hours(30), hours(60.2)}},
		"next week": {{0, hours(4), hours(5.3)}, {1, hours(90), hours(91.7)}},
		"gone":      {{-1, hours(1), hours(6.4)}},
		"a second":  {{-1, hours(28), hours(31)}},
	}
}

// Routes that come, go and come back are the same however time is cut and whenever the program is started
// again, with and without a limit.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 3} {
		t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
			t.Parallel()
			w, end := visitors(1, 4, comings()), start+100*hourMillis
			random := rand.New(rand.NewPCG(uint64(limit), 3))
			want := stateOf(t, visited(t, w, limit, false, cutsOf(random, end, 6*hourMillis)))
			for range 3 {
				cuts := cutsOf(random, end, []int64{6 * hourMillis, 90 * 60_000}[random.IntN(2)])
				if got := stateOf(t, visited(t, w, limit, true, cuts)); !bytes.Equal(got, want) {
					t.Fatalf("%d pieces make another state: %s", len(cuts), difference(got, want))
				}
			}
		})
	}
}

// What has not been seen for a day is forgotten, so that the state of a service does not grow with every route that
// there ever was.
func TestGoneRoutesAreForgotten(t *testing.T) {
	t.Parallel()
	stays := map[string][]stay{"always": {{-1, start, 1 << 60}}}
	const each, days = 8, 8
	for i := range days * each { // new ones every three hours
		from := start + int64(i)*dayMillis/each
		stays[fmt.Sprintf("r%03d", i)] = []stay{{-1, from, from + 2*hourMillis}}
	}
	w := visitors(2, days, stays)
	random := rand.New(rand.NewPCG(5, 5))
	size := func(day int64) int {
		return len(stateOf(t, visited(t, w, 0, false, cutsOf(random, start+day*dayMillis, 6*hourMillis))))
	}
	if third, eighth := size(5), size(8); eighth > third*11/10 {
		t.Errorf("%d bytes after five days, %d after eight", third, eighth)
	}
	c := visited(t, w, 0, false, cutsOf(random, start+8*dayMillis, 6*hourMillis))
	for route, want := range map[string]bool{"always": true, "r000": false, "r010": false, "r063": true} {
		if got := c.Observe(route, 0, &diagnosis.Observations{}); got != want {
			t.Errorf("%s is known: %v, want %v", route, got, want)
		}
	}
}

// A place below the limit is free a day after the last sample of whoever had it.
func TestPlacesBecomeFree(t *testing.T) {
	t.Parallel()
	w := visitors(3, 4, map[string][]stay{
		"a": {{-1, start, start + hourMillis}}, "b": {{-1, start, 1 << 60}},
		"waits": {{-1, start + 2*hourMillis, 1 << 60}}, "waits, too": {{-1, start + 2*hourMillis, 1 << 60}},
	})
	random := rand.New(rand.NewPCG(6, 6))
	for hour, want := range map[int64]map[string]bool{
		20: {"a": true, "b": true, "waits": false}, 27: {"a": false, "b": true, "waits": true, "waits, too": false},
	} {
		c := visited(t, w, 2, false, cutsOf(random, start+hour*hourMillis, 6*hourMillis))
		for route, known := range want {
			if got := c.Observe(route, 0, &diagnosis.Observations{}); got != known {
				t.Errorf("after %d hours %s is known: %v, want %v", hour, route, got, known)
			}
		}
	}
}

// A series that is gone for a while goes on where it was; after an hour it is a new one, which begins at what it
// shows.
func TestPausesCountNothing(t *testing.T) {
	t.Parallel()
	for pause, want := range map[int64]int64{30: 50, 90: 0} { // minutes
		m := more{}
		m["envoy_cluster_upstream_cx_connect_fail / r"] = func(_ int, at int64) (float64, bool) {
			gone, back := start+2*hourMillis, start+2*hourMillis+pause*60_000
			if at < gone {
				return 1000, true
			}
			return 1050, at >= back
		}
		m.constant("envoy_cluster_upstream_cx_connect_fail / other", 0)
		w := &coarsetest.World{Pods: 1, Interval: 60_000, More: m}
		c := visited(t, w, 0, false, []int64{start + hourMillis, start + 6*hourMillis})
		equal(t, fmt.Sprintf("growth over %d minutes", pause), observed(t, c, "r").Connects.Failures, want)
	}
}

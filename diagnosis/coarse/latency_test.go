package coarse_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
	"github.com/ghostpair/ghostpair/diagnosis/coarse/coarsetest"
)

// hand is a pod that is scraped at whole multiples of 15 s, whose histogram shows what is written.
type hand struct {
	bounds []string
	more   string              // in the names of the series
	values map[int64][]float64 // seconds after start → the cumulative buckets
}

func (h *hand) feed(from, to int64, view string, sink observe.Sink) {
	for b, bound := range h.bounds {
		for at, values := range h.values {
			if at := start + at*1000; at > from && at <= to && b < len(values) {
				metric := coarse.LatencyMetric
				if h.more == "native" {
					metric = coarse.LatencyHistogram(fingerprints()).Metric
				}
				id := observe.SeriesID{Route: metric + " / in / " + bound, Target: "pod", View: view, Counter: bound + h.more}
				sink.Series(&id, []observe.Run{{FirstMillis: at, Count: 1, Value: values[b]}})
			}
		}
	}
}

func latencyOf(histograms ...*hand) *coarse.Latency {
	l := coarse.NewLatency(fingerprints(), start)
	l.Begin(coarse.LatencyStart(start), start+2*hourMillis)
	for i, h := range histograms {
		view := fmt.Sprint("job=", i)
		if h.more != "" {
			view = "job=0"
		}
		h.feed(coarse.LatencyStart(start), start+2*hourMillis, view, l)
	}
	l.End()
	return l
}

// The cells are (left, right] in seconds after start. Scrapes at 15 s tell of a cell when all those that may show
// its request have come: a histogram is up to 5 s late, and a page shows up to 2 s more than its time says.
func TestQuick(t *testing.T) {
	t.Parallel()
	// Buckets up to 2.5, 5 and 10 s. One request each before 30 and before 60 s; the second took 5.0 s.
	usual := &hand{[]string{"2500", "5000.0", "10000"}, "", map[int64][]float64{
		0: {7, 7, 7}, 15: {7, 7, 7}, 30: {8, 8, 8}, 45: {8, 8, 8}, 60: {8, 9, 9}, 75: {8, 9, 9}, 90: {9, 10, 10},
	}}
	with := func(change func(v map[int64][]float64)) *hand {
		h := &hand{usual.bounds, "", make(map[int64][]float64)}
		for at, v := range usual.values {
			h.values[at] = slices.Clone(v)
		}
		change(h.values)
		return h
	}
	for _, c := range []struct {
		name        string
		histograms  []*hand
		left, right int64
		want        bool
	}{
		{"nothing slow nearby", []*hand{usual}, 20, 21, true},
		{"up to the scrape before the slow one", []*hand{usual}, 39, 40, true},
		{"it may be shown 5 s late", []*hand{usual}, 40, 41, false},
		{"in the interval of the slow one", []*hand{usual}, 50, 51, false},
		{"the page took 2 s", []*hand{usual}, 61, 62, false},
		{"after it", []*hand{usual}, 62, 63, true},
		{"before the first scrape", []*hand{usual}, 1, 2, false},
		{"not all scrapes have come", []*hand{usual}, 85, 86, false},
		{"no histogram", nil, 20, 21, false},
		{"a scrape is missing", []*hand{with(func(v map[int64][]float64) { delete(v, 15) })}, 20, 21, true},
		{"the slow scrape is missing: the next one shows it", []*hand{with(func(v map[int64][]float64) { delete(v, 60) })}, 68, 69, false},
		{"the process started again", []*hand{with(func(v map[int64][]float64) { v[30] = []float64{1, 1, 1} })}, 20, 21, false},
		{"a bucket is missing", []*hand{with(func(v map[int64][]float64) { v[30] = v[30][:2] })}, 20, 21, false},
		{"no request at all", []*hand{with(func(v map[int64][]float64) {
			for at := range v {
				v[at] = []float64{7, 7, 7}
			}
		})}, 20, 21, false},
		{"it appears with its first request", []*hand{usual, {usual.bounds, "", map[int64][]float64{30: {1, 1, 1}, 45: {1, 1, 1}}}}, 20, 21, true},
		{"another view saw it all", []*hand{{usual.bounds, "", map[int64][]float64{15: {1, 2, 2}, 30: {1, 3, 3}}}, usual}, 20, 21, true},
		{"the bucket that ends at 5 s is slow", []*hand{{[]string{"2500", "5000", "10000"}, "", map[int64][]float64{
			0: {1, 1, 1}, 15: {1, 2, 2}, 30: {2, 3, 3},
		}}}, 5, 6, false},
		{"bounds that are far from the timeout", []*hand{{[]string{"500", "100000"}, "", map[int64][]float64{0: {1, 1}, 15: {2, 2}, 30: {3, 3}}}}, 5, 6, false},
		{"no bound above it but infinity", []*hand{{[]string{"2500", "+Inf"}, "", map[int64][]float64{0: {1, 1}, 15: {2, 2}, 30: {3, 3}}}}, 5, 6, false},
		{"two series of one bound", []*hand{usual, {usual.bounds, "more", map[int64][]float64{30: {8, 8, 8}}}}, 20, 21, false},
		{"a native histogram", []*hand{{usual.bounds, "native", usual.values}}, 20, 21, true},
		{"a slow request in a native histogram", []*hand{{usual.bounds, "native", usual.values}}, 50, 51, false},
		{"native and classic, of which one is not known", []*hand{{usual.bounds, "native", map[int64][]float64{15: {8, 8, 8}, 30: {9, 9}}}, usual}, 20, 21, true},
		{"five minutes without a scrape", []*hand{{usual.bounds, "", map[int64][]float64{0: {1, 1, 1}, 301: {2, 2, 2}, 316: {3, 3, 3}}}}, 20, 21, false},
	} {
		l := latencyOf(c.histograms...)
		if got := l.Quick(0, "pod", start+c.left*1000, start+c.right*1000); got != c.want {
			t.Errorf("%s: quick %v, want %v", c.name, got, c.want)
		}
		if l.Quick(0, "other", start+c.left*1000, start+c.right*1000) {
			t.Errorf("%s: another target is known", c.name)
		}
	}
}

// A histogram of a listener that has vanished leaves a stretch of which nothing is known, not even in hindsight.
func TestVanishedHistogram(t *testing.T) {
	t.Parallel()
	feed := func(l *coarse.Latency, group string, at int64, v float64) {
		for _, bound := range []string{"2500", "10000"} {
			id := observe.SeriesID{Route: coarse.LatencyMetric + " / " + group + " / " + bound, Target: "pod", Counter: bound}
			l.Series(&id, []observe.Run{{FirstMillis: start + at*1000, Count: 1, Value: v}})
		}
	}
	l := coarse.NewLatency(fingerprints(), start)
	l.Begin(start, start+hourMillis)
	for at := int64(15); at <= 150; at += 15 {
		feed(l, "a", at, float64(at))
		if at < 60 {
			feed(l, "b", at, 3)
		}
	}
	l.End()
	for at, want := range map[int64]bool{20: true, 50: false, 70: true} {
		if got := l.Quick(0, "pod", start+at*1000, start+(at+1)*1000); got != want {
			t.Errorf("at %d s: %v, want %v", at, got, want)
		}
	}
}

// messy is a world in which everything happens that can go wrong with histograms.
func messy(seed uint64, end int64) *coarsetest.Latencies {
	random := rand.New(rand.NewPCG(seed, 5))
	w := &coarsetest.Latencies{
		Pods: 3, Flush: 5000, UsedOnly: seed%2 == 1,
		Jobs:     []coarsetest.Job{{Name: "coarse", Interval: 15_000}, {Name: "fine", Interval: 1000}},
		Restarts: []int64{start + 2*hourMillis + 12_345, start + 4*hourMillis + 777},
		Missed: func(pod int, at int64) bool {
			gap := (at - start) % (3 * hourMillis)
			return (at/1000)%101 == int64(pod) || gap > 50*60_000 && gap < 50*60_000+int64(pod)*200_000
		},
	}
	for range 3000 {
		w.Answers = append(w.Answers, coarsetest.Answer{
			AtMillis: start - hourMillis + random.Int64N(end-start+hourMillis), Pod: random.IntN(3),
			TookMillis: []float64{3, 40, 700, 3000, 5005, 11_000}[random.IntN(6)],
		})
	}
	return w
}

func follow(t *testing.T, w *coarsetest.Latencies, since int64, cuts ...int64) *coarse.Latency {
	t.Helper()
	l := coarse.NewLatency(fingerprints(), since)
	from := coarse.LatencyStart(since)
	for _, to := range cuts {
		l.Begin(from, to)
		w.Feed(from, to, l)
		l.End()
		from = to
	}
	return l
}

func latencyState(t *testing.T, l *coarse.Latency) []byte {
	t.Helper()
	b, err := l.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// However time is cut, in which order series come, and whether it goes on from a state in between, the state in
// the end is the same. And what was forgotten might as well never have been read.
func TestLatencyCutsDoNotMatter(t *testing.T) {
	t.Parallel()
	end := start + 6*hourMillis + 1234
	for seed := range uint64(4) {
		w := messy(seed, end)
		want := latencyState(t, follow(t, w, start, end))
		since := start + 3*hourMillis
		wantLate := latencyState(t, follow(t, w, since, end))
		random := rand.New(rand.NewPCG(seed, 6))
		w.Reorder = random
		var cuts []int64
		for at := coarse.LatencyStart(start); at < end; {
			at = min(end, at+1+random.Int64N(20*60_000))
			cuts = append(cuts, at)
		}
		l := coarse.NewLatency(fingerprints(), start)
		from := coarse.LatencyStart(start)
		for _, to := range cuts {
			l.Begin(from, to)
			w.Feed(from, to, l)
			if random.IntN(3) == 0 {
				l.Abort()
				l.Begin(from, to)
				w.Feed(from, to, l)
			}
			l.End()
			from = to
			if random.IntN(3) == 0 {
				state := latencyState(t, l)
				l = coarse.NewLatency(fingerprints(), 0)
				if err := l.UnmarshalBinary(state); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := latencyState(t, l); !bytes.Equal(got, want) {
			t.Errorf("seed %d: the state differs after %d cuts: %s", seed, len(cuts), difference(got, want))
		}
		l.Forget(since)
		if got := latencyState(t, l); !bytes.Equal(got, wantLate) {
			t.Errorf("seed %d: what was forgotten shows: %s", seed, difference(got, wantLate))
		}
	}
}

// Ticks of a service come to the same as one stretch.
func TestLatencyTicksDoNotMatter(t *testing.T) {
	t.Parallel()
	end := start + hourMillis
	w := messy(9, end)
	var cuts []int64
	for at := coarse.LatencyStart(start); at < end; at += 15_000 {
		cuts = append(cuts, at+15_000)
	}
	if got, want := latencyState(t, follow(t, w, start, cuts...)), latencyState(t, follow(t, w, start, end)); !bytes.Equal(got, want) {
		t.Errorf("the state differs: %s", difference(got, want))
	}
}

// A request that took 5 s is never far from an interval that is not quick, however late histograms are, whatever
// is missed, and whichever job sees them.
func TestSlowIsNeverQuick(t *testing.T) {
	t.Parallel()
	end := start + 6*hourMillis
	quick, asked := 0, 0
	for seed := range uint64(4) {
		w := messy(seed, end)
		l := follow(t, w, start, end)
		for _, a := range w.Answers {
			right := a.AtMillis/1000*1000 + 1000
			got := l.Quick(0, coarsetest.PodName(a.Pod), right-1000, right)
			if a.TookMillis > 2500 && a.TookMillis <= 10_000 && got && a.AtMillis > start {
				// Only a process that ended within the interval takes its answers with it.
				if !slices.ContainsFunc(w.Restarts, func(r int64) bool { return a.AtMillis <= r && r-a.AtMillis < 20_000 }) {
					t.Errorf("seed %d: an answer after %v ms at %d s is quick", seed, a.TookMillis, (a.AtMillis-start)/1000)
				}
			}
			if a.TookMillis <= 2500 {
				asked++
				if got {
					quick++
				}
			}
		}
	}
	// About one in three is slow, a thousand in 18 pod hours: one a minute. The fine job tells of most others.
	if quick < asked/2 {
		t.Errorf("only %d of %d quick answers are known to be", quick, asked)
	}
}

// What is remembered is bounded, and the newest is kept.
func TestLatencyIsBounded(t *testing.T) {
	t.Parallel()
	w := &coarsetest.Latencies{Pods: 1, Jobs: []coarsetest.Job{{Name: "j", Interval: 1000}}}
	end := start + 6*hourMillis
	for at := start; at < end; at += 2000 { // slow and quick in turn: a new stretch every second
		w.Answers = append(w.Answers, coarsetest.Answer{AtMillis: at, TookMillis: 5005})
	}
	w.Answers = append(w.Answers, coarsetest.Answer{AtMillis: end - 30_000, TookMillis: 1})
	l := follow(t, w, start, end)
	if n := len(latencyState(t, l)); n > 40_000 {
		t.Errorf("the state has %d bytes", n)
	}
	right := end - 7000
	if l.Quick(0, coarsetest.PodName(0), right-1000, right) {
		t.Error("seconds with slow requests all around are quick")
	}
	if got, want := latencyState(t, follow(t, w, start, start+3*hourMillis, end)), latencyState(t, l); !bytes.Equal(got, want) {
		t.Errorf("what is dropped depends on cuts: %s", difference(got, want))
	}
}

func TestDamagedLatencyState(t *testing.T) {
	t.Parallel()
	l := follow(t, messy(1, start+hourMillis), start, start+hourMillis)
	want := latencyState(t, l)
	for _, bad := range []string{
		"", "{}", `{"Version":1,"Views":[{"Logs":[]}]}`, `{"Version":1,"Views":[{"Logs":[{},{}],"Last":{"h":[]}}]}`,
		`{"Version":1,"Views":[{"Logs":[{"Ends":"gA=="},{}]}]}`, `{"Version":1,"Views":[{"Logs":[{"Hours":[2,1]},{}]}]}`,
	} {
		if l.UnmarshalBinary([]byte(bad)) == nil {
			t.Errorf("%q was taken for a state", bad)
		}
	}
	if !bytes.Equal(latencyState(t, l), want) {
		t.Error("a state that was refused changed it")
	}
}

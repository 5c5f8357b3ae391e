package coarsetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// Answer is a request that a proxy has answered.
type Answer struct {
	AtMillis   int64
	Pod        int
	TookMillis float64
}

// Job is a scrape job that reads the histograms.
type Job struct {
	Name     string
	Interval int64
}

// Latencies is what the latency histograms of some pods show.
type Latencies struct {
	Pods    int
	Answers []Answer
	Bounds  []string // nil: those that Envoy has, as far as they matter
	Jobs    []Job
	// Flush is how often the histograms take in what was answered: until then an answer is not shown.
	Flush int64
	// Missed tells which scrapes fail, Restarts when pods start again; nil: none and never.
	Missed   func(pod int, at int64) bool
	Restarts []int64
	// UsedOnly leaves out histograms that have seen nothing since the pod started.
	UsedOnly bool
	Reorder  *rand.Rand // nil: series come in any order

	shown [][]Answer // by pod, in order of when they are shown
}

// PodName is the name of the target.
func PodName(pod int) string { return fmt.Sprintf("envoy-%d", pod) }

func (l *Latencies) prepare() {
	if l.shown != nil {
		return
	}
	l.shown = make([][]Answer, l.Pods)
	for _, a := range l.Answers {
		if l.Flush > 0 {
			a.AtMillis = (a.AtMillis + l.Flush - 1) / l.Flush * l.Flush
		}
		l.shown[a.Pod] = append(l.shown[a.Pod], a)
	}
	for _, answers := range l.shown {
		slices.SortStableFunc(answers, func(a, b Answer) int { return cmp.Compare(a.AtMillis, b.AtMillis) })
	}
}

// Feed hands the buckets in (from, to], and a minute before it, to a sink.
func (l *Latencies) Feed(from, to int64, sink observe.Sink) {
	l.prepare()
	bounds := l.Bounds
	if bounds == nil {
		bounds = []string{"500", "1000.0", "2500", "5000.0", "10000", "30000", "60000"}
	}
	var calls []func()
	for pod := range l.Pods {
		for _, job := range l.Jobs {
			for _, text := range bounds {
				bound, err := strconv.ParseFloat(text, 64)
				if err != nil {
					panic(err)
				}
				runs := l.bucket(pod, job, bound, from-60_000, to)
				calls = append(calls, func() {
					sink.Series(&observe.SeriesID{Route: coarse.LatencyMetric + " / ingress / " + text, Target: PodName(pod), View: job.Name, Counter: job.Name + text}, runs)
				})
			}
		}
	}
	if l.Reorder != nil {
		l.Reorder.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	}
	for _, call := range calls {
		call()
	}
}

// bucket gives the samples of a cumulative bucket in (from, to].
func (l *Latencies) bucket(pod int, job Job, bound float64, from, to int64) []observe.Run {
	answers := l.shown[pod]
	phase := int64(pod*1234+len(job.Name)*77) % job.Interval
	began, within, next := int64(0), 0, 0
	var times []int64
	values := make(map[int64]float64)
	for at := (from-phase)/job.Interval*job.Interval + phase; at <= to; at += job.Interval {
		if at <= from || l.Missed != nil && l.Missed(pod, at) {
			continue
		}
		if last := l.started(at); last > began {
			began, within = last, 0
			next = sort.Search(len(answers), func(i int) bool { return answers[i].AtMillis > last })
		}
		for ; next < len(answers) && answers[next].AtMillis <= at; next++ {
			if answers[next].TookMillis <= bound {
				within++
			}
		}
		if l.UsedOnly && (next == 0 || answers[next-1].AtMillis <= began) {
			continue
		}
		times = append(times, at)
		values[at] = float64(within)
	}
	return runs(times, func(at int64) (float64, bool) { return values[at], true })
}

// started is when the pods started before a time; 0: before all.
func (l *Latencies) started(at int64) int64 {
	last := int64(0)
	for _, r := range l.Restarts {
		if r <= at {
			last = max(last, r)
		}
	}
	return last
}

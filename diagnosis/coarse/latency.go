package coarse

import (
	"maps"

	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
)

const (
	// flushMillis is how much later than the counters Envoy shows its histograms, at most: it merges those of
	// its threads when it flushes its statistics.
	flushMillis = 5000
	// pageMillis is how much later than its time a scrape may show what has happened: the time is that at which
	// it began, and a large page takes a while.
	pageMillis = 2000
	// maxStretchMillis is the longest time between two scrapes over which growth is told: over a longer one a
	// process may have started again and caught up with itself.
	maxStretchMillis = 5 * 60 * 1000
)

// Latency remembers of every proxy when a request took about as long as a timeout, and when surely none
// did. That tells errors that took their time from those that were there at once.
//
// Each way in which a target is seen is remembered by itself, and any of them will do: the histogram is
// often in a coarser scrape job than the errors. Like a Collector it is advanced piece by piece, what comes
// out does not depend on how time is cut, and it is not safe for concurrent use.
type Latency struct {
	windows     []Window                           // by fingerprint
	sinceMillis int64                              // what was before is forgotten
	views       map[string]map[string]*latencyView // by target, then view
	staged      stagedLatency
}

var _ observe.Sink = (*Latency)(nil)

type viewKey struct{ target, view string }

// NewLatency returns a Latency that has seen nothing, and remembers nothing from before a time, which is
// a whole hour.
func NewLatency(fingerprints []score.Fingerprint, sinceMillis int64) *Latency {
	return &Latency{windows: LatencyHistogram(fingerprints).Windows, sinceMillis: sinceMillis, views: make(map[string]map[string]*latencyView)}
}

// LatencyStart is from when on samples are needed for a Latency that remembers what was since a time.
func LatencyStart(sinceMillis int64) int64 { return sinceMillis - maxStretchMillis }

// stagedLatency is what was handed over since Begin.
type stagedLatency struct {
	stage
	views map[viewKey]map[string]stagedHistogram // by histogram
}

// stagedHistogram has the samples of the buckets, by upper bound in milliseconds and series.
type stagedHistogram map[float64]map[string][]observe.Run

// Begin opens the piece (fromMillis, toMillis] and forgets what an earlier one without End left.
func (l *Latency) Begin(fromMillis, toMillis int64) {
	l.staged = stagedLatency{stage{from: fromMillis, to: toMillis}, make(map[viewKey]map[string]stagedHistogram)}
}

// Abort forgets what was handed over since Begin.
func (l *Latency) Abort() { l.staged = stagedLatency{} }

// Scrapes does nothing: a histogram was scraped when there are samples of it.
func (l *Latency) Scrapes(observe.TargetView, []observe.Run) {}

// Series takes samples of one cumulative bucket. The route of its ID is as Collector.Series wants it.
func (l *Latency) Series(id *observe.SeriesID, runs []observe.Run) {
	metric, rest := splitName(id.Route)
	if l.staged.views == nil || metric != LatencyMetric && metric != latencyHistogram {
		return
	}
	group, bound, ok := splitBound(rest)
	if !ok || !l.matters(bound) {
		return
	}
	key := viewKey{id.Target, id.View}
	if metric == latencyHistogram {
		key.view += ", native" // a way of its own to see the same
	}
	histograms := l.staged.views[key]
	if histograms == nil {
		histograms = make(map[string]stagedHistogram)
		l.staged.views[key] = histograms
	}
	if histograms[group] == nil {
		histograms[group] = make(stagedHistogram)
	}
	if histograms[group][bound] == nil {
		histograms[group][bound] = make(map[string][]observe.Run)
	}
	kept := histograms[group][bound][id.Counter]
	for _, run := range runs {
		kept = l.staged.append(kept, run)
	}
	histograms[group][bound][id.Counter] = kept
}

// LatencyHistogram is the histogram that Series understands, and how long requests take that ran into the timeouts.
func LatencyHistogram(fingerprints []score.Fingerprint) Histogram {
	return Histograms(fingerprints)[latencyIndex]
}

// matters tells whether a bucket may be one of those around a timeout.
func (l *Latency) matters(bound float64) bool {
	for _, w := range l.windows {
		if w.isBelow(bound) || w.isAbove(bound) {
			return true
		}
	}
	return false
}

// isBelow tells whether a bound may be that of the last bucket of requests that are faster than a window.
func (w Window) isBelow(bound float64) bool {
	from, _ := w.Bounds()
	return bound < w.LoMillis && bound >= from
}

// isAbove tells whether a bound may be that of the first bucket that has all requests of a window.
func (w Window) isAbove(bound float64) bool {
	_, to := w.Bounds()
	return bound >= w.HiMillis && bound <= to
}

// End closes the piece.
func (l *Latency) End() {
	s := l.staged
	l.staged = stagedLatency{}
	for key, histograms := range s.views {
		v := l.views[key.target][key.view]
		if v == nil {
			v = &latencyView{logs: make([]stretches, len(l.windows))}
			l.add(key, v)
		}
		v.take(histograms, l.windows)
	}
	l.tidy(s.to)
}

func (l *Latency) add(key viewKey, v *latencyView) {
	if l.views[key.target] == nil {
		l.views[key.target] = make(map[string]*latencyView)
	}
	l.views[key.target][key.view] = v
}

// Forget forgets what was before a time, which is a whole hour.
func (l *Latency) Forget(beforeMillis int64) {
	l.sinceMillis = max(l.sinceMillis, beforeMillis)
	l.tidy(0)
}

// tidy drops what is too old. The time is that of the end of what was read.
func (l *Latency) tidy(toMillis int64) {
	for target, views := range l.views {
		maps.DeleteFunc(views, func(_ string, v *latencyView) bool { return v.tidy(l.sinceMillis, toMillis) })
		if len(views) == 0 {
			delete(l.views, target)
		}
	}
}

// Quick tells whether a target surely answered no request as slowly as a fingerprint says, in an interval of
// its errors and as long after as histograms may be late. It is never true of an hour in which a histogram
// saw no request at all, as that may be none of the requests in question.
func (l *Latency) Quick(fingerprint int, target string, leftMillis, rightMillis int64) bool {
	for _, v := range l.views[target] {
		if v.logs[fingerprint].quick(leftMillis-pageMillis, rightMillis+flushMillis) {
			return true
		}
	}
	return false
}

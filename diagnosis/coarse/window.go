package coarse

import (
	"math"
	"slices"

	"github.com/ghostpair/ghostpair/detector/score"
)

// Window is a stretch of durations, in milliseconds, that buckets are to tell from shorter and from longer
// ones.
type Window struct{ LoMillis, HiMillis float64 }

// lateWindow is how long connects take that lost packets and recovered: after 1 s, and after 3 s or, in newer
// kernels, each second.
var lateWindow = Window{LoMillis: 1000, HiMillis: 5000}

// Histogram is a histogram that Series understands, and what it is asked.
type Histogram struct {
	Metric  string // without _bucket
	Process bool   // of a whole proxy, and not of a cluster
	Connect bool   // it matters also where the errors are connect timeouts
	Windows []Window
}

// Places in Histograms.
const (
	latencyIndex = iota
	upstreamIndex
	connectIndex
	histograms
)

// Histograms lists them. The buckets that matter are, for each window, the greatest bound below it and the smallest
// one that its end does not exceed, see Bounds.
func Histograms(fingerprints []score.Fingerprint) []Histogram {
	timeouts := make([]Window, len(fingerprints))
	for i, fp := range fingerprints {
		lo, hi := fp.Seconds()
		timeouts[i] = Window{lo * 1000, hi * 1000}
	}
	return []Histogram{
		{Metric: latencyHistogram, Process: true, Connect: true, Windows: timeouts},
		{Metric: upstreamHistogram, Windows: timeouts},
		{Metric: connectHistogram, Connect: true, Windows: []Window{lateWindow}},
	}
}

var defaultBounds = [...]float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000}

// DefaultBounds are the upper bounds of Envoy's own buckets, in milliseconds.
func DefaultBounds() []float64 { return slices.Clone(defaultBounds[:]) }

// Bounds returns between which bounds, both included, the buckets are that can tell a window: those of
// Envoy's defaults, and custom ones that are no further from the window than three times. Still wider
// buckets would show mostly other requests.
func (w Window) Bounds() (from, to float64) {
	const far = 3
	from, to = w.LoMillis/far, w.HiMillis*far
	for _, b := range defaultBounds {
		if b >= w.HiMillis {
			to = max(to, b)
			break
		}
	}
	for _, b := range slices.Backward(defaultBounds[:]) {
		if b < w.LoMillis {
			from = min(from, b)
			break
		}
	}
	return from, to
}

// A cumulative bucket at one scrape.
type sample struct {
	Bound, Value float64
	Native       bool `json:",omitempty"` // from a histogram that came whole
}

// growth is how many requests in a window ended between two scrapes, from the buckets that are there at
// both. A real Envoy keeps two digits and puts 5.00 s into the bucket that ends at 5000, so the bucket
// that ends at the beginning of the window belongs to it. It is not known where a bound is missing, or a bucket
// began anew.
func (w Window) growth(before, now []sample) (n float64, known bool) {
	var below, above float64
	found := false
	for _, x := range now {
		y, ok := find(before, x)
		switch {
		case !ok:
		case x.Value < y.Value:
			return 0, false
		case x.Bound < w.LoMillis:
			below, found = x.Value-y.Value, true
		case x.Bound >= w.HiMillis && !math.IsInf(x.Bound, 1):
			above = x.Value - y.Value
			return above - below, found && above >= below
		}
	}
	return 0, false
}

func find(all []sample, x sample) (sample, bool) {
	for _, y := range all {
		if y.Bound == x.Bound {
			return y, true
		}
	}
	return sample{}, false
}

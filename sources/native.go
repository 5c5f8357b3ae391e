package sources

import (
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"

	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// native is one sample of a native histogram, exponential or with custom buckets.
type native struct {
	atMillis int64
	schema   int32     // of exponential buckets
	custom   []float64 // upper bounds of custom buckets; nil: they are exponential
	buckets  []nativeBucket
}

// nativeBucket is (lower, upper]. The zero bucket is one like any other.
type nativeBucket struct{ lower, upper, count float64 }

// emptySchema is taken for that of a histogram without any request, which the query API does not tell:
// it is what Envoy says then.
const emptySchema = 3

// appendNative takes over a sample, unless it is a stale marker.
func appendNative(all []native, atMillis int64, h *histogram.FloatHistogram) ([]native, error) {
	if value.IsStaleNaN(h.Sum) {
		return all, nil
	}
	if err := h.Validate(); err != nil {
		return all, badData("a native histogram: %v", err)
	}
	n := native{atMillis: atMillis, schema: h.Schema}
	if h.UsesCustomBuckets() {
		n.custom = slices.Clone(h.CustomValues)
	}
	for it := h.AllBucketIterator(); it.Next(); {
		if b := it.At(); b.Count != 0 {
			n.buckets = append(n.buckets, nativeBucket{b.Lower, b.Upper, b.Count})
		}
	}
	if len(n.buckets) == 0 && n.custom == nil {
		n.schema = emptySchema
	}
	return append(all, n), nil
}

// infer finds out what bounds a histogram has whose schema is not told: from the ratio of any bucket's bounds.
// Of custom buckets only the bounds next to a request are told: they are taken to be Envoy's own, and what lies on
// both sides of one of them is not known.
func (n *native) infer() {
	n.schema = emptySchema
	exponential := true
	for _, b := range n.buckets {
		if b.lower <= 0 {
			exponential = exponential && b.lower == -b.upper // else not a zero bucket
			continue
		}
		s := int32(math.Round(-math.Log2(math.Log2(b.upper / b.lower))))
		if s < -4 || s > 8 || !near(exponentialBound(s, int(math.Round(math.Log2(b.upper)*math.Exp2(float64(s))))), b.upper) {
			exponential = false
			break
		}
		n.schema = s
	}
	if !exponential {
		n.custom = coarse.DefaultBounds()
	}
}

// exponentialBound is the upper bound of a bucket by its index.
func exponentialBound(schema int32, index int) float64 {
	return math.Exp2(float64(index) * math.Exp2(-float64(schema)))
}

// around are the greatest bound below a window and the smallest that its end does not exceed. A real Envoy
// gives a bucket of two digits, such as 5000 to 5100, to the native bucket that its beginning lies in, as it does
// with classic ones.
func (n *native) around(w coarse.Window) (below, above float64) {
	if n.custom != nil {
		for _, b := range n.custom {
			if b < w.LoMillis {
				below = b
			}
			if b >= w.HiMillis && above == 0 {
				above = b
			}
		}
		return below, above
	}
	if w.LoMillis <= 0 {
		return 0, 0 // nothing is shorter
	}
	perDoubling := math.Exp2(float64(n.schema))
	i := int(math.Ceil(math.Log2(w.LoMillis) * perDoubling))
	for exponentialBound(n.schema, i) >= w.LoMillis {
		i--
	}
	k := i + 1
	for exponentialBound(n.schema, k) < w.HiMillis {
		k++
	}
	return exponentialBound(n.schema, i), exponentialBound(n.schema, k)
}

// upTo is how many requests took no longer than a bound; not ok when a bucket lies on both sides.
func (n *native) upTo(bound float64) (count float64, ok bool) {
	for _, b := range n.buckets {
		switch {
		case b.upper <= bound, near(b.upper, bound):
			count += b.count
		case b.lower < bound && !near(b.lower, bound):
			return 0, false
		}
	}
	return count, true
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// natives turns the samples of a native histogram into the cumulative buckets that tell its windows, as series of the
// same name with a bound.
func (r *reading) natives(query int, set labelSet, all []native) error {
	stored, err := set.labels()
	if err != nil {
		return err
	}
	windows := r.source.histograms[stored.Get(model.MetricNameLabel)]
	if windows == nil {
		r.warn(histogramWarning)
		return nil
	}
	buckets := make(map[float64]*compressor)
	for i := range all {
		all[i].cumulate(windows, func(bound, count float64) {
			c := buckets[bound]
			if c == nil {
				c = &compressor{}
				c.reset(r.lo, r.hi)
				buckets[bound] = c
			}
			c.add(all[i].atMillis, count)
		})
	}
	bounds := make([]float64, 0, len(buckets))
	for bound := range buckets {
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	for _, bound := range bounds {
		c := buckets[bound]
		if runs := c.finish(); len(runs) > 0 {
			if err := r.series(query, set.with(boundLabel, strconv.FormatFloat(bound, 'g', -1, 64)), runs, c.samples); err != nil {
				return err
			}
		}
	}
	return nil
}

// cumulate tells each bound that some window needs, once.
func (n *native) cumulate(windows []coarse.Window, tell func(bound, count float64)) {
	var told []float64
	for _, w := range windows {
		from, to := w.Bounds()
		below, above := n.around(w)
		for _, bound := range []float64{below, above} {
			if bound < from || bound > to || slices.Contains(told, bound) {
				continue // too far from the window, or there is none
			}
			if count, ok := n.upTo(bound); ok {
				told = append(told, bound)
				tell(bound, count)
			}
		}
	}
}

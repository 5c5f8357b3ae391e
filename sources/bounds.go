package sources

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// bounds matches the label of buckets that can tell one of the windows: those just below it and just above. Whole numbers of milliseconds are
// matched however they are written, 5000, 5000.0 and 1.8e+06, and what lies between two of them as well.
func bounds(windows []coarse.Window) *labels.Matcher {
	var all []string
	for _, w := range windows {
		from, to := w.Bounds()
		all = append(all, between(int64(math.Floor(from)), int64(math.Ceil(w.LoMillis))-1)...)
		all = append(all, between(int64(math.Floor(w.HiMillis)), int64(math.Ceil(to)))...)
	}
	slices.Sort(all)
	pattern := "(" + strings.Join(slices.Compact(all), "|") + ")([.][0-9]+)?"
	if slices.ContainsFunc(windows, func(w coarse.Window) bool { _, to := w.Bounds(); return to >= 1e6 }) {
		pattern += "|[1-9]([.][0-9]+)?e[+]0[6-9]" // how numbers of seven digits and more are written
	}
	return labels.MustNewMatcher(labels.MatchRegexp, boundLabel, pattern)
}

// between returns patterns for the whole numbers from lo to hi: one for each stretch of numbers that differ
// in trailing digits only.
func between(lo, hi int64) []string {
	var patterns []string
	for lo <= hi {
		// The longest aligned stretch from lo on: free digits at the end, and one digit from a to b before.
		free, size := 0, int64(1)
		for lo%(size*10) == 0 && lo+size*10-1 <= hi && lo > 0 {
			free, size = free+1, size*10
		}
		digit := lo / size % 10
		last := digit
		for last < 9 && lo+(last-digit+2)*size-1 <= hi {
			last++
		}
		patterns = append(patterns, prefix(lo/size/10)+span(digit, last)+strings.Repeat("[0-9]", free))
		lo += (last - digit + 1) * size
	}
	return patterns
}

func prefix(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func span(from, to int64) string {
	if from == to {
		return strconv.FormatInt(from, 10)
	}
	return "[" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(to, 10) + "]"
}

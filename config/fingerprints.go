package config

import (
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// Bounds of a fingerprint. Below the first there are no scrapes fine enough to see a lag; above
// the others the window of lags that must be looked at grows without end.
const (
	shortestLag = 250 * time.Millisecond
	longestLag  = 10 * time.Minute
)

// fingerprints reads the list that replaces the default fingerprints.
func (r *reader) fingerprints(b *block, c *Config) {
	items, given := b.list("fingerprints")
	if !given {
		return
	}
	c.Fingerprints = nil
	taken := map[string]int{}
	for i, item := range items {
		e := r.block(item, fmt.Sprintf("fingerprints[%d]", i))
		f := Fingerprint{Name: e.name(taken)}
		if r.lag(e, &f) {
			r.resolvable(e, f)
		}
		e.done()
		c.Fingerprints = append(c.Fingerprints, f)
	}
	if len(items) == 0 {
		b.fail("fingerprints", "is empty", "give at least one, or leave the key out for the defaults")
	}
}

// lag reads the two ends of a lag interval.
func (r *reader) lag(b *block, f *Fingerprint) bool {
	const remedy = "write it like lag: [5s, 6.5s]"
	var ends []string
	if !b.texts("lag", &ends) {
		if !b.given("lag") {
			b.fail("lag", "is missing", remedy)
		}
		return false
	}
	if len(ends) != 2 {
		b.fail("lag", fmt.Sprintf("has %d ends", len(ends)), remedy)
		return false
	}
	lo, errLo := parseDuration(ends[0])
	hi, errHi := parseDuration(ends[1])
	for i, err := range []error{errLo, errHi} {
		if err != nil {
			b.add(b.line("lag"), fmt.Sprintf("%s[%d]", b.at("lag"), i), err.Error(), remedy)
		}
	}
	f.Lo, f.Hi = lo, hi
	switch {
	case errLo != nil || errHi != nil:
		return false
	case lo >= hi:
		b.fail("lag", fmt.Sprintf("starts at %s, which is not before its end at %s", formatDuration(lo), formatDuration(hi)),
			"give the shortest and the longest lag, in this order")
		return false
	case lo < shortestLag || hi > longestLag:
		b.fail("lag", fmt.Sprintf("[%s, %s] is outside of what scrapes can show", formatDuration(lo), formatDuration(hi)),
			fmt.Sprintf("stay between %s and %s", formatDuration(shortestLag), formatDuration(longestLag)))
		return false
	}
	return true
}

// resolvable reports a fingerprint that pairs cannot be told apart at, however fine the scrapes.
func (r *reader) resolvable(b *block, f Fingerprint) {
	if score.LargestResolvableMillis(score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi}) > 0 {
		return
	}
	b.fail("lag", fmt.Sprintf("pairs at [%s, %s] cannot be told from bursts, even with a scrape every 250ms",
		formatDuration(f.Lo), formatDuration(f.Hi)), "give a longer lag or a narrower interval")
}

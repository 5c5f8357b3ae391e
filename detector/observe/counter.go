package observe

import "strings"

// counter is what is known of one counter of a target between pieces, whatever the view.
type counter struct {
	name    string
	last    int64   // newest sample that was used
	value   float64 // 0 when it is gone
	sampled float64 // value of that sample, also when it is gone
	missing uint8   // scrapes since then: 0, 1, or gone; gone also before the first sample

	other *elsewhere // nil: of targets that one view is known of

	staged *stagedSeries // in the open stage, one for each view
}

// gone is so many missing samples that the counter is taken to have ended.
const gone = 2

func newCounter(name string) *counter {
	return &counter{name: name, last: never, missing: gone}
}

// seen returns the newest sample in any view, or never.
func (c *counter) seen() int64 {
	if c.other == nil {
		return c.last
	}
	return max(c.last, c.other.newest)
}

// elsewhere is what is known of a counter from all views of its target.
type elsewhere struct {
	present uint64  // views, by slot, whose latest scrape had a sample
	newest  int64   // sample in a view that was not in use; what is not after last does not matter
	base    float64 // what it had counted when it was first seen, by then in a view that was not in use
}

// inAll returns what is known from all views, to be changed.
func (c *counter) inAll() *elsewhere {
	if c.other == nil {
		c.other = &elsewhere{newest: never}
	}
	return c.other
}

// firstStaged returns the time of the first sample in the open stage, in any view, or at where that is earlier.
func (c *counter) firstStaged(log *markLog, at int64) int64 {
	for x := c.staged; x != nil; x = x.next {
		if first, _, ok := x.bounds(log); ok {
			at = min(at, first)
		}
	}
	return at
}

// expiredAt says whether the counter had been forgotten at the time of a scrape or sample, or before that when
// its first sample of the stage came. By then nothing of the stage may be noted in it.
func (c *counter) expiredAt(log *markLog, at int64) bool {
	seen := c.seen()
	return expired(seen, at) && expired(seen, c.firstStaged(log, at))
}

// in says whether the latest scrape of a view had a sample.
func (c *counter) in(view *viewState) bool {
	return c.other != nil && c.other.present>>view.slot&1 == 1
}

// reset makes the counter one that was never seen.
func (c *counter) reset() {
	c.last, c.value, c.sampled, c.missing = never, 0, 0, gone
	c.other = nil
}

func compareCounter(c *counter, name string) int { return strings.Compare(c.name, name) }

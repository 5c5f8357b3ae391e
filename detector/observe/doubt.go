package observe

import (
	"math"
	"sort"
)

// doubt is what is held against a view: that it lacks what others have. A view may go on answering
// `up` when its filter no longer lets a counter through, and a fine one may have been made for some of the
// routes only. Then the counter is not gone; it must be taken from another view.
//
// It begins with a sample in a view of lower rank after a scrape that had none, and ends with a sample in
// the view itself. The view is without from the next sample elsewhere on that comes when the view could
// have had one for as long as keeps a view in use: by then it has been scraped for two intervals at least.
type doubt struct {
	since int64 // never: there is none
	fresh int64 // how long a scrape kept the view in use then
	lost  bool  // the view is without
}

func noDoubt() doubt { return doubt{since: never} }

// absence is a stretch of scrapes of a view that lacked something: from the first of them to, but not
// including, the next that had it.
type absence struct{ from, until int64 }

// forEver is the end of an absence that lasts.
const forEver = math.MaxInt64

// absences returns the stretches after lo in which scrapes of a view had no sample. It had none at the
// latest scrape before when absent says so.
func absences(times, own []span, lo int64, absent bool) []absence {
	var out []absence
	from := int64(never)
	if absent {
		from = lo
	}
	at := lo
	sample := func(t int64) {
		if from == never {
			if missed := firstAfter(times, at); missed < t {
				from = missed
			}
		}
		if from != never {
			out = append(out, absence{from, t})
			from = never
		}
		at = t
	}
	for _, s := range own {
		sample(s.first)
		if s.count > 1 && countIn(times, s.first, s.last()) > int64(s.count) {
			for i := uint32(1); i < s.count; i++ {
				sample(s.at(i))
			}
		}
		at = s.last()
	}
	if from == never {
		if missed := firstAfter(times, at); missed != forEver {
			from = missed
		}
	}
	if from != never {
		out = append(out, absence{from, forEver})
	}
	return out
}

// follow moves the doubt about a view over absences in (lo, hi], and returns when it was without. others are
// the samples in views of lower rank.
func (d *doubt) follow(v *viewWalk, missing []absence, others []span, lo int64) []stretch {
	var lost []stretch
	if len(missing) == 0 || missing[0].from > lo {
		*d = noDoubt() // the first scrape had it
	}
	for _, m := range missing {
		from := lo
		if !d.lost {
			from = d.proof(v, m, others)
		}
		if from != never {
			d.lost = true
			lost = append(lost, stretch{from: from, last: m.until})
		}
		if m.until != forEver {
			*d = noDoubt()
		}
	}
	return lost
}

// proof returns since when the view is surely without in an absence, or never.
func (d *doubt) proof(v *viewWalk, m absence, others []span) int64 {
	if d.since == never {
		since := firstAfter(others, m.from)
		if since >= m.until {
			return never
		}
		d.since, d.fresh = since, v.freshMillis(since)
	}
	scraped := d.since + d.fresh*2/3
	if v.before.last == never || v.before.last < scraped {
		scraped = firstAfter(v.times, scraped-1)
	}
	if scraped == forEver {
		return never
	}
	if at := firstAfter(others, max(d.since+d.fresh, scraped)-1); at < m.until {
		return at
	}
	return never
}

// firstAfter returns the first time of spans after t, or forEver.
func firstAfter(spans []span, t int64) int64 {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].last() > t })
	if i == len(spans) {
		return forEver
	}
	return spans[i].at(spans[i].before(t + 1))
}

// countIn returns how many times of spans are in [lo, hi].
func countIn(spans []span, lo, hi int64) int64 {
	var n int64
	for _, s := range between(spans, lo, hi) {
		n += int64(s.count)
	}
	return n
}

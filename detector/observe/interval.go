package observe

import "slices"

// Rules of the scrape interval of a view.
const (
	provisionalSpacings = 7  // their median is the first guess
	agreeingSpacings    = 31 // so many in a row change it
	roundMillis         = 50
)

// usualMillis are the intervals that people configure; spacings within 5 % are taken as these.
var usualMillis = [...]int64{250, 500, 1000, 2000, 2500, 3000, 5000, 6000, 7500, 10_000, 15_000, 30_000, 60_000}

// snap returns the interval that a spacing stands for.
func snap(spacing int64) int64 {
	for _, usual := range usualMillis {
		if 20*max(spacing-usual, usual-spacing) <= usual {
			return usual
		}
	}
	return max((spacing+roundMillis/2)/roundMillis*roundMillis, roundMillis)
}

// regular says whether an interval of this length is one scrape interval, give or take a quarter.
// Without a known interval nothing is regular.
func regular(length, deltaMillis int64) bool {
	return deltaMillis > 0 && 4*max(length-deltaMillis, deltaMillis-length) <= deltaMillis
}

// interval finds the scrape interval of a view from the spacings of its scrapes.
type interval struct {
	delta     int64 // 0: not known yet
	candidate int64 // what the latest spacings agree on instead
	agreed    int64 // how many of them
	early     [provisionalSpacings]int64
	seen      uint8 // of early
}

// observe takes up to count spacings of one length. It stops where the interval changes and returns
// how many it took.
func (v *interval) observe(spacing, count int64) (taken int64, changed bool) {
	if v.delta == 0 {
		return v.guess(spacing, count)
	}
	snapped := snap(spacing)
	if snapped == v.delta {
		v.candidate, v.agreed = 0, 0
		return count, false
	}
	if snapped != v.candidate {
		v.candidate, v.agreed = snapped, 0
	}
	taken = min(count, agreeingSpacings-v.agreed)
	if v.agreed += taken; v.agreed < agreeingSpacings {
		return taken, false
	}
	*v = interval{delta: snapped}
	return taken, true
}

func (v *interval) guess(spacing, count int64) (taken int64, changed bool) {
	for taken < count && v.seen < provisionalSpacings {
		v.early[v.seen] = spacing
		v.seen++
		taken++
	}
	if v.seen < provisionalSpacings {
		return taken, false
	}
	slices.Sort(v.early[:])
	*v = interval{delta: snap(v.early[provisionalSpacings/2])}
	return taken, true
}

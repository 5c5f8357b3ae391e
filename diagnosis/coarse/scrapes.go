package coarse

import (
	"maps"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

const (
	hourMillis      = 60 * 60 * 1000
	dayMillis       = 24 * hourMillis
	maxSilentMillis = 5 * 60 * 1000 // of a view whose interval is not known, before another takes over
)

// piece is what was read of one target.
type piece struct {
	name  string
	first int64 // scrape
	views map[string]*stagedView
	names []string           // of views, sorted
	times map[string][]int64 // scrapes of each view
}

// newPiece finds the scrapes of each view; nil when there are none.
func newPiece(name string, views map[string]*stagedView) *piece {
	p := &piece{name: name, views: views, names: slices.Sorted(maps.Keys(views)), times: make(map[string][]int64, len(views))}
	for _, view := range p.names {
		times := views[view].times()
		if len(times) == 0 {
			continue // a view that does not carry the companions does not compete
		}
		if p.first == 0 || times[0] < p.first {
			p.first = times[0]
		}
		p.times[view] = times
	}
	if len(p.times) == 0 {
		return nil
	}
	return p
}

// times are the scrapes of a view: when there is a sample of any companion. The errors do not count:
// they are read only where there are companions.
func (v *stagedView) times() []int64 {
	var longest []observe.Run
	most := int64(0)
	for key, runs := range v.series {
		samples := int64(0)
		for _, run := range runs {
			samples += run.Count
		}
		if key.role != roleErrors && samples > most {
			longest, most = runs, samples
		}
	}
	times := expand(nil, longest)
	slices.Sort(times)
	times = slices.Compact(times)
	known := len(times)
	for key, runs := range v.series {
		for _, run := range runs {
			if key.role != roleErrors && !contained(times[:known], run) {
				times = expand(times, []observe.Run{run})
			}
		}
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// contained tells whether all samples of a run are among the times.
func contained(times []int64, run observe.Run) bool {
	first, found := slices.BinarySearch(times, run.FirstMillis)
	last := first + int(run.Count) - 1
	return found && last < len(times) && times[last] == run.LastMillis()
}

func expand(times []int64, runs []observe.Run) []int64 {
	for _, run := range runs {
		for i := range run.Count {
			times = append(times, run.FirstMillis+i*run.StepMillis)
		}
	}
	return times
}

// pace finds the scrape interval of a target from the lengths of its intervals, as they come.
type pace struct {
	Delta     int64 // milliseconds; 0: not known yet
	Candidate int64
	Agreeing  int
}

// next takes the length of the next interval and tells whether it is a regular one.
func (p *pace) next(length int64) bool {
	const enough = 3
	if near(length, p.Delta) {
		p.Agreeing = 0
		return true
	}
	if p.Agreeing > 0 && near(length, p.Candidate) {
		p.Agreeing++
	} else {
		p.Candidate, p.Agreeing = length, 1
	}
	if p.Agreeing < enough {
		return false
	}
	p.Delta, p.Agreeing = usual(p.Candidate), 0
	return near(length, p.Delta)
}

// reset forgets the interval: that of another view is another one.
func (p *pace) reset() { *p = pace{} }

func (p *pace) patience() int64 {
	if p.Delta == 0 {
		return maxSilentMillis
	}
	return 5 * p.Delta / 2
}

// near tells whether a length is that of a regular interval.
func near(length, delta int64) bool {
	off := length - delta
	return delta > 0 && 4*max(off, -off) <= delta
}

// usual rounds to the interval that was meant.
func usual(length int64) int64 {
	for _, seconds := range []int64{1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 300} {
		if off := length - seconds*1000; 10*max(off, -off) <= seconds*1000 {
			return seconds * 1000
		}
	}
	return max(1000, (length+500)/1000*1000)
}

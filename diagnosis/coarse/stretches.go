package coarse

import (
	"encoding/binary"
	"slices"
)

// maxStretches is how many of them are remembered, the newest ones: with a slow request every ten minutes
// they last for two weeks, and where there are many more such requests, they coincide with errors anyway.
const maxStretches = 4096

// stretches divides time into stretches with and without a request that took about as long as a timeout,
// and such in which that is not known.
type stretches struct {
	start int64     // of the first one
	all   []stretch // in order, each beginning where the one before ends; the first is known
	hours []int64   // UTC hours in which there was any request, in order
}

type stretch struct {
	end  int64
	what outcome
}

type outcome uint8

const (
	quick outcome = iota
	slow
	unseen
)

func (s *stretches) empty() bool { return len(s.all) == 0 && len(s.hours) == 0 }

// add adds the stretch between two scrapes, after all others.
func (s *stretches) add(from, to int64, wasSlow, any bool) {
	what := quick
	if wasSlow {
		what = slow
	}
	n := len(s.all)
	switch {
	case n == 0:
		s.start = from
	case s.all[n-1].end < from:
		s.all = append(s.all, stretch{from, unseen})
		n++
	}
	if n > 0 && s.all[n-1].what == what {
		s.all[n-1].end = to
	} else {
		s.all = append(s.all, stretch{to, what})
	}
	if hour := to / hourMillis; any && (len(s.hours) == 0 || s.hours[len(s.hours)-1] < hour) {
		s.hours = append(s.hours, hour)
	}
}

// clip drops what was before a time, and what is too much.
func (s *stretches) clip(since int64) {
	first := max(0, len(s.all)-maxStretches)
	for first < len(s.all) && (s.all[first].end <= since || s.all[first].what == unseen) {
		first++
	}
	if first > 0 {
		s.start = s.all[first-1].end
		s.all = slices.Clone(s.all[first:])
	}
	s.start = max(s.start, since)
	if len(s.all) == 0 {
		s.start = 0
	}
	hour, _ := slices.BinarySearch(s.hours, since/hourMillis)
	s.hours = s.hours[hour:]
}

// quick tells that the stretches that meet (left, right] cover it, that none had a slow request, and that there was
// any request in one of the hours around.
func (s *stretches) quick(left, right int64) bool {
	if len(s.all) == 0 || s.start > left || s.all[len(s.all)-1].end < right {
		return false
	}
	at, _ := slices.BinarySearchFunc(s.all, left+1, func(x stretch, at int64) int { return int(max(-1, min(1, x.end-at))) })
	for ; s.all[at].what == quick; at++ {
		if s.all[at].end >= right {
			return s.used(left/hourMillis, right/hourMillis+1)
		}
	}
	return false
}

func (s *stretches) used(first, last int64) bool {
	at, _ := slices.BinarySearch(s.hours, first)
	return at < len(s.hours) && s.hours[at] <= last
}

// stretchesState is what a state has of stretches. Ends are differences, with the outcome in the lowest bits.
type stretchesState struct {
	Start int64
	Ends  []byte
	Hours []int64
}

func (s *stretches) state() stretchesState {
	out := stretchesState{Start: s.start, Hours: slices.Clip(s.hours)}
	last := s.start
	for _, x := range s.all {
		out.Ends = binary.AppendUvarint(out.Ends, uint64(x.end-last)<<2|uint64(x.what))
		last = x.end
	}
	return out
}

func (x *stretchesState) restore() (stretches, error) {
	s := stretches{start: x.Start, hours: x.Hours}
	last, rest := x.Start, x.Ends
	for len(rest) > 0 {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n>>2 == 0 || n>>2 > 1<<50 || outcome(n&3) > unseen {
			return stretches{}, errState
		}
		rest = rest[size:]
		last += int64(n >> 2)
		s.all = append(s.all, stretch{last, outcome(n & 3)})
	}
	if !slices.IsSorted(s.hours) {
		return stretches{}, errState
	}
	return s, nil
}

package observe

import (
	"cmp"
	"slices"
	"strings"
)

// maxKeptEvents is how long a list is kept for the next piece: 1.3 MB.
const maxKeptEvents = 1 << 15

// reuse returns an empty list for so many events: the one before, unless it is too short, or so long that
// it should rather be given back.
func reuse(before []Event, expected int) []Event {
	const few = 1024
	if cap(before) < expected || cap(before) > 4*expected+few {
		return make([]Event, 0, expected)
	}
	return before[:0]
}

// sortEvents orders the events of a piece by time, then by their other keys. They come target by target, so
// that comparing them with one another would take most of a commit: they are dealt out to equal parts of the
// piece first, as many as will hold a few events each, and compared within those only.
func sortEvents(events []Event, from, to int64) {
	const eventsPerPart = 4
	parts := uint64(len(events)/eventsPerPart + 1)
	partOf := func(e *Event) uint64 { return uint64(e.AtMillis-from-1) * parts / uint64(to-from) }

	ends := make([]int32, parts) // of the parts: where the next one begins
	for i := range events {
		ends[partOf(&events[i])]++
	}
	starts := make([]int32, parts) // of what is not dealt out yet
	for p := range ends[1:] {
		starts[p+1] = ends[p]
		ends[p+1] += ends[p]
	}
	for p := range starts {
		for starts[p] < ends[p] {
			at := partOf(&events[starts[p]])
			if at != uint64(p) {
				events[starts[p]], events[starts[at]] = events[starts[at]], events[starts[p]]
			}
			starts[at]++
		}
	}
	begin := int32(0)
	for _, end := range ends {
		slices.SortFunc(events[begin:end], compareEvents)
		begin = end
	}
}

func compareEvents(a, b Event) int {
	if a.AtMillis != b.AtMillis { // nearly always, and the names are long
		return cmp.Compare(a.AtMillis, b.AtMillis)
	}
	return cmp.Or(
		strings.Compare(a.Unit.Route, b.Unit.Route),
		strings.Compare(a.Unit.Target, b.Unit.Target),
		cmp.Compare(a.Kind, b.Kind),
	)
}

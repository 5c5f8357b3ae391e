package engine

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/ghostpair/ghostpair/detector/observe"
)

const (
	minuteMillis  = 60_000
	minutesPerDay = 24 * 60
	minuteWords   = (minutesPerDay + 63) / 64
)

// dayMinutes has a bit for every minute of a UTC day.
type dayMinutes [minuteWords]uint64

// errorMinutes keeps in which minutes of the UTC day before the watermark, and of the one before that,
// each route had errors. It is a function of the events and the watermark. An error that was seen after a
// boundary at which surroundings are asked about is not dated back before it: the minutes before a
// boundary are the same when one looks at them as soon as it is reached and when one does so later.
type errorMinutes struct {
	days map[int64]map[string]*dayMinutes // by days since 1970, and route
}

// add notes the errors of a piece, and forgets the days that are over with it.
func (m *errorMinutes) add(p *observe.Piece) {
	oldest := firstDay(p.ToMillis)
	for _, e := range p.Events {
		if e.Increment <= 0 {
			continue
		}
		quarter := (e.AtMillis - 1) / surroundingsStep.Milliseconds() * surroundingsStep.Milliseconds()
		first := max(e.LeftMillis, quarter, oldest*dayMillis) / minuteMillis
		for minute := first; minute <= (e.AtMillis-1)/minuteMillis; minute++ {
			m.mark(e.Unit.Route, minute)
		}
	}
	for day := range m.days {
		if day < oldest {
			delete(m.days, day)
		}
	}
}

// firstDay is the UTC day before that of a watermark, since 1970.
func firstDay(watermarkMillis int64) int64 { return (watermarkMillis-1)/dayMillis - 1 }

func (m *errorMinutes) mark(route string, minute int64) {
	day := minute / minutesPerDay
	if m.days == nil {
		m.days = make(map[int64]map[string]*dayMinutes)
	}
	if m.days[day] == nil {
		m.days[day] = make(map[string]*dayMinutes)
	}
	d := m.days[day][route]
	if d == nil {
		d = new(dayMinutes)
		m.days[day][route] = d
	}
	at := minute % minutesPerDay
	d[at/64] |= 1 << (at % 64)
}

// of returns the minutes since 1970 in which a route had errors in [fromMillis, toMillis), sorted.
func (m *errorMinutes) of(route string, fromMillis, toMillis int64) []int64 {
	var all []int64
	for _, day := range slices.Sorted(maps.Keys(m.days)) {
		d := m.days[day][route]
		if d == nil {
			continue
		}
		for i, word := range d {
			for ; word != 0; word &= word - 1 {
				minute := day*minutesPerDay + int64(64*i+bits.TrailingZeros64(word))
				if minute >= fromMillis/minuteMillis && minute*minuteMillis < toMillis {
					all = append(all, minute)
				}
			}
		}
	}
	return all
}

// marshal appends the state: of every route and day the words that are not zero, and which these are.
func (m *errorMinutes) marshal(w *writer) {
	w.number(int64(len(m.days)))
	for _, day := range slices.Sorted(maps.Keys(m.days)) {
		w.number(day)
		w.number(int64(len(m.days[day])))
		for _, route := range slices.Sorted(maps.Keys(m.days[day])) {
			w.text(route)
			which := int64(0)
			for i, word := range m.days[day][route] {
				if word != 0 {
					which |= 1 << i
				}
			}
			w.number(which)
			for _, word := range m.days[day][route] {
				if word != 0 {
					w.number(int64(word))
				}
			}
		}
	}
}

// unmarshal reads what marshal wrote.
func (m *errorMinutes) unmarshal(r *parser) {
	m.days = nil
	for days := r.number(); days > 0 && r.err == nil; days-- {
		day := r.number()
		for routes := r.number(); routes > 0 && r.err == nil; routes-- {
			route, which := r.text(), r.number()
			d := new(dayMinutes)
			for i := range d {
				if which>>i&1 == 1 {
					d[i] = uint64(r.number())
				}
			}
			if m.days == nil {
				m.days = make(map[int64]map[string]*dayMinutes)
			}
			if m.days[day] == nil {
				m.days[day] = make(map[string]*dayMinutes)
			}
			m.days[day][route] = d
		}
	}
}

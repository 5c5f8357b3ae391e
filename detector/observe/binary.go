package observe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"strings"
)

// stateMagic begins every marshalled state; its last byte is the version of the layout.
const stateMagic = "gpobsrv\x02"

var (
	errState    = errors.New("state of the observer is damaged or of another version")
	stateCRC    = crc32.MakeTable(crc32.Castagnoli)
	errNotAtEnd = errors.New("state of the observer asked for inside a piece")
)

// MarshalBinary returns the state between pieces. Equal states give equal bytes. It is an error to
// ask for it inside a piece.
func (o *Observer) MarshalBinary() ([]byte, error) {
	if o.stage.open {
		return nil, errNotAtEnd
	}
	w := &writer{buf: []byte(stateMagic), to: o.state.watermark}
	w.state(&o.state)
	w.late(&o.late)
	return binary.LittleEndian.AppendUint32(w.buf, crc32.Checksum(w.buf, stateCRC)), nil
}

// UnmarshalBinary replaces the state by one that MarshalBinary returned. Damaged data is an error
// and leaves the Observer as it was. The Options must be those of the Observer that was marshalled.
func (o *Observer) UnmarshalBinary(data []byte) error {
	body := len(data) - crc32.Size
	if body < len(stateMagic) || string(data[:len(stateMagic)]) != stateMagic {
		return errState
	}
	if crc32.Checksum(data[:body], stateCRC) != binary.LittleEndian.Uint32(data[body:]) {
		return fmt.Errorf("%w: checksum", errState)
	}
	r := &reader{buf: data[len(stateMagic):body]}
	state, late := r.state(), r.late()
	if r.bad || len(r.buf) > 0 {
		return errState
	}
	o.Abort()
	o.state, o.late, o.unitsByID = state, late, nil
	return nil
}

// writer appends values to a buffer.
type writer struct {
	buf []byte
	to  int64 // watermark
}

func (w *writer) int(v int64) { w.buf = binary.AppendVarint(w.buf, v) }
func (w *writer) float(v float64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(v))
}
func (w *writer) bits(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }

func (w *writer) bool(v bool) {
	if v {
		w.int(1)
	} else {
		w.int(0)
	}
}

func (w *writer) string(s string) {
	w.int(int64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *writer) state(s *state) {
	w.int(int64(s.limit))
	w.int(s.origin)
	w.int(s.watermark)
	w.int(int64(s.nextRoute))
	w.int(int64(s.units.base))
	w.int(int64(len(s.units.items)))
	w.int(int64(s.lines.base))
	w.int(int64(len(s.lines.items)))
	w.int(int64(len(s.routes)))
	for _, name := range slices.Sorted(maps.Keys(s.routes)) {
		r := s.routes[name]
		w.string(r.name)
		w.int(int64(r.id))
		w.int(r.last)
		w.bool(r.dropped)
		w.int(r.since)
	}
	w.int(int64(len(s.targets)))
	for _, name := range slices.Sorted(maps.Keys(s.targets)) {
		w.target(s.targets[name])
	}
}

func (w *writer) target(t *target) {
	w.string(t.name)
	w.int(int64(t.id))
	views := slices.SortedFunc(slices.Values(t.views), func(a, b *viewState) int { return strings.Compare(a.name, b.name) })
	several := carrying(views) > 1
	w.int(int64(len(views)))
	for _, v := range views {
		w.view(v, several)
	}
	if t.id != noID {
		w.timeline(&t.line)
	}
	w.int(int64(len(t.groups)))
	for _, name := range slices.Sorted(maps.Keys(t.groups)) {
		w.group(t, t.groups[name], views)
	}
}

func (w *writer) doubt(d doubt) {
	w.int(d.since)
	w.int(d.fresh)
	w.bool(d.lost)
}

func (w *writer) view(v *viewState, several bool) {
	w.string(v.name)
	w.bool(v.carries)
	w.bool(v.sampled && several)
	if several {
		w.doubt(v.doubt)
	} else {
		w.doubt(noDoubt())
	}
	w.int(v.first)
	w.int(v.last)
	w.int(v.covered)
	w.int(v.delta)
	w.int(v.candidate)
	w.int(v.agreed)
	w.int(int64(v.seen))
	for _, spacing := range v.early[:v.seen] {
		w.int(spacing)
	}
}

func (w *writer) timeline(l *timeline) {
	w.string(l.view)
	w.int(l.delta)
	w.int(l.first)
	w.int(l.last)
	w.int(l.switched)
	w.int(l.covered)
	closed := l.closed[oldStretches(l.closed, w.to):]
	w.int(int64(len(closed)))
	at := l.first
	for _, s := range closed {
		w.int(s.from - at)
		w.int(s.last - s.from)
		at = s.last
	}
	var recent []span // as the same times may be stored in different spans
	for _, s := range keepAfter(l.recent, w.to-exactMillis) {
		for i := range s.count {
			recent = appendSpan(recent, span{first: s.at(i), count: 1})
		}
	}
	w.int(int64(len(recent)))
	for _, s := range recent {
		w.int(s.first)
		w.int(int64(s.step))
		w.int(int64(s.count))
	}
}

func (w *writer) group(t *target, g *group, views []*viewState) {
	w.string(g.route.name)
	w.bool(g.own != nil)
	if g.own != nil {
		w.int(int64(g.own.id))
		w.int(g.own.since)
		w.timeline(&g.own.line)
	}
	w.doubts(t, g, views)
	w.int(int64(len(g.counters)))
	for _, c := range g.counters {
		w.string(c.name)
		w.int(c.last)
		w.float(c.value)
		w.float(c.sampled)
		w.int(int64(c.missing))
		w.seen(c, views)
	}
	w.int(int64(len(g.units)))
	for _, u := range g.units {
		w.int(int64(u.ID))
		w.bool(u.own)
		w.int(u.DeltaMillis)
		w.int(u.SinceMillis)
		w.int(u.last)
		w.int(u.hours.newest)
		w.bits(u.hours.bits)
	}
}

// carrying counts the views that carry series.
func carrying(views []*viewState) int {
	n := 0
	for _, v := range views {
		if v.carries {
			n++
		}
	}
	return n
}

// doubts writes what is held against views about a route.
func (w *writer) doubts(t *target, g *group, views []*viewState) {
	var doubts []routeDoubt
	if carrying(views) > 1 {
		for _, v := range views {
			if d := t.doubt(g, v); d != noDoubt() {
				doubts = append(doubts, routeDoubt{g, v, d})
			}
		}
	}
	w.int(int64(len(doubts)))
	for _, d := range doubts {
		w.string(d.view.name)
		w.doubt(d.doubt)
	}
}

// seen writes what is known of a counter in other views than the one in use, and which views had it, in the
// order of their names.
func (w *writer) seen(c *counter, views []*viewState) {
	o := elsewhere{newest: never}
	if c.other != nil && c.other.newest > c.last {
		o.newest = c.other.newest
	}
	if c.other != nil {
		o.base = c.other.base
	}
	if carrying(views) > 1 {
		for i, v := range views {
			if c.in(v) {
				o.present |= 1 << i
			}
		}
	}
	known := o != elsewhere{newest: never}
	if w.bool(known); known {
		w.int(o.newest)
		w.float(o.base)
		w.int(int64(o.present))
	}
}

func (w *writer) late(l *lateness) {
	w.int(l.seconds)
	for i := range int64(lateSeconds) {
		w.int(int64(*l.seen.at(max(l.seconds, -lateSeconds) + i)))
	}
}

package detector

import (
	"math"

	"github.com/ghostpair/ghostpair/detector/estimate"
)

func (m *mates) encode(e *encoder) {
	e.uint(uint64(m.thinning))
	e.uint(uint64(m.thinned))
	e.uint(uint64(m.eased))
	e.len(len(m.places))
	for _, name := range m.places {
		e.string(name)
	}
	e.len(m.ring.len())
	last := int64(0)
	for i := range m.ring.len() {
		x := m.ring.at(i)
		e.int(x.atMillis() - last)
		last = x.atMillis()
		e.uint(uint64(x.bits &^ mateTime))
		e.uint(uint64(x.place))
	}
}

func (m *mates) decode(d *decoder) {
	m.thinning, m.thinned, m.eased = uint8(d.small(64)), uint8(d.small(64)), uint16(d.small(math.MaxUint16))
	d.check(m.thinning <= m.thinned)
	for range min(d.len(1), maxPlaces) {
		m.places = append(m.places, d.string())
	}
	last := int64(0)
	for range d.len(3) {
		at := last + d.int()
		flags, place := d.small(uint64(mateSame|mateAny|mateBefore)), int(d.small(maxPlaces))
		if !d.check(at >= last && at/dayMillis <= math.MaxUint16 && place < len(m.places)) {
			return
		}
		last = at
		x := mate{bits: uint32(flags)&^mateTime | uint32(at%dayMillis), day: uint16(at / dayMillis), place: uint16(place)}
		*m.ring.push() = x
	}
}

func (b *basis) encode(e *encoder) {
	e.int(b.atMillis)
	e.int(b.deltaMillis)
	e.uint(uint64(b.level))
	e.len(b.hot)
	e.len(b.sampled)
	e.float(b.mateShareLower)
	e.len(b.pairs)
}

func (b *basis) decode(d *decoder) {
	b.atMillis, b.deltaMillis = d.int(), d.int()
	b.level = estimate.Level(d.small(uint64(estimate.Same)))
	b.hot, b.sampled = int(d.uint32()), int(d.uint32())
	d.check(b.sampled <= b.hot)
	b.mateShareLower, b.pairs = d.float(), int(d.uint32())
}

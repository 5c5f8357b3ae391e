package detector

import (
	"math/bits"
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// How many mates are kept of each fingerprint of a route. A route with few errors has no more of them in all its
// histograms. Of one with many a fair sample is kept, which is larger when it is about to be paired.
const (
	matesKept     = 128
	matesKeptNear = 1024
	maxPlaces     = 4096
)

// mates are the pairs of cells of one fingerprint whose lag is in the hot bins: which target saw the
// later cell, and when. They are kept for all routes, since a label of a paired one asks about the time
// before it was found.
//
// Where there are too many, one in 2^thinning is kept, by a hash of its time. Thinning grows as it must, and
// may shrink again: until those that were kept before have left the histograms, only what would have
// been kept all along is a fair sample.
type mates struct {
	ring     ring[mate] // in order of the later cells
	places   []string   // names of targets
	thinning uint8      // of what comes
	thinned  uint8      // of what there is: not less than thinning
	eased    uint16     // the day at which thinning was last made less
}

// mate is one of them, in eight bytes.
type mate struct {
	bits  uint32 // millisecond of the UTC day of the later cell, and flags
	day   uint16 // that day, since 1970
	place uint16 // index into places
}

// Flags of a mate, above the bits of the time.
const (
	mateSame   uint32 = 1 << (27 + iota) // the lag is hot where both cells are of one target, and they are
	mateAny                              // the lag is hot where cells of all targets count
	mateBefore                           // the earlier cell is of the day before

	mateTime = mateSame - 1
)

func (m mate) atMillis() int64 { return int64(m.day)*dayMillis + int64(m.bits&mateTime) }

// earlierDay is the day in whose histogram the pair counts.
func (m mate) earlierDay() uint16 {
	if m.bits&mateBefore != 0 {
		return m.day - 1
	}
	return m.day
}

// survives tells whether a mate is kept at a thinning: what survives one survives all smaller ones.
func (m mate) survives(thinning uint8) bool {
	return bits.TrailingZeros64(scramble(uint64(m.atMillis()))) >= int(thinning)
}

// scramble is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hot tells at which levels a bin is hot, as flags of a mate.
func (l *lane) hot(bin int, own bool) uint32 {
	if bin >= len(l.classes) {
		return 0
	}
	flags := uint32(0)
	if own && l.classes[bin]>>hotSame&1 != 0 {
		flags |= mateSame
	}
	if l.classes[bin]>>hotAny&1 != 0 {
		flags |= mateAny
	}
	return flags
}

// meet takes a pair of cells of fingerprint i, given as the times of both and the target of the later one.
func (t *tally) meet(i int, flags uint32, earlierMillis, laterMillis int64, target string, s *stream) {
	if t.mates == nil {
		t.mates = make([]mates, t.lanes)
	}
	limit := matesKept
	if s.verdict.state == finding.Paired || s.eValue() >= enoughEValue {
		limit = matesKeptNear
	}
	day := laterMillis / dayMillis
	if earlierMillis/dayMillis < day {
		flags |= mateBefore
	}
	t.mates[i].take(mate{bits: flags | uint32(laterMillis%dayMillis), day: uint16(day)}, target, limit)
}

func (m *mates) take(x mate, target string, limit int) {
	if m.thinning == m.thinned && m.thinning > 0 && m.ring.len() <= limit/8 {
		m.thinning -= min(m.thinning, 2)
		m.eased = x.day
	}
	if !x.survives(m.thinning) {
		return
	}
	m.add(x, target)
	for m.ring.len() > limit {
		m.thinning++
		m.thinned = max(m.thinned, m.thinning)
		m.tidy()
	}
}

func (m *mates) add(x mate, target string) {
	at := slices.Index(m.places, target)
	if at < 0 {
		if len(m.places) >= maxPlaces {
			m.tidy()
		}
		at = len(m.places)
		m.places = append(m.places, target)
	}
	x.place = uint16(at)
	*m.ring.push() = x
}

// prune drops what no histogram holds any more.
func (m *mates) prune(day int64) {
	before := m.ring.len()
	for m.ring.len() > 0 && int64(m.ring.at(0).day) < day {
		m.ring.pop()
	}
	if m.ring.len() < before {
		m.tidy()
	}
	if int64(m.eased) < day {
		m.thinned = m.thinning
	}
}

// tidy drops what does not survive, and gives back the memory of what was dropped.
func (m *mates) tidy() {
	old, places := m.ring, m.places
	m.ring, m.places = ring[mate]{}, nil
	for i := range old.len() {
		if x := *old.at(i); x.survives(m.thinning) {
			m.add(x, places[x.place])
		}
	}
}

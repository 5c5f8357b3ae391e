package detector

import (
	"slices"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// How many mates are kept of each fingerprint of a route, the newest ones. A route with few errors has no more of them
// in all its histograms; one with many gets more room when it is about to be paired.
const (
	matesKept     = 128
	matesKeptNear = 1024
	maxPlaces     = 4096
)

// mates are the pairs of cells of one fingerprint whose lag is in the hot bins: which target saw the
// later cell, and when. They are kept for all routes, since a label of a paired one asks about the time
// before it was found.
type mates struct {
	ring   ring[mate] // in order of the later cells
	places []string   // names of targets
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
func (m mate) earlierDay() int64 {
	if m.bits&mateBefore != 0 {
		return int64(m.day) - 1
	}
	return int64(m.day)
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

// meet keeps a pair of cells of fingerprint i, given as the times of both and the target of the later one.
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
	t.mates[i].add(mate{bits: flags | uint32(laterMillis%dayMillis), day: uint16(day)}, target, limit)
}

func (m *mates) add(x mate, target string, limit int) {
	if m.ring.len() >= limit {
		m.drop(m.ring.len() - limit + 1)
	}
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

// drop drops the oldest ones, and gives back their room when they are many.
func (m *mates) drop(n int) {
	for range n {
		m.ring.pop()
	}
	if n > 1 {
		m.tidy()
	}
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
}

// tidy gives back the memory of what was dropped.
func (m *mates) tidy() {
	var fresh mates
	for i := range m.ring.len() {
		x := *m.ring.at(i)
		fresh.add(x, m.places[x.place], m.ring.len()+1)
	}
	*m = fresh
}

// basis is what the labels of a stream were found from, as far as it takes to ask whether its errors took
// no time.
type basis struct {
	atMillis       int64
	deltaMillis    int64
	level          estimate.Level
	hot            int // pairs of cells in the hot bins
	mateShareLower float64
	pairs          int
}

func (l *look) basis(e estimate.Estimate) *basis {
	shape := l.fits.shape
	hot, _ := shape.HotRight(l.hist)
	return &basis{
		atMillis: l.atMillis, deltaMillis: shape.DeltaMillis, level: shape.Level,
		hot: hot, mateShareLower: e.MateShareLower, pairs: e.Pairs,
	}
}

// Mates are the pairs of cells in the hot bins of a paired stream, as of when its labels were last found.
type Mates struct {
	Count int     // of all of them
	Later []Later // one for each pair that is remembered, by route, and in order of time
	needs estimate.Estimate
}

// Later is the later cell of a pair: a target whose errors grew in (LeftMillis, RightMillis]. The left end is
// the earliest that it may have been.
type Later struct {
	Target                  string
	LeftMillis, RightMillis int64
}

// Fast tells whether the stream deserves the label fast when that many of the pairs are known to have no
// slow request beside them: all others count as slow.
func (m *Mates) Fast(quick int) bool {
	test, _ := estimate.Fast(m.Count, max(0, m.Count-quick), m.needs)
	return test.Fast
}

// Mates returns the pairs of cells of a finding of this Detector; not ok unless it is paired and its lag
// could be estimated.
func (d *Detector) Mates(key finding.Key) (Mates, bool) {
	s := d.stream(key)
	if s == nil || s.verdict.state != finding.Paired {
		return Mates{}, false
	}
	s.settleLook()
	b := s.basis
	if b == nil {
		return Mates{}, false
	}
	m := Mates{Count: b.hot, needs: estimate.Estimate{MateShareLower: b.mateShareLower, Pairs: b.pairs}}
	for _, r := range d.routes {
		if s.route == nil || s.route == r {
			m.Later = r.later(m.Later, s.fingerprint, b)
		}
	}
	return m, true
}

// stream returns the stream of a finding; nil when there is none.
func (d *Detector) stream(key finding.Key) *stream {
	f := slices.IndexFunc(d.options.Fingerprints, func(fp score.Fingerprint) bool { return fp.Name == key.Fingerprint })
	if f < 0 {
		return nil
	}
	if key.Route == finding.PooledRoute {
		return &d.pools[f]
	}
	for _, r := range d.routes {
		if r.name == key.Route && r.streams != nil {
			return &r.streams[f]
		}
	}
	return nil
}

// later appends the later cells that count in a basis.
func (r *route) later(to []Later, fingerprint int, b *basis) []Later {
	at := slices.IndexFunc(r.tallies, func(t *tally) bool { return t.clock.deltaMillis == b.deltaMillis })
	if at < 0 || r.tallies[at].mates == nil {
		return to
	}
	t := r.tallies[at]
	m := &t.mates[fingerprint]
	flag := mateAny
	if b.level == estimate.Same {
		flag = mateSame
	}
	oldest := b.atMillis/dayMillis - historyDays + 1
	for i := range m.ring.len() {
		x := m.ring.at(i)
		right := x.atMillis()
		if x.bits&flag == 0 || x.earlierDay() < oldest || right+t.clock.closeMillis > b.atMillis {
			continue
		}
		// A regular interval is at most a quarter too long.
		to = append(to, Later{Target: m.places[x.place], LeftMillis: right - t.clock.deltaMillis*5/4, RightMillis: right})
	}
	return to
}

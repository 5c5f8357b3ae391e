package detector

import (
	"slices"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// basis is what the labels of a stream were found from, as far as it takes to ask whether its errors took
// no time.
type basis struct {
	atMillis       int64
	deltaMillis    int64
	level          estimate.Level
	hot            int // pairs of cells in the hot bins
	sampled        int // of them, those of which the mates are a sample
	mateShareLower float64
	pairs          int
}

func (l *look) basis(e estimate.Estimate) *basis {
	shape := l.fits.shape
	hot, _ := shape.HotRight(l.hist)
	return &basis{
		atMillis: l.atMillis, deltaMillis: shape.DeltaMillis, level: shape.Level,
		hot: hot, sampled: l.sampled(hot), mateShareLower: e.MateShareLower, pairs: e.Pairs,
	}
}

// sampled tells how many of the pairs in the hot bins have mates. Those of the pooled stream may have lost theirs with a
// route that left. If there are more, they are partly of another time, of which the pooled stream knows nothing.
func (l *look) sampled(hot int) int {
	if l.mates > hot {
		return 0
	}
	return l.mates
}

// Mates are the pairs of cells in the hot bins of a paired stream, as of when its labels were last found.
type Mates struct {
	Count  int     // of all of them
	Sample []Later // all of them, or a fair sample, by route and in order of time

	sampled int // those that it is a sample of; the others are lost
	needs   estimate.Estimate
}

// Later is the later cell of a pair: a target whose errors grew in (LeftMillis, RightMillis]. The left end is
// the earliest that it may have been.
type Later struct {
	Target                  string
	LeftMillis, RightMillis int64
}

// Fast tells whether the stream deserves the label fast when that many pairs of the sample are known to have no
// slow request beside them: all others count as slow, and so do those that are lost.
func (m *Mates) Fast(quick int) bool {
	if m.sampled == 0 {
		return false
	}
	n := float64(len(m.Sample))
	lost := float64(m.Count-m.sampled) * n / float64(m.sampled) // as they would be in the sample
	test, _ := estimate.Fast(m.Count, n+lost, n-float64(quick)+lost, m.needs)
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
	m := Mates{Count: b.hot, sampled: b.sampled, needs: estimate.Estimate{MateShareLower: b.mateShareLower, Pairs: b.pairs}}
	thinned := uint8(0)
	for _, t := range d.matesOf(s, b.deltaMillis) {
		thinned = max(thinned, t.mates[s.fingerprint].thinned)
	}
	for _, t := range d.matesOf(s, b.deltaMillis) {
		m.Sample = t.sample(m.Sample, s.fingerprint, b, thinned)
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

// matesOf lists the tallies with mates of a stream at one scrape interval, by route.
func (d *Detector) matesOf(s *stream, deltaMillis int64) []*tally {
	routes := d.routes
	if s.route != nil {
		routes = []*route{s.route}
	}
	var all []*tally
	for _, r := range routes {
		for _, t := range r.tallies {
			if t.clock.deltaMillis == deltaMillis && t.mates != nil && (s.route != nil || !r.streams[s.fingerprint].ignored) {
				all = append(all, t)
			}
		}
	}
	return all
}

// countMates counts the pairs in the hot bins of all routes of a stream.
func (d *Detector) countMates(s *stream, shape estimate.Shape) int {
	n := 0
	for _, t := range d.matesOf(s, shape.DeltaMillis) {
		hot, _ := shape.HotRight(t.histogram(shape.Level))
		n += hot
	}
	return n
}

// sample appends the later cells that count in a basis, at a thinning.
func (t *tally) sample(to []Later, fingerprint int, b *basis, thinning uint8) []Later {
	m := &t.mates[fingerprint]
	flag := mateAny
	if b.level == estimate.Same {
		flag = mateSame
	}
	oldest := b.atMillis/dayMillis - historyDays + 1
	for i := range m.ring.len() {
		x := m.ring.at(i)
		right := x.atMillis()
		if x.bits&flag == 0 || int64(x.earlierDay()) < oldest || right+t.clock.closeMillis > b.atMillis || !x.survives(thinning) {
			continue
		}
		// A regular interval is at most a quarter too long.
		to = append(to, Later{Target: m.places[x.place], LeftMillis: right - t.clock.deltaMillis*5/4, RightMillis: right})
	}
	return to
}

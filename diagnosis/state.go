package diagnosis

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// The state of an account as bytes: equal state gives equal bytes. Each writer is followed by its
// reader.

const stateVersion = 2

// MarshalBinary returns the state of the account with its options. It never fails.
func (a *Account) MarshalBinary() ([]byte, error) {
	e := &encoder{}
	e.ints(stateVersion, a.options.DeltaMillis, int64(a.options.Fingerprint.Lo), int64(a.options.Fingerprint.Hi))
	e.int(a.watermark)
	e.bools(a.started, a.suspected)
	e.int(int64(len(a.targets)))
	for _, id := range slices.Sorted(maps.Keys(a.targets)) {
		e.int(int64(id))
		a.targets[id].encode(e)
	}
	e.int(int64(len(a.blocks)))
	for _, b := range a.blocks {
		e.int(b.index)
		b.encode(e)
	}
	e.ints(a.day.number, int64(a.day.looks[DwellTest]), int64(a.day.looks[AssociationTest]))
	e.bools(a.day.passed)
	a.day.encode(e)
	a.yesterday.encode(e)
	if a.suspected {
		a.suspicion.encode(e)
	}
	return e.b, nil
}

// UnmarshalBinary replaces the account by one that MarshalBinary wrote. The account must have been
// made with the same options, or have none. After an error it is unchanged.
func (a *Account) UnmarshalBinary(data []byte) error {
	d := &decoder{b: data}
	n := Account{targets: make(map[int32]*target)}
	d.check(d.int() == stateVersion)
	n.options.DeltaMillis = d.int()
	n.options.Fingerprint = score.Fingerprint{Name: a.options.Fingerprint.Name, Lo: time.Duration(d.int()), Hi: time.Duration(d.int())}
	d.check(n.options.valid() == nil)
	if !d.bad && a.options.DeltaMillis != 0 && a.options != n.options {
		return fmt.Errorf("state of an account: it is about %v, this one about %v", n.options, a.options)
	}
	n.watermark, n.started, n.suspected = d.int(), d.bool(), d.bool()
	n.decodeOpen(d)
	n.day.number = d.int()
	for test := range tests {
		looks := d.int()
		d.check(looks >= 0 && looks < 60)
		n.day.looks[test] = uint8(looks)
	}
	n.day.passed = d.bool()
	n.day.decode(d)
	n.yesterday.decode(d)
	if n.suspected {
		n.suspicion.decode(d)
	}
	if err := d.finish("state of an account"); err != nil {
		return err
	}
	*a = n
	return nil
}

// decodeOpen reads what is not settled.
func (a *Account) decodeOpen(d *decoder) {
	before := int64(-1 << 40)
	for range d.len(9) {
		id := d.int()
		d.check(id > before && id == int64(int32(id)))
		before = id
		t := &target{}
		t.decode(d)
		a.targets[int32(id)] = t
	}
	for i := range d.len(16) {
		b := block{index: d.int()}
		d.check(i == 0 || a.blocks[i-1].index < b.index)
		b.decode(d)
		a.blocks = append(a.blocks, b)
		if d.bad {
			return
		}
	}
}

func (t *target) encode(e *encoder) {
	e.ints(t.at, t.index, t.errors)
	e.bools(t.counted)
	for k := range t.links {
		l := &t.links[k]
		e.ints(int64(l.stratum.Intervals), int64(l.stratum.Errors), int64(l.stratum.Slow), l.coincidences)
		e.bools(l.known, l.slow)
	}
}

func (t *target) decode(d *decoder) {
	d.ints(&t.at, &t.index)
	d.counts(&t.errors)
	t.counted = d.bool()
	for k := range t.links {
		l := &t.links[k]
		l.stratum.decode(d)
		d.counts(&l.coincidences)
		l.known, l.slow = d.bool(), d.bool()
	}
}

func (s *Stratum) decode(d *decoder) {
	intervals, errors, slow := d.int(), d.int(), d.int()
	d.check(intervals >= 0 && intervals <= 2*blockIntervals && min(errors, slow) >= 0 && max(errors, slow) <= intervals)
	if !d.bad {
		*s = Stratum{int(intervals), int(errors), int(slow)}
	}
}

func (y *tally) encode(e *encoder) {
	e.ints(y.attempts, y.hits, y.idle, y.busy, y.failures, y.timeouts)
	m := y.counts
	e.ints(m.Intervals, m.Sum, m.Squares, m.Pairs, m.Products, m.Earlier, m.Later)
	for k := range y.links {
		y.links[k].encode(e)
	}
}

func (c *coincidences) encode(e *encoder) {
	e.int(c.coincidences)
	e.int(int64(len(c.strata)))
	for _, s := range c.strata {
		e.ints(int64(s.Intervals), int64(s.Errors), int64(s.Slow), s.count)
	}
}

func (y *tally) decode(d *decoder) {
	d.counts(&y.attempts, &y.hits, &y.idle, &y.busy, &y.failures, &y.timeouts)
	m := &y.counts
	d.counts(&m.Intervals, &m.Sum, &m.Squares, &m.Pairs, &m.Products, &m.Earlier, &m.Later)
	for k := range y.links {
		y.links[k].decode(d)
	}
}

func (c *coincidences) decode(d *decoder) {
	d.counts(&c.coincidences)
	for i := range d.len(4) {
		var s stratumCount
		s.decode(d)
		d.counts(&s.count)
		d.check(s.count > 0 && s.Errors > 0 && (i == 0 || c.strata[i-1].compare(s.Stratum) < 0))
		if d.bad {
			return
		}
		c.strata = append(c.strata, s)
	}
}

func (s *Suspicion) encode(e *encoder) {
	e.ints(s.SinceMillis, s.AtMillis, int64(s.Test), int64(s.Look))
	e.float(s.PValue)
	e.float(s.Level)
}

func (s *Suspicion) decode(d *decoder) {
	d.ints(&s.SinceMillis, &s.AtMillis)
	test, look := d.int(), d.int()
	d.check(test >= 0 && test < int64(tests) && look > 0 && look < 100)
	s.Test, s.Look = Test(test), int(look)
	s.PValue, s.Level = d.float(), d.float()
}

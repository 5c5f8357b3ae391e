package detector

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
)

const (
	snapshotMagic   = "ghostpair detector\n"
	snapshotVersion = 2
)

// Snapshots hold scrape intervals between these, in milliseconds.
const (
	minSnapshotDelta = 10
	maxSnapshotDelta = 24 * hourMillis
)

// MarshalBinary returns the state, trials that are still open included. Equal states give equal
// bytes. The options are not part of it: they must be those of the Detector that takes it up.
func (d *Detector) MarshalBinary() ([]byte, error) {
	e := &encoder{b: []byte(snapshotMagic)}
	e.uint(snapshotVersion)
	e.len(len(d.options.Fingerprints))
	e.bool(d.started)
	for _, x := range []int64{d.originMillis, d.watermarkMillis, d.nextHour, d.exposureMillis} {
		e.int(x)
	}
	e.len(d.active)
	e.uint(d.sequence)
	d.encodeRoutes(e)
	d.encodeUnits(e)
	for _, r := range d.routes {
		r.encodeCells(e)
	}
	for f := range d.pools {
		d.pools[f].encode(e)
	}
	d.encodeClocks(e)
	e.len(len(d.departed))
	for i := range d.departed {
		if err := d.departed[i].encode(e); err != nil {
			return nil, fmt.Errorf("finding of a route that left: %w", err)
		}
	}
	return binary.LittleEndian.AppendUint32(e.b, crc32.ChecksumIEEE(e.b)), nil
}

func (d *Detector) encodeRoutes(e *encoder) {
	e.len(len(d.routes))
	for _, r := range d.routes {
		e.uint(uint64(r.id))
		e.string(r.name)
		e.float(r.errors)
		e.int(r.lastCell)
		e.bool(r.counted)
		e.len(r.tested)
		e.len(r.silent)
		e.int(r.exposureMillis)
		e.bool(r.lags != nil)
		if r.lags != nil {
			for _, n := range r.lags.Bins {
				e.uint(n)
			}
			e.float(r.lags.SumSeconds)
		}
		e.bool(r.streams != nil)
		for f := range r.streams {
			r.streams[f].encode(e)
		}
		e.len(len(r.tallies))
		for _, t := range r.tallies {
			e.int(t.clock.deltaMillis)
			t.encode(e)
		}
	}
}

func (d *Detector) encodeUnits(e *encoder) {
	e.len(len(d.units))
	for _, id := range slices.Sorted(maps.Keys(d.units)) {
		u := d.units[id]
		e.uint(uint64(id))
		e.uint(uint64(u.route.id))
		e.uint(uint64(u.targetID))
		e.string(u.targetName)
		e.int(u.deltaMillis)
		e.int(u.sinceMillis)
		e.bool(u.visible)
		e.bool(u.superseded)
		e.int(u.seenHour)
		e.int(u.breakMillis)
		e.uint(u.cells)
		e.uint(u.lastCell)
		e.len(len(u.days))
		for _, day := range u.days {
			e.int(day.day)
			e.uint(uint64(day.cells))
		}
	}
	for _, t := range d.sortedTargets() {
		e.len(t.times.len())
		for i := range t.times.len() {
			e.uint(uint64(t.times.at(i).hour))
			e.uint(uint64(t.times.at(i).milli))
		}
	}
}

func (d *Detector) sortedTargets() []*target {
	return slices.SortedFunc(maps.Values(d.targets), func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.deltaMillis, b.deltaMillis))
	})
}

func (r *route) encodeCells(e *encoder) {
	e.uint(r.cells.first)
	e.len(r.cells.ring.len())
	for i := range r.cells.ring.len() {
		c := r.cells.ring.at(i)
		e.int(c.atMillis)
		e.uint(uint64(c.unit.id))
	}
}

// encodeClocks writes what the units of a scrape interval share, where there is any.
func (d *Detector) encodeClocks(e *encoder) {
	clocks := slices.DeleteFunc(slices.Clone(d.clocks), (*clock).idle)
	e.len(len(clocks))
	for _, c := range clocks {
		e.int(c.deltaMillis)
		e.len(c.entries.len())
		for i := range c.entries.len() {
			en := c.entries.at(i)
			e.int(en.closeMillis)
			e.uint(uint64(en.unit.id))
			e.uint(en.position)
		}
		for f := range c.lanes {
			l := &c.lanes[f]
			e.bool(l.pool.used())
			if l.pool.used() {
				l.pool.encode(e)
			}
			e.len(l.trials.len())
			for i := range l.trials.len() {
				l.trials.at(i).encode(e, l.accounts)
			}
		}
	}
}

// idle tells that a clock holds no state.
func (c *clock) idle() bool {
	return c.entries.len() == 0 && !slices.ContainsFunc(c.lanes, func(l lane) bool {
		return l.trials.len() > 0 || l.pool.used()
	})
}

func (tr *trial) encode(e *encoder, accounts int) {
	e.int(tr.startMillis)
	e.uint(tr.sequence)
	e.uint(tr.position)
	e.uint(uint64(tr.unit.id))
	e.uint(uint64(tr.epoch))
	e.uint(uint64(tr.pool))
	e.floats(tr.own[:accounts])
	e.floats(tr.pooled[:accounts])
}

func (p *departure) encode(e *encoder) error {
	data, err := json.Marshal(&p.finding)
	if err != nil {
		return err
	}
	e.bytes(data)
	e.len(p.stream.fingerprint)
	p.stream.encode(e)
	return nil
}

// errDamaged is what is wrong with a snapshot that nobody wrote.
var errDamaged = errors.New("snapshot is damaged")

// UnmarshalBinary replaces the state by one that MarshalBinary returned. When the data is damaged, of
// another version, or of other fingerprints, it fails and leaves the Detector as it was.
func (d *Detector) UnmarshalBinary(data []byte) error {
	body, ok := cutChecksum(data)
	if !ok {
		return errDamaged
	}
	in := &decoder{b: body}
	if version := in.uint(); version != snapshotVersion {
		return fmt.Errorf("snapshot has version %d: only %d can be read", version, snapshotVersion)
	}
	if n := in.uint(); n != uint64(len(d.options.Fingerprints)) {
		return fmt.Errorf("snapshot has %d fingerprints, the configuration %d", n, len(d.options.Fingerprints))
	}
	n := *d
	n.clear()
	if err := n.decode(in); err != nil {
		return err
	}
	*d = n
	return nil
}

// cutChecksum returns what is between the magic and the checksum, if both are right.
func cutChecksum(data []byte) ([]byte, bool) {
	n := len(data) - crc32.Size
	if n < len(snapshotMagic) || string(data[:len(snapshotMagic)]) != snapshotMagic {
		return nil, false
	}
	if binary.LittleEndian.Uint32(data[n:]) != crc32.ChecksumIEEE(data[:n]) {
		return nil, false
	}
	return data[len(snapshotMagic):n], true
}

package detector

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/ghostpair/ghostpair/finding"
)

// decode reads a state into a Detector that has seen nothing.
func (d *Detector) decode(in *decoder) error {
	d.started = in.bool()
	d.originMillis, d.watermarkMillis, d.nextHour, d.exposureMillis = in.int(), in.int(), in.int(), in.int()
	d.active = int(in.small(math.MaxInt32))
	d.sequence = in.uint()
	for _, step := range []func(*decoder) error{d.decodeRoutes, d.decodeUnits, d.decodeCells, d.decodePools, d.decodeClocks, d.decodeDeparted} {
		if err := step(in); err != nil {
			return err
		}
		if in.bad {
			return fmt.Errorf("%w, %d bytes before its end", errDamaged, in.left)
		}
	}
	if len(in.b) > 0 {
		return fmt.Errorf("%w: %d bytes too long", errDamaged, len(in.b))
	}
	for _, c := range d.clocks {
		d.nextClose = min(d.nextClose, c.nextClose())
	}
	return nil
}

func (d *Detector) decodeRoutes(in *decoder) error {
	for range in.len(8) {
		id := in.id()
		name := in.string()
		if n := len(d.routes); !in.check(n == 0 || d.routes[n-1].id < id) {
			return nil
		}
		r := d.route(id, name)
		r.errors, r.lastCell, r.counted = in.float(), in.int(), in.bool()
		r.tested, r.silent = int(in.small(uint64(len(d.pools)))), int(in.small(goneHours))
		r.exposureMillis = in.int()
		if in.bool() {
			r.lags = new(finding.LagCounts)
			for i := range r.lags.Bins {
				r.lags.Bins[i] = in.uint()
			}
			r.lags.SumSeconds = in.float()
		}
		if in.bool() {
			r.streams = make([]stream, len(d.pools))
		}
		for f := range r.streams {
			r.streams[f].fingerprint, r.streams[f].route = f, r
			r.streams[f].decode(in)
		}
		for range in.len(4) {
			c, err := d.decodeClock(in)
			if c == nil {
				return err
			}
			if n := len(r.tallies); !in.check(n == 0 || r.tallies[n-1].clock.deltaMillis < c.deltaMillis) {
				return nil
			}
			r.tallyOf(c).decode(in)
		}
	}
	return nil
}

// decodeClock reads a scrape interval; nil when it is none.
func (d *Detector) decodeClock(in *decoder) (*clock, error) {
	delta := in.int()
	if !in.check(delta >= minSnapshotDelta && delta <= maxSnapshotDelta) {
		return nil, nil
	}
	return d.clockOf(delta)
}

func (d *Detector) decodeUnits(in *decoder) error {
	last := int32(-1)
	for range in.len(13) {
		u := &unit{id: in.id()}
		u.route = d.routeByID[in.id()]
		u.targetID, u.targetName = in.id(), in.string()
		delta := in.int()
		if !in.check(u.id > last && u.route != nil && (delta == 0 || delta >= minSnapshotDelta && delta <= maxSnapshotDelta)) {
			return nil
		}
		last = u.id
		if delta > 0 {
			if err := d.wind(u, delta); err != nil {
				return err
			}
		}
		u.sinceMillis, u.visible, u.superseded = in.int(), in.bool(), in.bool()
		u.seenHour, u.breakMillis = in.int(), in.int()
		u.cells, u.lastCell = in.uint(), in.uint()
		for range in.len(2) {
			u.days = append(u.days, unitDay{day: in.int(), cells: in.uint32()})
		}
		d.units[u.id] = u
		u.route.register(u)
		if u.visible && in.check(u.route.streams != nil) {
			u.route.units = insert(u.route.units, u)
		}
	}
	for _, t := range d.sortedTargets() {
		for range min(in.len(2), maxCellTimes) {
			*t.times.push() = cellTime{hour: uint16(in.small(math.MaxUint16)), milli: uint16(in.small(minuteMillis - 1))}
		}
	}
	return nil
}

func (d *Detector) decodeCells(in *decoder) error {
	for _, r := range d.routes {
		r.cells.first = in.small(math.MaxInt64)
		latest := map[*unit]uint64{}
		for range in.len(2) {
			at := in.int()
			u := d.units[in.id()]
			if n := r.cells.ring.len(); !in.check(u != nil && u.route == r && u.clock != nil && (n == 0 || r.cells.ring.at(n-1).atMillis <= at)) {
				return nil
			}
			position := r.cells.end()
			if before, ok := latest[u]; ok {
				r.cells.at(before).next = int32(position - before)
			}
			latest[u] = position
			*r.cells.ring.push() = cell{atMillis: at, unit: u}
		}
		for _, u := range r.registered {
			in.check(u.lastCell < r.cells.first || u.lastCell < r.cells.end() && r.cells.at(u.lastCell).unit == u || u.cells == 0)
		}
	}
	return nil
}

func (d *Detector) decodePools(in *decoder) error {
	for f := range d.pools {
		d.pools[f].decode(in)
	}
	return nil
}

func (d *Detector) decodeClocks(in *decoder) error {
	last := int64(0)
	for range in.len(2) {
		c, err := d.decodeClock(in)
		if c == nil || !in.check(c.deltaMillis > last) {
			return err
		}
		last = c.deltaMillis
		for range in.len(3) {
			en := entry{closeMillis: in.int(), unit: d.units[in.id()], position: in.uint()}
			if !in.check(c.holds(en.unit, en.position)) {
				return nil
			}
			*c.entries.push() = en
		}
		for f := range c.lanes {
			l := &c.lanes[f]
			if in.bool() {
				l.pool.decode(in)
			}
			for range in.len(6 + 16*l.accounts) {
				tr := l.trials.push()
				*tr = trial{startMillis: in.int(), sequence: in.uint(), position: in.uint(), unit: d.units[in.id()]}
				tr.closeMillis = tr.startMillis + l.closeMillis
				tr.epoch, tr.pool = in.uint32(), in.uint32()
				in.floats(tr.own[:l.accounts])
				in.floats(tr.pooled[:l.accounts])
				if !in.check(c.holds(tr.unit, tr.position) && l.plays(tr, &d.pools[f])) {
					return nil
				}
			}
		}
	}
	return nil
}

// holds tells whether a unit of a scrape interval has a cell at a position.
func (c *clock) holds(u *unit, position uint64) bool {
	return u != nil && u.clock == c && u.route.streams != nil &&
		position >= u.route.cells.first && position < u.route.cells.end() && u.route.cells.at(position).unit == u
}

// plays tells whether both streams of a trial have the accounts that it takes.
func (l *lane) plays(tr *trial, pool *stream) bool {
	s := &tr.unit.route.streams[l.pool.first]
	return l.resolvable && s.accounts == l.accounts && pool.accounts == l.accounts
}

func (d *Detector) decodeDeparted(in *decoder) error {
	for range in.len(2) {
		var left departure
		data := in.bytes()
		if in.bad {
			return nil
		}
		if err := json.Unmarshal(data, &left.finding); err != nil {
			return fmt.Errorf("%w: finding of a route that left: %w", errDamaged, err)
		}
		left.stream.fingerprint = int(in.small(uint64(max(1, len(d.pools)) - 1)))
		left.stream.decode(in)
		d.departed = append(d.departed, left)
	}
	return nil
}

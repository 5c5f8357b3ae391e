package detector

import (
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// unit is one counting process: a route on a target at one scrape interval.
type unit struct {
	id, targetID int32
	targetName   string
	deltaMillis  int64
	sinceMillis  int64
	route        *route
	clock        *clock  // nil while the scrape interval is not known
	target       *target // nil as long as clock is
	tally        *tally  // of the route at this scrape interval, nil before the first cell

	visible     bool  // had a sample by the time of the state
	superseded  bool  // the same target has a newer unit on the same route
	listed      bool  // by the observer, at the latest piece
	seenHour    int64 // the latest hour that is known to hold a sample
	breakMillis int64 // latest missed sample

	cells    uint64 // counted so far
	lastCell uint64 // position of the latest one
	days     []unitDay

	asked    uint64 // trial for which covered was found, 0: none
	complete bool
}

// unitDay counts the cells of a unit that entered the histograms on one day.
type unitDay struct {
	day   int64
	cells uint32
}

// target is one scraped process at one scrape interval.
type target struct {
	id          int32
	deltaMillis int64
	units       int
	times       ring[cellTime]              // of the latest cells of all its routes
	memo        [coverageMemos]coverageMemo // by length in hours
	step        stepMemo
}

type targetKey struct {
	id          int32
	deltaMillis int64
}

// coverageMemos is such a number that the usual lengths, of 1, 2, 24 and 168 hours, are kept apart.
const coverageMemos = 7

// coverageMemo is the answer to a question about the coverage of a target.
type coverageMemo struct {
	leftMillis, rightMillis int64
	covered, span           int64
}

// stepMemo is the clock of a target at a time, as long as there is no other cell.
type stepMemo struct {
	known    bool
	atMillis int64
	period   time.Duration
}

// cellTime is the time of a cell as far as clocks of up to a minute can be told from it: the hour,
// modulo 2^16, and the millisecond of the minute.
type cellTime struct{ hour, milli uint16 }

const (
	maxCellTimes = 512 // of a target: enough to tell 99 % from 90 %
	minuteMillis = 60_000
)

// silentHours is how long a unit stays in a route without a sample. It is shorter than the observer
// remembers units, so that every question about one gets an answer.
const silentHours = 72

// register takes note of the units of a piece, and fails when a table cannot be made.
func (d *Detector) register(units []*observe.Unit) error {
	for _, u := range d.units {
		u.listed = false
	}
	for _, from := range units {
		u, err := d.unit(from)
		if err != nil {
			return err
		}
		u.listed = true
	}
	return nil
}

// unit returns the state of a unit, and makes it when it is new.
func (d *Detector) unit(from *observe.Unit) (*unit, error) {
	u := d.units[from.ID]
	if u == nil {
		u = &unit{
			id: from.ID, targetID: from.TargetID, targetName: from.Target,
			sinceMillis: from.SinceMillis, route: d.route(from.RouteID, from.Route),
		}
		d.units[from.ID] = u
		u.route.register(u)
	}
	if u.clock == nil && from.DeltaMillis > 0 {
		if err := d.wind(u, from.DeltaMillis); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// insert adds a unit to a list by ID.
func insert(units []*unit, u *unit) []*unit {
	at, _ := slices.BinarySearchFunc(units, u.id, func(v *unit, id int32) int { return int(v.id - id) })
	return slices.Insert(units, at, u)
}

// wind gives a unit its scrape interval.
func (d *Detector) wind(u *unit, deltaMillis int64) error {
	c, err := d.clockOf(deltaMillis)
	if err != nil {
		return err
	}
	key := targetKey{u.targetID, deltaMillis}
	t := d.targets[key]
	if t == nil {
		t = &target{id: u.targetID, deltaMillis: deltaMillis}
		d.targets[key] = t
	}
	t.units++
	u.deltaMillis, u.clock, u.target = deltaMillis, c, t
	return nil
}

// show makes a unit part of its route, which comes back if it had left.
func (d *Detector) show(u *unit, hour, atMillis int64) {
	u.seenHour = max(u.seenHour, hour)
	if u.visible {
		return
	}
	u.visible, u.superseded = true, false
	r := u.route
	r.units = insert(r.units, u)
	var newest *unit
	for _, v := range r.units {
		if v.targetID != u.targetID {
			continue
		}
		if newest != nil {
			newest.superseded = true
		}
		newest = v
	}
	newest.superseded = false
	if r.streams == nil {
		d.join(r, atMillis)
	}
}

// hide takes a unit that fell silent out of its route.
func (u *unit) hide() {
	u.visible, u.days, u.tally = false, nil, nil
	u.route.units = slices.DeleteFunc(u.route.units, func(v *unit) bool { return v == u })
}

// sweep forgets what the observer has forgotten, unless it still counts.
func (d *Detector) sweep() {
	for id, u := range d.units {
		if u.listed || u.visible {
			continue
		}
		delete(d.units, id)
		u.route.registered = slices.DeleteFunc(u.route.registered, func(v *unit) bool { return v == u })
		if u.target == nil {
			continue
		}
		if u.target.units--; u.target.units == 0 {
			delete(d.targets, targetKey{u.target.id, u.target.deltaMillis})
		}
	}
	d.routes = slices.DeleteFunc(d.routes, func(r *route) bool {
		if !r.forgotten() {
			return false
		}
		delete(d.routeByID, r.id)
		return true
	})
}

// covers tells whether a unit was scraped regularly over the whole window of a trial, up to its
// close. If it was not, its cells do not count in the trial, not even those before the gap: to drop
// only the slots in the gap would make the others more likely than the scores allow for.
func (d *Detector) covers(u *unit, l *lane, tr *trial) bool {
	if u.asked == tr.sequence {
		return u.complete
	}
	from, last, ok := d.coverage.Coverage(u.targetID, tr.closeMillis)
	from = max(from, u.breakMillis)
	u.asked = tr.sequence
	u.complete = ok && 16*from < 16*tr.startMillis+l.left16 && 16*last >= 16*tr.startMillis+l.last16
	return u.complete
}

// coverageOf returns how many milliseconds of (left, right] lie in regular scrape intervals of a
// target, and between its scrapes. The latest answers are kept, since all routes of a target ask for
// the same hour, and most for the same look-back.
func (d *Detector) coverageOf(t *target, left, right int64) (covered, span int64) {
	m := &t.memo[uint64((right-left)/hourMillis)%uint64(len(t.memo))]
	if m.leftMillis != left || m.rightMillis != right {
		*m = coverageMemo{left, right, d.coverage.Covered(t.id, left, right), d.coverage.Span(t.id, left, right)}
	}
	return m.covered, m.span
}

// remember keeps the time of a cell for the labels.
func (t *target) remember(atMillis int64) {
	t.step.known = false
	if t.times.len() == maxCellTimes {
		t.times.pop()
	}
	*t.times.push() = cellTime{hour: uint16(atMillis / hourMillis), milli: uint16(atMillis % minuteMillis)}
}

// count notes a cell that entered the histograms.
func (u *unit) count(atMillis int64) {
	day := atMillis / dayMillis
	if n := len(u.days); n > 0 && u.days[n-1].day == day {
		u.days[n-1].cells++
		return
	}
	u.days = append(u.days, unitDay{day, 1})
}

// recent is the number of cells of a unit in the histograms.
func (u *unit) recent() int {
	n := 0
	for _, day := range u.days {
		n += int(day.cells)
	}
	return n
}

package detector

import (
	"fmt"
	"math"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// Detector tests all routes of one source for all fingerprints. It is not safe for concurrent use.
type Detector struct {
	options  Options
	coverage Coverage
	bets     *bets

	started         bool
	originMillis    int64 // the detector has seen everything since
	watermarkMillis int64 // up to here
	nextHour        int64 // the UTC hour to be stepped over next, in milliseconds

	clocks    []*clock // by scrape interval
	routes    []*route // by ID
	routeByID map[int32]*route
	units     map[int32]*unit
	targets   map[targetKey]*target
	pools     []stream // one per fingerprint
	active    int      // streams of routes with a recent cell
	departed  []departure

	exposureMillis int64 // of any route, up to exposedFrom

	sequence  uint64 // trials opened so far
	nextClose int64

	outcome   outcome // of the trial in hand
	scratch   scratch
	quantiles *estimate.Quantiles
	largest   []int64 // usable scrape interval, per fingerprint
	guard     float64
	fixed     float64                                            // tests: threshold, 0: none
	onTrial   func(tr *trial, o *outcome, own, pooled happening) // tests
}

// New returns a Detector that has seen nothing.
func New(options Options, coverage Coverage) *Detector {
	if options.ClearBelow == 0 {
		options.ClearBelow = defaultClearBelow
	}
	d := &Detector{options: options, coverage: coverage, bets: newBets(), quantiles: new(estimate.Quantiles), guard: guard}
	for _, fp := range options.Fingerprints {
		d.largest = append(d.largest, score.LargestResolvableMillis(fp))
	}
	d.clear()
	return d
}

// clear sets the state to that of a new Detector.
func (d *Detector) clear() {
	d.clocks, d.routes, d.departed = nil, nil, nil
	d.routeByID, d.units, d.targets = map[int32]*route{}, map[int32]*unit{}, map[targetKey]*target{}
	d.pools = make([]stream, len(d.options.Fingerprints))
	for f := range d.pools {
		d.pools[f].fingerprint = f
		d.pools[f].verdict.reasons = reasonNoData
	}
	d.started, d.active, d.sequence, d.nextClose = false, 0, 0, math.MaxInt64
	d.exposureMillis = 0
}

// Feed takes the events of the next piece of time and settles what closes up to its end, and
// nothing more: trials that are still open stay open. units are all units that the observer knows.
//
// It fails when a table of scores cannot be made, or when the piece does not start where the one
// before ended. Nothing of the piece has been taken then.
func (d *Detector) Feed(p observe.Piece, units []*observe.Unit) error {
	if d.started && p.FromMillis != d.watermarkMillis {
		return fmt.Errorf("piece from %d ms: the one before ended at %d ms", p.FromMillis, d.watermarkMillis)
	}
	if err := d.register(units); err != nil {
		return err
	}
	for i := range p.Events {
		if _, err := d.unit(p.Events[i].Unit); err != nil {
			return err
		}
	}
	if !d.started {
		d.started, d.originMillis = true, p.FromMillis
		d.nextHour = (p.FromMillis/hourMillis + 1) * hourMillis
	}
	for i := range p.Events {
		d.advance(p.Events[i].AtMillis)
		d.take(&p.Events[i])
	}
	d.advance(p.ToMillis)
	d.watermarkMillis = p.ToMillis
	d.sweep()
	return nil
}

// advance settles what closes at or before a time, and steps over the UTC hours up to it.
func (d *Detector) advance(toMillis int64) {
	for d.nextClose <= toMillis || d.nextHour <= toMillis {
		if d.nextClose <= d.nextHour {
			d.settleNext()
			continue
		}
		d.stepHour(d.nextHour)
		d.nextHour += hourMillis
	}
}

// take takes one event.
func (d *Detector) take(e *observe.Event) {
	u := d.units[e.Unit.ID]
	d.show(u, e.AtMillis/hourMillis, e.AtMillis)
	u.route.errors += e.Increment
	switch e.Kind {
	case observe.Break:
		u.breakMillis = e.AtMillis
	case observe.Cell:
		if u.clock != nil {
			d.cell(u, e.AtMillis)
		}
	case observe.Growth:
	}
}

// cell takes a cell: it ends nothing, but opens a trial for every fingerprint.
func (d *Detector) cell(u *unit, atMillis int64) {
	r, c := u.route, u.clock
	r.lastCell = atMillis
	if !r.counted {
		r.counted = true
		d.active += r.tested
	}
	position := r.cells.add(u, atMillis)
	r.arrive(position, atMillis)
	*c.entries.push() = entry{closeMillis: atMillis + c.closeMillis, unit: u, position: position}
	d.nextClose = min(d.nextClose, atMillis+c.closeMillis)
	d.open(u, position, atMillis)
}

// Streams returns N, the number of streams that the threshold is for: fingerprints of routes with a
// cell within 30 days, and one pooled stream per fingerprint. It grows at once when a stream gets its
// first cell, and shrinks at UTC hours.
func (d *Detector) Streams() int { return d.active + len(d.pools) }

// threshold is A. Each stream raises at most one false alarm per A active hours in expectation, so N
// streams raise at most 720·N/A in 720 hours.
func (d *Detector) threshold() float64 {
	if d.fixed > 0 {
		return d.fixed
	}
	return max(monthHours*float64(d.Streams())/d.options.FalseAlarmsPerMonth, minThreshold)
}

// ThresholdLog10 returns log10 of A.
func (d *Detector) ThresholdLog10() float64 { return math.Log10(d.threshold()) }

// announce acts on an alarm or a confirmation.
func (d *Detector) announce(s *stream, what happening, atMillis int64) {
	if what == alarm {
		if s.firstAlarm == 0 {
			s.firstAlarm, s.firstPair = atMillis, s.candidate
		}
		s.verdict.alarmed = true
		s.verdict.state, s.verdict.reasons, s.verdict.held = finding.Paired, 0, 0
		s.note(atMillis, finding.Paired)
	} else {
		s.verdict.proven = true
	}
	s.reset()
	s.candidate = 0
	tallies, i := d.tallies(s)
	for _, t := range tallies {
		t.mark(i, atMillis)
	}
	d.label(s, atMillis)
}

// tallies returns the tallies of a stream, and its index in each of them.
func (d *Detector) tallies(s *stream) (tallies []*tally, index int) {
	if s.route != nil {
		return s.route.tallies, s.fingerprint
	}
	for _, c := range d.clocks {
		if c.lanes[s.fingerprint].pool.used() {
			tallies = append(tallies, c.lanes[s.fingerprint].pool)
		}
	}
	return tallies, 0
}

package detector

import (
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// route is what alerts are about. Its heavy parts are allocated with the first cell.
type route struct {
	id         int32
	name       string
	registered []*unit  // all units, by ID
	units      []*unit  // those with a sample so far, by ID
	streams    []stream // one per fingerprint; nil while the route is not there
	cells      cells
	tallies    []*tally // by scrape interval
	lags       *finding.LagCounts
	errors     float64

	lastCell       int64 // 0: none
	counted        bool  // in the number of streams
	tested         int   // fingerprints that are not ignored
	silent         int   // hours without a sample, while the source had some
	exposureMillis int64 // up to exposedFrom
}

// route returns the state of a route, and makes it when it is new.
func (d *Detector) route(id int32, name string) *route {
	if r := d.routeByID[id]; r != nil {
		return r
	}
	r := &route{id: id, name: name}
	d.routeByID[id] = r
	at, _ := slices.BinarySearchFunc(d.routes, id, func(r *route, id int32) int { return int(r.id - id) })
	d.routes = slices.Insert(d.routes, at, r)
	return r
}

// join gives a route its streams. One that had left goes on with the history it had.
func (d *Detector) join(r *route, atMillis int64) {
	r.streams = make([]stream, len(d.options.Fingerprints))
	r.silent = 0
	for f := range r.streams {
		s := &r.streams[f]
		s.fingerprint, s.route = f, r
		s.verdict.reasons = reasonNoData
	}
	tested := r.tested
	d.consult(r, atMillis)
	if r.counted {
		d.active += r.tested - tested
	}
	d.recall(r)
}

func (r *route) register(u *unit) { r.registered = insert(r.registered, u) }

// consult asks which fingerprints of a route are ignored.
func (d *Detector) consult(r *route, atMillis int64) {
	r.tested = 0
	for f := range r.streams {
		s := &r.streams[f]
		s.ignored = d.options.Ignore != nil && d.options.Ignore(r.name, d.options.Fingerprints[f].Name, atMillis)
		if !s.ignored {
			r.tested++
		}
	}
}

// forgotten tells that nothing is left to remember of a route.
func (r *route) forgotten() bool { return r.streams == nil && len(r.registered) == 0 && !r.counted }

// tallyOf returns the tally of a route at a scrape interval.
func (r *route) tallyOf(c *clock) *tally {
	at, found := slices.BinarySearchFunc(r.tallies, c.deltaMillis, func(t *tally, delta int64) int {
		return int(t.clock.deltaMillis - delta)
	})
	if !found {
		r.tallies = slices.Insert(r.tallies, at, newTally(c, 0, len(c.lanes)))
	}
	return r.tallies[at]
}

// arrive counts the lags of a new cell to the ones before it.
func (r *route) arrive(position uint64, atMillis int64) {
	if r.lags == nil {
		r.lags = new(finding.LagCounts)
	}
	for p := position; p > r.cells.first && position-p < maxCrowd; {
		p--
		lag := atMillis - r.cells.at(p).atMillis
		if lag > interarrivalMillis {
			return
		}
		r.lags.Bins[max(0, (lag-1)/1000)]++
		r.lags.SumSeconds += float64(lag) / 1000
	}
}

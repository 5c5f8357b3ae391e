package engine

import "github.com/ghostpair/ghostpair/finding"

// baseline is what had been counted when counting for the outside began. A service that starts
// reads a week of history: were that week shown as counters, it would look as if all of it had
// happened just now. So counters are shown from the end of the warm-up on, and say since when.
type baseline struct {
	sinceMillis int64                 // the latest update; 0: none yet
	routes      map[string]routeStart // those that are known; a nil map before the first update
}

// routeStart is what a route had counted at CreatedMillis.
type routeStart struct {
	createdMillis int64
	errors        int64
	lags          finding.LagCounts
}

// update takes note of the routes that there are at the watermark. At the first one, all that was
// counted is history. A route that comes later starts at zero, at the last update without it.
func (b *baseline) update(routes []finding.Route, watermarkMillis int64) {
	first := b.routes == nil
	known := make(map[string]routeStart, len(routes))
	for _, r := range routes {
		start, ok := b.routes[r.Route]
		switch {
		case first:
			start = routeStart{createdMillis: watermarkMillis, errors: r.Errors, lags: r.Interarrival}
		case !ok || r.Errors < start.errors: // new, or left and back
			start = routeStart{createdMillis: b.sinceMillis}
		}
		known[r.Route] = start
	}
	b.routes, b.sinceMillis = known, watermarkMillis
}

// since returns the route with what it has counted since its start.
func (b *baseline) since(r finding.Route) finding.Route {
	start, ok := b.routes[r.Route]
	if !ok {
		return r
	}
	r.Created = instant(start.createdMillis)
	r.Errors -= start.errors
	for i, n := range start.lags.Bins {
		r.Interarrival.Bins[i] -= n
	}
	r.Interarrival.SumSeconds -= start.lags.SumSeconds
	return r
}

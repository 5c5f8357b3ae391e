package simulate

import "time"

// Pair is two successive errors of a planted pair or chain.
type Pair struct {
	Route  string    `json:"route"`
	First  time.Time `json:"first"`
	Second time.Time `json:"second"`
	// The targets that the errors hit.
	FirstTarget  string `json:"first_target"`
	SecondTarget string `json:"second_target"`
}

// RouteTruth is what happened on a route.
type RouteTruth struct {
	Route  string `json:"route"`
	Errors int    `json:"errors"` // planted ones included
	Pairs  int    `json:"pairs"`
	// LagSeconds is the mean lag of the pairs; 0 without any.
	LagSeconds float64 `json:"lag_seconds"`
}

// Truth is what a record holds: what is to be found, and no more.
type Truth struct {
	Seed   uint64       `json:"seed"`
	Start  time.Time    `json:"start"`
	End    time.Time    `json:"end"`
	Routes []RouteTruth `json:"routes"`
	Pairs  []Pair       `json:"pairs"`
}

// Truth sums the record up. A pair counts when both of its errors are in the window.
func (r *Record) Truth() Truth {
	truth := Truth{
		Seed:  r.fleet.Seed,
		Start: time.UnixMilli(r.from).UTC(), End: time.UnixMilli(r.to).UTC(),
		Routes: []RouteTruth{}, Pairs: []Pair{},
	}
	for i, route := range r.fleet.Routes {
		events := r.Events(i)
		pairs := r.pairs(route.Name, events)
		summary := RouteTruth{Route: route.Name, Errors: len(events), Pairs: len(pairs)}
		for _, pair := range pairs {
			summary.LagSeconds += pair.Second.Sub(pair.First).Seconds() / float64(len(pairs))
		}
		truth.Routes = append(truth.Routes, summary)
		truth.Pairs = append(truth.Pairs, pairs...)
	}
	return truth
}

func (r *Record) pairs(route string, events []Event) []Pair {
	var pairs []Pair
	last := map[int64]Event{} // by origin
	for _, event := range events {
		if event.OriginMillis == 0 {
			continue
		}
		if first, ok := last[event.OriginMillis]; ok {
			pairs = append(pairs, Pair{
				Route: route,
				First: time.UnixMilli(first.AtMillis).UTC(), Second: time.UnixMilli(event.AtMillis).UTC(),
				FirstTarget: r.fleet.Targets[first.Target].Name, SecondTarget: r.fleet.Targets[event.Target].Name,
			})
		}
		last[event.OriginMillis] = event
	}
	return pairs
}

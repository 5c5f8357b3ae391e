package simulate

import (
	"iter"
	"slices"
	"sort"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// Record is what happened to a fleet in a window, and what its scrapes saw of it. It is safe for
// concurrent use.
type Record struct {
	fleet    Fleet
	from, to int64
	events   [][]Event          // by route, in the order of time, since the oldest counter started
	counted  map[Series][]int64 // the times of what each counter counted, since the oldest counter started
	series   []Series
}

// Record draws what happens in (from, to].
func (f *Fleet) Record(fromMillis, toMillis int64) *Record {
	r := &Record{fleet: *f, from: fromMillis, to: toMillis, series: f.Series()}
	oldest := fromMillis
	for t := range f.Targets {
		oldest = min(oldest, f.originMillis(t, fromMillis+1))
	}
	r.events = f.events(oldest, toMillis)
	r.counted = make(map[Series][]int64, len(r.series))
	for route, events := range r.events {
		planted := f.Routes[route].Planted
		for _, event := range events {
			r.count(route, planted, event)
		}
	}
	return r
}

// count files an event under the counters that see it.
func (r *Record) count(route int, planted Planted, event Event) {
	ghost := event.OriginMillis != 0
	if !ghost || planted != ByProxy || event.Last {
		key := Series{Route: route, Target: event.Target, Signal: Signal5xx}
		r.counted[key] = append(r.counted[key], event.AtMillis)
	}
	if ghost && planted != ByClient {
		key := Series{Route: route, Target: event.Target, Signal: SignalConnectTimeout}
		r.counted[key] = append(r.counted[key], event.AtMillis)
	}
}

// Fleet is the fleet that the record is of.
func (r *Record) Fleet() Fleet { return r.fleet }

// Window is the window (from, to] of the record.
func (r *Record) Window() (fromMillis, toMillis int64) { return r.from, r.to }

// Series lists the counters, by signal, route and target, also those that never come into being.
func (r *Record) Series() []Series { return r.series }

// Events are the errors of a route in the window, in the order of time.
func (r *Record) Events(route int) []Event {
	events := r.events[route]
	first := sort.Search(len(events), func(i int) bool { return events[i].AtMillis > r.from })
	return events[first:]
}

// Value is what a counter stands at. Not ok: it does not exist at that time, as its target is not
// there or nothing was counted yet. The time must be in the window.
func (r *Record) Value(s Series, atMillis int64) (value float64, ok bool) {
	target := r.fleet.Targets[s.Target]
	if atMillis <= r.fleet.StartMillis || !target.Serves(atMillis) {
		return 0, false
	}
	times := r.counted[s]
	value = float64(after(times, atMillis) - after(times, r.fleet.originMillis(s.Target, atMillis)))
	return value, value > 0 || r.fleet.Routes[s.Route].Eager
}

// after is the index of the first time after t.
func after(times []int64, t int64) int {
	i, _ := slices.BinarySearch(times, t+1)
	return i
}

// Up gives the samples of `up` of a target in the window.
func (r *Record) Up(target int) []observe.Run {
	return r.fleet.scrapes(target, r.from, r.to)
}

// Counter gives the samples of a counter at the scrapes of its target, as from Up.
func (r *Record) Counter(s Series, up []observe.Run) []observe.Run {
	times := r.counted[s]
	var out runs
	for _, scrape := range up {
		if scrape.Value == 1 {
			r.step(&out, s, times, scrape)
		}
	}
	return out.list
}

// step walks through one stretch of scrapes from change to change. No restart falls into it, unless
// it is shorter than a scrape interval.
func (r *Record) step(out *runs, s Series, times []int64, scrapes observe.Run) {
	for i := int64(0); i < scrapes.Count; {
		at := scrapes.FirstMillis + i*scrapes.StepMillis
		value, ok := r.Value(s, at)
		last := r.sameUntil(s, times, at, scrapes)
		if ok {
			run := observe.Run{FirstMillis: at, StepMillis: scrapes.StepMillis, Count: last - i + 1, Value: value}
			if run.Count == 1 {
				run.StepMillis = 0
			}
			out.extend(run)
		}
		i = last + 1
	}
}

// sameUntil is the index of the last of the scrapes, from the one at a time on, before which the
// counter neither counts nor starts again.
func (r *Record) sameUntil(s Series, times []int64, at int64, scrapes observe.Run) int64 {
	until := scrapes.LastMillis()
	if i := after(times, at); i < len(times) {
		until = min(until, times[i]-1)
	}
	if restarts := r.fleet.Targets[s.Target].Restarts; restarts.Every > 0 {
		since, _ := restarts.lastMillis(at)
		until = min(until, since+millis(restarts.Every))
	}
	if scrapes.StepMillis == 0 {
		return 0
	}
	return (until - scrapes.FirstMillis) / scrapes.StepMillis
}

// Samples spells out runs, sample by sample.
func Samples(runs []observe.Run) iter.Seq2[int64, float64] {
	return func(yield func(int64, float64) bool) {
		for _, run := range runs {
			for i := range run.Count {
				if !yield(run.FirstMillis+i*run.StepMillis, run.Value) {
					return
				}
			}
		}
	}
}

// Feed hands the scrapes and the counters of one signal to a sink, as a reader of Prometheus would.
func (r *Record) Feed(signal string, sink observe.Sink) observe.ReadStats {
	stats := observe.ReadStats{Protocol: "simulated", SiblingsPresent: true}
	ups := make([][]observe.Run, len(r.fleet.Targets))
	for t, target := range r.fleet.Targets {
		ups[t] = r.Up(t)
		sink.Scrapes(observe.TargetView{Target: target.Name}, ups[t])
		stats.Samples += count(ups[t])
	}
	for _, s := range r.series {
		if s.Signal != signal {
			continue
		}
		runs := r.Counter(s, ups[s.Target])
		if len(runs) == 0 {
			continue
		}
		id := observe.SeriesID{Route: r.fleet.Routes[s.Route].Name, Target: r.fleet.Targets[s.Target].Name, Counter: signal}
		id.Counter += " " + id.Route + " " + id.Target
		sink.Series(&id, runs)
		stats.Series++
		stats.Samples += count(runs)
	}
	return stats
}

func count(runs []observe.Run) int64 {
	var n int64
	for _, run := range runs {
		n += run.Count
	}
	return n
}

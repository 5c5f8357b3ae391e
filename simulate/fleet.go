package simulate

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// Fleet is what is simulated: targets that serve routes.
type Fleet struct {
	Seed uint64
	// StartMillis is when everything begins: no scrape and no error is at or before it, and the
	// counters start from 0.
	StartMillis int64
	Targets     []Target
	Routes      []Route
	// Shared are processes that the routes have in common: each error hits a route at random.
	Shared []Process
}

// Target is one scraped process, such as a proxy pod.
type Target struct {
	Name string
	Grid Grid
	// Restarts of the process, each of which sets its counters back to 0. Zero: none.
	Restarts Restarts
	// The target exists in (BornMillis, GoneMillis]; 0: since the start, and for ever.
	BornMillis, GoneMillis int64
}

// Grid is when a target is scraped: at Phase + k · Interval since the Unix epoch.
type Grid struct {
	Interval time.Duration
	Phase    time.Duration
	Jitter   time.Duration // each scrape is shifted by up to this, either way; below half of Interval
	Missed   float64       // share of the scrapes that fail, each by itself
}

// Restarts is a schedule: at At + k · Every since the Unix epoch the process goes down, and comes
// back after Down. While it is down scrapes fail and there are no errors.
type Restarts struct {
	Every, At, Down time.Duration
}

// Pods are targets that are scraped alike, each at a phase of its own that is drawn from the seed.
func Pods(seed uint64, count int, grid Grid) []Target {
	random := rand.New(rand.NewPCG(seed, hash("pods")))
	pods := make([]Target, count)
	for i := range pods {
		pods[i] = Target{Name: fmt.Sprintf("envoy-%d", i), Grid: grid}
		pods[i].Grid.Phase = time.Duration(random.Int64N(max(1, millis(grid.Interval)))) * time.Millisecond
	}
	return pods
}

// Planted says which counters see the planted pairs of a route.
type Planted uint8

const (
	// ByClient is a client that tries again: every error of a pair is a 5xx.
	ByClient Planted = iota
	// ByClientOnConnect is the same where Envoy itself could not connect: every error is a 5xx and
	// a connect timeout.
	ByClientOnConnect
	// ByProxy is an Envoy that tries again: every error is a connect timeout, but only the last
	// one of a pair becomes a 5xx.
	ByProxy
)

// Route is one route of the fleet, with what goes wrong on it.
type Route struct {
	Name      string
	Processes []Process
	Planted   Planted
	Targets   []int // indices of the targets that serve the route; nil: all
	Eager     bool  // the counters exist from the start with 0, else from their first error
}

// Signals that a fleet has counters of.
const (
	Signal5xx            = "5xx"
	SignalConnectTimeout = "connect_timeout"
)

// Series is one counter: of a route, on a target.
type Series struct {
	Route, Target int // indices
	Signal        string
}

// Series lists the counters of the fleet, by signal, route and target.
func (f *Fleet) Series() []Series {
	var list []Series
	for _, signal := range []string{Signal5xx, SignalConnectTimeout} {
		for r, route := range f.Routes {
			if signal == SignalConnectTimeout && route.Planted == ByClient {
				continue
			}
			for _, t := range f.servers(r) {
				list = append(list, Series{Route: r, Target: t, Signal: signal})
			}
		}
	}
	return list
}

// servers are the targets that serve a route.
func (f *Fleet) servers(route int) []int {
	if targets := f.Routes[route].Targets; targets != nil {
		return targets
	}
	all := make([]int, len(f.Targets))
	for i := range all {
		all[i] = i
	}
	return all
}

// events draws the errors of all routes in (from, to], each route in the order of time. What would
// hit a target that does not exist or is down does not happen.
func (f *Fleet) events(from, to int64) [][]Event {
	all := make([][]Event, len(f.Routes))
	for r, route := range f.Routes {
		servers := f.servers(r)
		for p, process := range route.Processes {
			f.draw(process, route.Name, p, len(servers), from, to, func(event Event, _ *rand.Rand) {
				event.Target = servers[event.Target]
				all[r] = append(all[r], event)
			})
		}
	}
	for p, process := range f.Shared {
		f.draw(process, "", p, 1, from, to, func(event Event, random *rand.Rand) {
			r := random.IntN(len(f.Routes))
			servers := f.servers(r)
			event.Target = servers[random.IntN(len(servers))]
			all[r] = append(all[r], event)
		})
	}
	for r := range all {
		all[r] = slices.DeleteFunc(all[r], func(e Event) bool {
			return e.AtMillis <= from || e.AtMillis > to || !f.Targets[e.Target].Serves(e.AtMillis)
		})
		slices.SortStableFunc(all[r], func(a, b Event) int {
			return cmp.Or(cmp.Compare(a.AtMillis, b.AtMillis), cmp.Compare(a.Target, b.Target))
		})
	}
	return all
}

// draw hands the errors that one process sets off around (from, to] to yield, hour by hour. The
// hour before the window is drawn as well, since it may reach into it.
func (f *Fleet) draw(p Process, name string, index, targets int, from, to int64, yield func(Event, *rand.Rand)) {
	from = max(from, f.StartMillis)
	var events []Event
	for h := floorDiv(from, hourMillis) - 1; h*hourMillis <= to; h++ {
		random := rand.New(rand.NewPCG(mix(f.Seed, hash(name)), mix(uint64(index), uint64(h))))
		events = p.Append(events[:0], Hour{StartMillis: h * hourMillis, Targets: targets, Rand: random})
		for _, event := range events {
			if event.AtMillis > f.StartMillis && event.AtMillis < (h+2)*hourMillis {
				yield(event, random)
			}
		}
	}
}

// Serves tells whether the target is there and up at a time.
func (t Target) Serves(atMillis int64) bool {
	if atMillis <= t.BornMillis || (t.GoneMillis != 0 && atMillis > t.GoneMillis) {
		return false
	}
	since, ok := t.Restarts.lastMillis(atMillis)
	return !ok || atMillis > since+millis(t.Restarts.Down)
}

// lastMillis is the time of the last restart before a time: the process went down then.
func (r Restarts) lastMillis(atMillis int64) (since int64, ok bool) {
	every := millis(r.Every)
	if every <= 0 {
		return 0, false
	}
	return floorDiv(atMillis-1-millis(r.At), every)*every + millis(r.At), true
}

// originMillis is since when the counters of a target have been counting at a time.
func (f *Fleet) originMillis(target int, atMillis int64) int64 {
	t := f.Targets[target]
	origin := max(f.StartMillis, t.BornMillis)
	if since, ok := t.Restarts.lastMillis(atMillis); ok {
		origin = max(origin, since)
	}
	return origin
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014) over two words.
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

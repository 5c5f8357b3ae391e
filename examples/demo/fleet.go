package main

import (
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

// fleetVersion goes into the name of the kept history: a new one for every change of the fleet.
const fleetVersion = 1

// expectation is what ghostpair must say about a route.
type expectation uint8

const (
	innocent  expectation = iota // errors without pairs; the thin ghost is in connect timeouts only
	ghost                        // paired
	lookAlike                    // paired, with a label that says it is a periodic check
)

// member is a route of the cast.
type member struct {
	simulate.Route
	expected expectation
	about    string
}

// lag is that of a connect that is given up after five seconds, and tried again after a short wait.
func lag() simulate.Span {
	return simulate.Span{Lo: 5 * time.Second, Hi: 5600 * time.Millisecond}
}

// cast is the ten routes, and what goes wrong on each.
func cast() []member {
	diurnal, _ := simulate.Scenario("diurnal")
	bigburst, _ := simulate.Scenario("bigburst")
	retries := simulate.Echoes{
		Of: []simulate.Process{simulate.Poisson{PerHour: 20}}, Share: 0.6,
		Delays: []simulate.Span{{Lo: time.Second, Hi: 1200 * time.Millisecond}},
	}
	probe := simulate.Train{PerHour: 0.25, Steps: 60, Period: 5 * time.Second, Chance: 0.5}
	steady := func(perHour float64) []simulate.Process {
		return []simulate.Process{simulate.Poisson{PerHour: perHour}}
	}
	pairs := func(perHour float64) simulate.Process { return simulate.Pairs{PerHour: perHour, Lag: lag()} }

	members := []member{
		route("httproute/shop/checkout/rule/0", ghost, "3 pairs an hour among 20 errors", append(steady(20), pairs(3))...),
		route("httproute/shop/payment/rule/0", ghost, "6 pairs an hour among bursts", bursts(), pairs(6)),
		route("httproute/shop/cart/rule/0", innocent, "errors that follow the time of day, with spikes", diurnal...),
		route("httproute/shop/search/rule/0", innocent, "bursts of 40 errors", bigburst...),
		route("httproute/shop/catalog/rule/0", innocent, "clients that try again after a second", retries),
		route("httproute/ops/status/rule/0", lookAlike, "a probe every 5 s that fails for minutes on end", append(steady(5), probe)...),
		route("httproute/account/login/rule/0", innocent, "a rare error", steady(2)...),
		route("httproute/account/profile/rule/0", innocent, "a rare error", steady(1)...),
		route("httproute/media/images/rule/0", innocent, "an error a minute", steady(60)...),
		route("grpcroute/stock/inventory/rule/0", innocent, "a rare error", steady(1)...),
	}
	// One more ghost, spread thinly over the routes without any of their own: Envoy itself tries
	// again, so that only its connect timeouts come in pairs, two or three times a day and route.
	for i := range members {
		if members[i].expected != ghost { // eight of the ten
			members[i].Processes = append(members[i].Processes, pairs(0.1))
			members[i].Planted = simulate.ByProxy
		}
	}
	return members
}

// thinGhost tells of the last one.
const thinGhost = `  and on each of the eight routes without pairs of their own, two or three times a day, Envoy cannot
  connect, waits for 5 s, tries again and waits again: two connect timeouts, but a single 5xx.`

// bursts is errors in bursts of all lengths, of which some are counted twice and some are tried again.
func bursts() simulate.Process {
	scales := []time.Duration{500 * time.Millisecond, 3 * time.Second, 10 * time.Second, 30 * time.Second}
	twice := simulate.Echoes{
		Of:    []simulate.Process{simulate.Poisson{PerHour: 30}, simulate.Bursts{PerHour: 2, MeanSize: 10, Scales: scales}},
		Share: 0.3, Delays: []simulate.Span{{Hi: 300 * time.Millisecond}}, SameTarget: true,
	}
	return simulate.Echoes{Of: []simulate.Process{twice}, Share: 0.15, Delays: []simulate.Span{
		{Lo: time.Second, Hi: 1100 * time.Millisecond}, {Lo: 2 * time.Second, Hi: 2200 * time.Millisecond},
	}}
}

func route(name string, expected expectation, about string, processes ...simulate.Process) member {
	return member{
		Route:    simulate.Route{Name: name, Processes: processes},
		expected: expected, about: about,
	}
}

// shop is the fleet: two Envoys that serve the cast.
func shop() *simulate.Fleet {
	fleet := &simulate.Fleet{Seed: 2026, Targets: simulate.Pods(2026, 2, simulate.Grid{Interval: time.Second})}
	// Rolled out now and then, never both at once: counters start again, and are born anew.
	fleet.Targets[0].Restarts = simulate.Restarts{Every: 67 * time.Hour, At: 9 * time.Hour, Down: 20 * time.Second}
	fleet.Targets[1].Restarts = simulate.Restarts{Every: 67 * time.Hour, At: 9*time.Hour + 5*time.Minute, Down: 20 * time.Second}
	for _, m := range cast() {
		fleet.Routes = append(fleet.Routes, m.Route)
	}
	return fleet
}

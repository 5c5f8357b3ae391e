package simulate_test

import (
	"fmt"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

// Two pods, scraped every second, serve a route on which clients pair up errors twice an hour.
func ExampleFleet() {
	background, _ := simulate.Scenario("poisson")
	ghosts := simulate.Pairs{PerHour: 2, Lag: simulate.Span{Lo: 5 * time.Second, Hi: 6500 * time.Millisecond}}
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	fleet := simulate.Fleet{
		Seed:        1,
		StartMillis: start.UnixMilli(),
		Targets:     simulate.Pods(1, 2, simulate.Grid{Interval: time.Second}),
		Routes:      []simulate.Route{{Name: "httproute/shop/checkout/rule/0", Processes: append(background, ghosts)}},
	}
	record := fleet.Record(start.UnixMilli(), start.Add(6*time.Hour).UnixMilli())
	truth := record.Truth()
	fmt.Println(truth.Routes[0].Errors, "errors,", truth.Routes[0].Pairs, "pairs")
	for _, series := range record.Series() {
		runs := record.Counter(series, record.Up(series.Target))
		fmt.Println(fleet.Targets[series.Target].Name, "ends at", runs[len(runs)-1].Value)
	}
	// Output:
	// 359 errors, 14 pairs
	// envoy-0 ends at 179
	// envoy-1 ends at 180
}

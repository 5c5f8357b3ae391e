package simulate

import (
	"testing"
	"time"
)

// A week of one busy route on two targets, scraped every second.
func BenchmarkWeek(b *testing.B) {
	processes, _ := Scenario("bursty")
	fleet := &Fleet{
		Seed: 1, StartMillis: start, Targets: Pods(1, 2, Grid{Interval: time.Second}),
		Routes: []Route{{Name: "a", Processes: processes}},
	}
	for b.Loop() {
		record := fleet.Record(start, start+7*24*hourMillis)
		for _, s := range record.Series() {
			record.Counter(s, record.Up(s.Target))
		}
	}
}

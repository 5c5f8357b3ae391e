package simulate

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/observe"
)

const start = int64(1_780_000_000_000)

// messy is a fleet with everything that can go wrong.
func messy() *Fleet {
	bursty, _ := Scenario("bursty")
	diurnal, _ := Scenario("diurnal")
	lag := Span{5 * time.Second, 6500 * time.Millisecond}
	targets := Pods(3, 3, Grid{Interval: time.Second})
	targets[0].Restarts = Restarts{Every: 5 * time.Hour, At: 17 * time.Minute, Down: 20 * time.Second}
	targets[1].Grid.Jitter = 50 * time.Millisecond
	targets[1].Grid.Missed = 0.01
	targets[2].BornMillis = start + 90*60_000
	targets[2].GoneMillis = start + 500*60_000
	return &Fleet{
		Seed: 11, StartMillis: start, Targets: targets,
		Routes: []Route{
			{Name: "a", Processes: append(bursty, Pairs{PerHour: 6, Lag: lag})},
			{Name: "b", Processes: append(diurnal, Pairs{PerHour: 6, Lag: lag, Across: true}), Planted: ByClientOnConnect},
			{Name: "c", Processes: []Process{Pairs{PerHour: 20, Lag: lag}}, Planted: ByProxy, Targets: []int{1}, Eager: true},
		},
		Shared: []Process{Bursts{PerHour: 1, Size: 9, Within: time.Minute}},
	}
}

// expand spells out runs as a map from time to value.
func expand(t *testing.T, runs []observe.Run) (times []int64, values map[int64]float64) {
	t.Helper()
	values = map[int64]float64{}
	for at, value := range Samples(runs) {
		if len(times) > 0 && at <= times[len(times)-1] {
			t.Fatalf("sample at %d after one at %d", at, times[len(times)-1])
		}
		times = append(times, at)
		values[at] = value
	}
	return times, values
}

// Every sample must be the number of errors since the process started, and nothing else; and there
// must be a sample at every successful scrape from the first error on.
func TestCountersCountEvents(t *testing.T) {
	t.Parallel()
	fleet := messy()
	from, to := start+30*60_000, start+12*hourMillis
	record := fleet.Record(from, to)
	all := fleet.Record(start, to)
	for _, s := range record.Series() {
		up := record.Up(s.Target)
		_, got := expand(t, record.Counter(s, up))
		scrapes, successes := expand(t, up)
		for _, at := range scrapes {
			want := 0.
			if successes[at] == 1 {
				want = countSince(all, s, fleet.originMillis(s.Target, at), at)
			}
			value, ok := got[at]
			if exists := want > 0 || (successes[at] == 1 && fleet.Routes[s.Route].Eager); ok != exists || value != want {
				t.Fatalf("%+v at %d: %v (%v), want %v", s, at, value, ok, want)
			}
			delete(got, at)
		}
		if len(got) > 0 {
			t.Errorf("%+v: %d samples without a scrape", s, len(got))
		}
	}
}

func countSince(record *Record, s Series, since, at int64) float64 {
	n := 0.
	planted := record.fleet.Routes[s.Route].Planted
	for _, event := range record.Events(s.Route) {
		ghost := event.OriginMillis != 0
		counts := !ghost || planted != ByProxy || event.Last
		if s.Signal == SignalConnectTimeout {
			counts = ghost && planted != ByClient
		}
		if counts && event.Target == s.Target && event.AtMillis > since && event.AtMillis <= at {
			n++
		}
	}
	return n
}

func TestConservation(t *testing.T) {
	t.Parallel()
	processes, _ := Scenario("bigburst")
	fleet := &Fleet{
		Seed: 5, StartMillis: start, Targets: Pods(1, 5, Grid{Interval: time.Second}),
		Routes: []Route{{Name: "a", Processes: processes}},
	}
	// the scrape at the very end sees the last error: phases are below a second
	record := fleet.Record(start, start+24*hourMillis)
	total := 0.
	for _, s := range record.Series() {
		runs := record.Counter(s, record.Up(s.Target))
		total += runs[len(runs)-1].Value
	}
	late := 0
	for _, event := range record.Events(0) {
		if event.AtMillis > start+24*hourMillis-1000 {
			late++
		}
	}
	if got := float64(len(record.Events(0))); total > got || total < got-float64(late) {
		t.Errorf("counters end at %v in all, want the %v errors but for the %d of the last second", total, got, late)
	}
	if total == 0 {
		t.Error("no errors")
	}
}

// What happens in a window must not depend on where the window starts or ends.
func TestWindowsAgree(t *testing.T) {
	t.Parallel()
	fleet := messy()
	end := start + 12*hourMillis
	whole := fleet.Record(start, end)
	cuts := []int64{start, start + 1, start + hourMillis/3, start + 5*hourMillis - 1, start + 7*hourMillis, end}
	for i, route := range fleet.Routes {
		var events []Event
		for c := range cuts[1:] {
			events = append(events, fleet.Record(cuts[c], cuts[c+1]).Events(i)...)
		}
		if !slices.Equal(events, whole.Events(i)) {
			t.Errorf("route %s: %d events in pieces, %d at once", route.Name, len(events), len(whole.Events(i)))
		}
	}
	for _, s := range whole.Series() {
		var pieces runs
		for c := range cuts[1:] {
			piece := fleet.Record(cuts[c], cuts[c+1])
			for at, value := range Samples(piece.Counter(s, piece.Up(s.Target))) {
				pieces.append(at, value)
			}
		}
		var once runs
		for at, value := range Samples(whole.Counter(s, whole.Up(s.Target))) {
			once.append(at, value)
		}
		if !slices.Equal(pieces.list, once.list) {
			t.Errorf("%+v: samples differ between pieces and the whole", s)
		}
	}
}

func TestDeterminism(t *testing.T) {
	t.Parallel()
	var texts [3]bytes.Buffer
	for i := range texts {
		fleet := messy()
		if i == 2 {
			fleet.Seed++
		}
		if err := fleet.Record(start, start+2*hourMillis).WriteOpenMetrics(&texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(texts[0].Bytes(), texts[1].Bytes()) {
		t.Error("one seed gave two histories")
	}
	if bytes.Equal(texts[0].Bytes(), texts[2].Bytes()) {
		t.Error("two seeds gave one history")
	}
}

func TestGrid(t *testing.T) {
	t.Parallel()
	grid := Grid{Interval: 15 * time.Second, Phase: 4 * time.Second}
	for _, c := range []struct{ at, want int64 }{
		{4000, 4000}, // a scrape sees what happens at its very moment
		{4001, 19000},
		{19000, 19000},
		{0, 4000},
		{-12000, -11000},
	} {
		if got := grid.Next(c.at); got != c.want {
			t.Errorf("Next(%d) = %d, want %d", c.at, got, c.want)
		}
	}
}

func TestFailedScrapesAreAShare(t *testing.T) {
	t.Parallel()
	fleet := &Fleet{Seed: 2, StartMillis: start, Targets: []Target{{Name: "a", Grid: Grid{Interval: time.Second, Missed: 0.02, Jitter: 40 * time.Millisecond}}}}
	failed, total := 0., 0.
	last := start
	for at, up := range Samples(fleet.Record(start, start+24*hourMillis).Up(0)) {
		if spacing := at - last; total > 0 && (spacing < 920 || spacing > 1080) {
			t.Fatalf("spacing of %d ms", spacing)
		}
		last = at
		total++
		failed += 1 - up
	}
	// binomial: standard deviation √(86400·0.02·0.98) = 41
	if total < 86399 || failed < 1728-185 || failed > 1728+185 {
		t.Errorf("%v of %v scrapes failed, want 2 %%", failed, total)
	}
}

// collected is a sink that counts.
type collected struct {
	scrapes, series int
	routes          map[string]bool
}

func (c *collected) Scrapes(observe.TargetView, []observe.Run) { c.scrapes++ }

func (c *collected) Series(id *observe.SeriesID, _ []observe.Run) {
	c.series++
	c.routes[id.Route] = true
}

func TestFeed(t *testing.T) {
	t.Parallel()
	record := messy().Record(start, start+3*hourMillis)
	for _, c := range []struct {
		signal string
		series int
	}{
		{Signal5xx, 7},            // three targets of a and b, one of c
		{SignalConnectTimeout, 4}, // three of b, one of c
	} {
		sink := &collected{routes: map[string]bool{}}
		stats := record.Feed(c.signal, sink)
		if sink.scrapes != 3 || sink.series != c.series || stats.Series != c.series {
			t.Errorf("%s: %d targets, %d series, stats %+v; want 3 and %d", c.signal, sink.scrapes, sink.series, stats, c.series)
		}
		if sink.routes["a"] != (c.signal == Signal5xx) {
			t.Errorf("%s: routes %v", c.signal, sink.routes)
		}
	}
}

func TestTruth(t *testing.T) {
	t.Parallel()
	truth := messy().Record(start, start+12*hourMillis).Truth()
	if len(truth.Routes) != 3 {
		t.Fatalf("%d routes, want 3", len(truth.Routes))
	}
	planted := map[string]float64{"a": 6, "b": 6, "c": 20}
	byRoute := map[string]int{}
	for _, pair := range truth.Pairs {
		byRoute[pair.Route]++
		if lag := pair.Second.Sub(pair.First); lag < 5*time.Second || lag > 6500*time.Millisecond {
			t.Errorf("pair %+v", pair)
		}
	}
	for _, route := range truth.Routes {
		if route.Pairs != byRoute[route.Route] {
			t.Errorf("%s: %d pairs, listed %d", route.Route, route.Pairs, byRoute[route.Route])
		}
		// those that hit a target that is not there are lost: a quarter or so, both errors on their own
		if want := planted[route.Route] * 12; float64(route.Pairs) > 1.5*want || float64(route.Pairs) < 0.4*want {
			t.Errorf("%s: %d pairs, about %v planted", route.Route, route.Pairs, want)
		}
		if route.LagSeconds < 5.5 || route.LagSeconds > 6 {
			t.Errorf("%s: mean lag %v", route.Route, route.LagSeconds)
		}
	}
}

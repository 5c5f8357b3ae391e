package observe

import (
	"slices"
	"strings"
	"testing"
)

// TestCutsWhereStateIsForgotten cuts time once where something is forgotten, or not known yet, in the middle of
// a piece. The worlds are what was left of random ones. Times are in seconds; a week is 604,800 of them.
func TestCutsWhereStateIsForgotten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		limit  int
		series map[string][]float64 // of "route view counter": times and values
		ups    map[string][]float64 // of views: times
		cut    int64
		end    int64
	}{
		{
			// Of route a nothing is known at 14 s, so that its invalid sample is a scrape; that it is beyond the
			// limit shows at 485 s only, and does not undo it.
			name: "invalid sample before its route is dropped", limit: 1, cut: 100, end: 600,
			series: map[string][]float64{"b w 0": {15, 1}, "a v 0": {14, -1, 485, 1}},
		},
		{
			// Counter 0 vanishes when v is taken into use, 6 days after its sample, and goes on there as 1 without
			// an error. It was still remembered then, though it comes back in w after 7.4 days.
			name: "counter vanishes, is forgotten, and comes back", cut: 2_472_402, end: 4_800_000,
			series: map[string][]float64{"a w 0": {1_906_368, 11, 2_546_368, 14}, "a v 1": {2_423_056, 11}},
		},
		{
			// After 7 days in silence route a comes back with another counter in another view; the timeline of its
			// own that it had is forgotten, so that the counter is new at a scrape of the target: 2 errors.
			name: "route comes back with another counter", cut: 2_300_532, end: 4_800_000,
			series: map[string][]float64{"a v 1": {1_515_752, 1}, "a w new-0": {2_417_792, 2}, "b u 0": {1_489_960, 150}},
			ups: map[string][]float64{
				"u": {1_009_960, 1_129_960, 1_249_960, 1_369_960, 1_969_960, 2_089_960, 2_329_960},
				"v": {2_005_232},
			},
		},
		{
			// View v lacks what w has, until w is forgotten; that it lacks it then shows anew.
			name: "a new view comes after the other was forgotten", cut: 3_249_644, end: 4_800_000,
			series: map[string][]float64{"a v 0": {302_704, 2, 3_318_704, 3}, "b w 1": {3_175_320, 1}, "c w 0": {2_215_320, 2, 2_455_320, 2}},
			ups: map[string][]float64{
				"v": {902_704, 926_704, 942_704, 950_704, 958_704, 1_174_704, 1_758_704, 2_318_704, 2_912_496},
			},
		},
		{
			// The same, where w itself comes back: 1 error that it shows is not taken for one seen before.
			name: "a view comes back after it was forgotten", cut: 2_657_463, end: 4_800_000,
			series: map[string][]float64{"a w 0": {1_933_328, 1, 2_701_328, 1}, "a v 0": {956_544, 1}},
			ups: map[string][]float64{
				"v": {1_436_544, 1_482_752, 1_516_544, 1_556_544, 1_596_544, 1_636_544, 1_676_544, 2_276_544, 2_676_544},
			},
		},
		{
			// View v is not in use for want of series, until w is forgotten at 2,796,096 s; that w is scraped
			// again after that, but without series, does not bring the scrapes of v before back into use.
			name: "a view comes back without series", cut: 2_792_776, end: 4_800_000,
			series: map[string][]float64{"a v 0": {1_177_176, 1}, "a w 0": {1_591_296, 1, 1_831_296, 3}},
			ups: map[string][]float64{
				"v": {1_577_176, 1_817_176, 2_057_176, 2_617_176, 2_657_176, 2_697_176, 2_737_176, 2_817_176},
				"w": {2_191_296, 2_983_296},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := world{ups: make(map[TargetView][]sample), series: make(map[SeriesID][]sample)}
			for name, values := range c.series {
				f := strings.Fields(name)
				id := SeriesID{Route: f[0], Target: "pod", View: f[1], Counter: f[2]}
				for pair := range slices.Chunk(values, 2) {
					w.series[id] = append(w.series[id], sample{1000 * int64(pair[0]), pair[1]})
				}
			}
			for view, times := range c.ups {
				for _, at := range times {
					id := TargetView{Target: "pod", View: view}
					w.ups[id] = append(w.ups[id], sample{1000 * int64(at), 1})
				}
			}
			options := Options{RouteLimit: c.limit}
			longest := append(evenCuts(retentionMillis/2, 1000*c.end), 1000*c.end)
			cuts := append([]int64{1000 * c.cut}, longest...)
			slices.Sort(cuts)
			compareOutcomes(t, w.advance(t, rngOf(1), options, longest), w.advance(t, rngOf(2), options, cuts))
		})
	}
}

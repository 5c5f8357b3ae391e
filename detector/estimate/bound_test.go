package estimate

import (
	"math/rand/v2"
	"testing"
)

// bound is the upper bound of hours that all look alike.
func bound(t *testing.T, cells, hot, right int) float64 {
	t.Helper()
	hours := make([]HourCounts, 24)
	for i := range hours {
		hours[i] = HourCounts{Cells: cells, Hot: hot, Right: right}
	}
	b, ok := UpperBound(hours, 24*3600, Shape{Same, 1000, fiveSeconds})
	if !ok {
		t.Fatalf("no bound for %d cells, %d hot, %d right an hour", cells, hot, right)
	}
	return b.PairRatioUpper
}

// More hits in the hot bins are more pairs; more beside them, or more cells, are fewer.
func TestUpperBoundIsMonotone(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		cells, hot, right := 10+rng.IntN(100), rng.IntN(6), rng.IntN(6)
		b := bound(t, cells, hot, right)
		if more := bound(t, cells, hot+1, right); more < b {
			t.Errorf("%d cells, %d hot, %d right: bound %v, with one more hot %v", cells, hot, right, b, more)
		}
		if more := bound(t, cells, hot, right+1); more > b {
			t.Errorf("%d cells, %d hot, %d right: bound %v, with one more right %v", cells, hot, right, b, more)
		}
		if more := bound(t, cells+1, hot, right); more > b {
			t.Errorf("%d cells, %d hot, %d right: bound %v, with one more cell %v", cells, hot, right, b, more)
		}
	}
}

func TestUpperBoundIsWithheld(t *testing.T) {
	t.Parallel()
	s := Shape{Same, 1000, fiveSeconds}
	for name, c := range map[string]struct {
		hours   []HourCounts
		scrapes int64
		shape   Shape
	}{
		"no hours":   {nil, 3600, s},
		"no cells":   {[]HourCounts{{}}, 3600, s},
		"no scrapes": {[]HourCounts{{Cells: 10}}, 0, s},
		"occupied":   {[]HourCounts{{Cells: 1081}}, 3600, s}, // 30.03 %
		"unseen":     {[]HourCounts{{Cells: 10}}, 3600, Shape{Any, 60_000, fiveSeconds}},
	} {
		if b, ok := UpperBound(c.hours, c.scrapes, c.shape); ok || b.PairRatioUpper != 0 {
			t.Errorf("%s: %+v", name, b)
		}
	}
	if b, _ := UpperBound([]HourCounts{{Cells: 2000, Hot: 7}}, 3600, s); b.Cells != 2000 || b.Hot != 7 || b.Occupancy < 0.5 {
		t.Errorf("counts of a withheld bound: %+v", b)
	}
}

// The promise of "clear": with pairs at twice the limit the bound must not fall below the limit.
// Simulated directly: Poisson background and mates, counts per hour.
func TestUpperBoundCovers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	s := Shape{Same, 1000, fiveSeconds}
	const cellsAnHour, ratio, runs = 60, 0.1, 400
	missed := 0
	for range runs {
		hours := make([]HourCounts, 24)
		for i := range hours {
			hours[i].Cells = cellsAnHour
			for range cellsAnHour {
				hours[i].Hot += hit(rng, 3*cellsAnHour/3600.+ratio/2)
				hours[i].Right += hit(rng, 4*cellsAnHour/3600.)
			}
		}
		if b, ok := UpperBound(hours, 24*3600, s); !ok || b.PairRatioUpper < ratio {
			missed++
		}
	}
	if missed > runs/20 { // 95 %; conservative by construction
		t.Errorf("bound below the truth in %d of %d runs", missed, runs)
	}
}

func hit(rng *rand.Rand, p float64) int {
	if rng.Float64() < p {
		return 1
	}
	return 0
}

// The number returned is enough, and one less is not.
func TestErrorsNeededIsTight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, hot, right int }{{0, 0, 0}, {1, 0, 0}, {50, 1, 2}, {100, 3, 4}, {300, 15, 20}} {
		need, ok := ErrorsNeeded(c.n, c.hot, c.right, 0.75, 0.1)
		if !ok {
			t.Errorf("%+v: unreachable", c)
			continue
		}
		at := func(m int) float64 {
			scale := float64(m) / float64(max(1, c.n))
			return 2 * poissonExcess(float64(c.hot)*scale, float64(c.right)*scale, 0.75) / float64(m)
		}
		if at(need) >= 0.1 || need > max(1, c.n) && at(need-1) < 0.1 {
			t.Errorf("%+v: %d errors give %v, one less %v", c, need, at(need), at(need-1))
		}
	}
	// Without a single hit 74 errors exclude 10 %: 2·3.689/74 is the first below 0.1.
	if need, ok := ErrorsNeeded(0, 0, 0, 0.75, 0.1); !ok || need != 74 {
		t.Errorf("from nothing: %d, %v", need, ok)
	}
	if need, ok := ErrorsNeeded(100, 50, 0, 0.75, 0); ok {
		t.Errorf("limit 0: %d", need)
	}
}

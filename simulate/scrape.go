package simulate

import "github.com/ghostpair/ghostpair/detector/observe"

// Next is the first scrape at or after a time, jitter and failures left aside.
func (g Grid) Next(atMillis int64) int64 {
	return g.index(atMillis)*millis(g.Interval) + millis(g.Phase)
}

// index is the number of the first scrape at or after a time, jitter left aside.
func (g Grid) index(atMillis int64) int64 {
	step := millis(g.Interval)
	return floorDiv(atMillis-millis(g.Phase)+step-1, step)
}

// scrape is when the k-th scrape takes place, and whether it succeeds as far as the grid goes.
func (g Grid) scrape(seed uint64, k int64) (atMillis int64, ok bool) {
	atMillis, ok = k*millis(g.Interval)+millis(g.Phase), true
	if g.Jitter > 0 {
		width := 2*uint64(millis(g.Jitter)) + 1
		atMillis += int64(mix(seed, uint64(2*k))%width) - millis(g.Jitter)
	}
	if g.Missed > 0 {
		ok = float64(mix(seed, uint64(2*k+1))>>11)/(1<<53) >= g.Missed
	}
	return atMillis, ok
}

// scrapes gives the samples of `up` of a target in (from, to]: 1 for a scrape, 0 for a failed one.
func (f *Fleet) scrapes(target int, from, to int64) []observe.Run {
	t := f.Targets[target]
	from = max(from, f.StartMillis, t.BornMillis)
	if t.GoneMillis != 0 {
		to = min(to, t.GoneMillis)
	}
	if t.Grid.Jitter == 0 && t.Grid.Missed == 0 && t.Restarts.Every == 0 {
		return regularScrapes(t.Grid, from, to)
	}
	seed := mix(f.Seed, hash("scrape "+t.Name))
	var runs runs
	for k := t.Grid.index(from - millis(t.Grid.Jitter)); ; k++ {
		at, ok := t.Grid.scrape(seed, k)
		if at > to {
			return runs.list
		}
		if at <= from {
			continue
		}
		up := 0.
		if ok && t.Serves(at) {
			up = 1
		}
		runs.append(at, up)
	}
}

func regularScrapes(g Grid, from, to int64) []observe.Run {
	first, step := g.Next(from+1), millis(g.Interval)
	if first > to {
		return nil
	}
	run := observe.Run{FirstMillis: first, StepMillis: step, Count: (to-first)/step + 1, Value: 1}
	if run.Count == 1 {
		run.StepMillis = 0
	}
	return []observe.Run{run}
}

// runs joins samples, which come in the order of time, to runs.
type runs struct {
	list []observe.Run
}

func (r *runs) append(atMillis int64, value float64) {
	r.extend(observe.Run{FirstMillis: atMillis, Count: 1, Value: value})
}

// extend appends a run, joined to the one before where spacing and value allow it.
func (r *runs) extend(next observe.Run) {
	if len(r.list) > 0 {
		last := &r.list[len(r.list)-1]
		gap := next.FirstMillis - last.LastMillis()
		sameStep := (last.Count == 1 || last.StepMillis == gap) && (next.Count == 1 || next.StepMillis == gap)
		if last.Value == next.Value && sameStep {
			last.StepMillis = gap
			last.Count += next.Count
			return
		}
	}
	r.list = append(r.list, next)
}

package observe

// lateSeconds is how far back late samples can be told.
const lateSeconds = 120

// counts holds how many samples there were in each of the latest seconds.
type counts [lateSeconds]uint32

func (c *counts) at(second int64) *uint32 {
	return &c[(second%lateSeconds+lateSeconds)%lateSeconds]
}

// lateness finds samples that came after their time was settled, by counting: a reader that looks a
// little further back than it must sees more samples there than were seen before.
type lateness struct {
	seen       counts // of committed seconds
	seconds    int64  // seen holds those before this one
	fresh      counts // staged, samples of the piece
	overlap    counts // staged, samples from before the piece
	hasOverlap bool
	reach      int64 // samples of the stage after this are counted
}

func newLateness() lateness { return lateness{seconds: never} }

// begin opens a stage that ends at a time.
func (l *lateness) begin(to int64) { l.reach = 1000*(second(to)-lateSeconds+1) - 1 }

// add counts the samples of a run that are within the reach of the counts.
func (l *lateness) add(run Run, from, to int64) {
	if run.Count > 0 && run.LastMillis() <= l.reach {
		return
	}
	run = run.trim(l.reach, to)
	for i := range run.Count {
		t := run.FirstMillis + i*run.StepMillis
		if t > from {
			*l.fresh.at(second(t))++
		} else {
			*l.overlap.at(second(t))++
			l.hasOverlap = true
		}
	}
}

// commit returns how many samples of the time from origin to from were late, and moves on to `to`.
func (l *lateness) commit(origin, from, to int64) int64 {
	var late int64
	if l.hasOverlap {
		for s := max(second(origin)+1, second(to)-lateSeconds+1); s <= second(from) && s < l.seconds; s++ {
			if now, then := *l.overlap.at(s), l.seen.at(s); now > *then {
				late += int64(now - *then)
				*then = now
			}
		}
	}
	for s := max(l.seconds, second(to)-lateSeconds+1); s <= second(to); s++ {
		*l.seen.at(s) = 0
	}
	for s := second(to) - lateSeconds + 1; s <= second(to); s++ {
		*l.seen.at(s) += *l.fresh.at(s)
	}
	l.seconds = max(l.seconds, second(to)+1)
	l.reset()
	return late
}

// reset drops what is staged.
func (l *lateness) reset() { l.fresh, l.overlap, l.hasOverlap = counts{}, counts{}, false }

func second(t int64) int64 { return floorDiv(t, 1000) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

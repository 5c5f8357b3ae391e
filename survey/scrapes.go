package survey

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// Job is how one scrape job sees the targets of a source, from raw samples and not from any
// configuration.
type Job struct {
	Name    string `json:"job"`
	Targets int    `json:"targets"`
	Scrapes int64  `json:"scrapes"`
	Failed  int64  `json:"failed_scrapes"` // `up` was 0

	IntervalSeconds float64 `json:"scrape_interval_seconds"` // most common distance of two scrapes; 0: fewer than two scrapes
	Regular         float64 `json:"regular_share"`           // share of distances within a quarter of it
	LongestSeconds  float64 `json:"longest_gap_seconds"`
	Intervals       int     `json:"intervals"` // different intervals among the targets

	Fingerprints []Resolution `json:"fingerprints"`
}

// recorder keeps when targets were scraped, and hands everything on to an observer.
type recorder struct {
	observe.Sink
	from, to int64
	views    map[observe.TargetView]*spacings
}

// spacings are the distances between the scrapes of one view of a target.
type spacings struct {
	last            int64 // scrape; 0: none yet
	scrapes, failed int64
	counts          map[int64]int64 // of distances, in milliseconds
}

func newRecorder(next observe.Sink, from, to int64) *recorder {
	return &recorder{Sink: next, from: from, to: to, views: make(map[observe.TargetView]*spacings)}
}

// Scrapes implements observe.Sink.
func (r *recorder) Scrapes(view observe.TargetView, runs []observe.Run) {
	s := r.views[view]
	if s == nil {
		s = &spacings{counts: make(map[int64]int64)}
		r.views[view] = s
	}
	for _, run := range runs {
		s.add(run, r.from, r.to)
	}
	r.Sink.Scrapes(view, runs)
}

// add counts the scrapes of a run that lie in (from, to].
func (s *spacings) add(run observe.Run, from, to int64) {
	first, count := run.FirstMillis, run.Count
	if run.StepMillis > 0 {
		if skip := (from - first + run.StepMillis) / run.StepMillis; from >= first {
			first, count = first+skip*run.StepMillis, count-skip
		}
		if last := first + (count-1)*run.StepMillis; last > to {
			count -= (last - to + run.StepMillis - 1) / run.StepMillis
		}
	}
	if count <= 0 || first <= from || first > to || first <= s.last {
		return
	}
	s.scrapes += count
	if run.Value != 1 {
		s.failed += count
	}
	if s.last != 0 {
		s.counts[first-s.last]++
	}
	if count > 1 {
		s.counts[run.StepMillis] += count - 1
	}
	s.last = first + (count-1)*run.StepMillis
}

// usual returns the most common distance, the shortest of several, after distances within 5 % of a
// whole tenth of a second were taken as that; 0 without any.
func usual(counts map[int64]int64) int64 {
	rounded := make(map[int64]int64)
	for spacing, n := range counts {
		rounded[roundSpacing(spacing)] += n
	}
	best := int64(0)
	for _, spacing := range slices.Sorted(maps.Keys(rounded)) {
		if rounded[spacing] > rounded[best] {
			best = spacing
		}
	}
	return best
}

// roundSpacing takes the jitter off a distance: what is within 5 % of a multiple of a round unit, and
// within a tenth of the unit, is that multiple.
func roundSpacing(spacing int64) int64 {
	for _, unit := range []int64{1000, 500, 250, 50} {
		near := (spacing + unit/2) / unit * unit
		if off := max(near-spacing, spacing-near); 20*off <= near && 10*off <= unit {
			return near
		}
	}
	return spacing
}

// jobs sums up the views by scrape job, sorted by name.
func (r *recorder) jobs() []Job {
	type sum struct {
		Job
		targets   map[string]bool
		counts    map[int64]int64
		intervals map[int64]bool
	}
	byName := make(map[string]*sum)
	for view, s := range r.views {
		name := jobOf(view.View)
		j := byName[name]
		if j == nil {
			j = &sum{Job{Name: name}, make(map[string]bool), make(map[int64]int64), make(map[int64]bool)}
			byName[name] = j
		}
		j.targets[view.Target] = true
		j.Scrapes, j.Failed = j.Scrapes+s.scrapes, j.Failed+s.failed
		for spacing, n := range s.counts {
			j.counts[spacing] += n
		}
		if delta := usual(s.counts); delta > 0 {
			j.intervals[delta] = true
		}
	}
	var out []Job
	for _, j := range byName {
		j.Targets, j.Intervals = len(j.targets), len(j.intervals)
		j.measure(j.counts)
		out = append(out, j.Job)
	}
	slices.SortFunc(out, func(a, b Job) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// measure finds the interval of all targets and how regular it is.
func (j *Job) measure(counts map[int64]int64) {
	delta := usual(counts)
	if delta == 0 {
		return
	}
	var all, regular, longest int64
	for spacing, n := range counts {
		all += n
		longest = max(longest, spacing)
		if 4*max(spacing-delta, delta-spacing) <= delta {
			regular += n
		}
	}
	j.IntervalSeconds = float64(delta) / 1000
	j.Regular = float64(regular) / float64(all)
	j.LongestSeconds = float64(longest) / 1000
}

// jobOf reads the scrape job out of the name of a view, which lists the view labels as
// name=value, joined by a comma and a space. Without one the view has no job.
func jobOf(view string) string {
	for part := range strings.SplitSeq(view, ", ") {
		if job, ok := strings.CutPrefix(part, "job="); ok {
			return job
		}
	}
	return ""
}

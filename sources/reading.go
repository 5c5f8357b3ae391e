package sources

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// The queries of a timing source, in the order in which they are answered.
const (
	upQuery      = 0
	counterQuery = 1
)

// reading is one read of a Source: it takes series from a reader and hands them to the sink, the
// scrapes of a view before its first counter.
type reading struct {
	source   *Source
	external *externalLabels
	sink     observe.Sink
	from     int64 // samples up to here are overlap
	lo, hi   int64
	number   uint32

	stats   observe.ReadStats
	views   []*upView // of this read, in the order in which they came
	shown   int       // how many of views went to the sink
	scraped int       // `up` series seen
	counted int       // counter series taken
	waiting []waiting
	unasked []string // jobs whose `up` was not asked for
	scratch compressor
}

// waiting is a series of a job whose `up` was not asked for: it has to wait for it.
type waiting struct {
	set     labelSet
	runs    []observe.Run
	samples int64
}

const maxWarnings = 16

func (r *reading) warn(text string) {
	if text != "" && len(r.stats.Warnings) < maxWarnings && !slices.Contains(r.stats.Warnings, text) {
		r.stats.Warnings = append(r.stats.Warnings, text)
	}
}

func (r *reading) series(query int, set labelSet, runs []observe.Run, samples int64) error {
	if query == upQuery {
		return r.up(set, runs)
	}
	r.showScrapes()
	r.counted++
	return r.counter(set, runs, samples, true)
}

func (r *reading) wantsNatives() bool { return len(r.source.histograms) > 0 }

// up takes the samples of one `up` series.
func (r *reading) up(set labelSet, runs []observe.Run) error {
	s := r.source
	key := s.identities.seeds.key(set)
	t := s.targets.byKey[key]
	if t == nil {
		stored, err := s.identities.labels.labels(set)
		if err != nil {
			return err
		}
		t = s.targets.add(key, s.mapping, r.external.strip(stored))
	}
	if t.seen != r.number {
		t.seen = r.number
		r.scraped++
	}
	if t.view.take(r.number, runs) {
		r.views = append(r.views, t.view)
	}
	return nil
}

// showScrapes hands over the `up` that came since the last call.
func (r *reading) showScrapes() {
	for ; r.shown < len(r.views); r.shown++ {
		view := r.views[r.shown]
		view.settle(&r.scratch, r.lo, r.hi)
		r.stats.Samples += r.fresh(view.runs, -1)
		r.sink.Scrapes(view.as, view.runs)
		for _, as := range view.also {
			r.alias(view, as)
		}
	}
}

// counter takes the samples of one counter series. mayWait is false when it waited already.
func (r *reading) counter(set labelSet, runs []observe.Run, samples int64, mayWait bool) error {
	k, err := r.know(set)
	if err != nil || k.excluded {
		return err
	}
	if mayWait && k.id != nil && k.target == nil && k.join.usable() && !r.source.jobs.covered(k.join.job) {
		r.wait(k.join.job, set, runs, samples)
		return nil
	}
	r.stats.Samples += r.fresh(runs, samples)
	if first := k.seen != r.number; first {
		k.seen = r.number
		r.stats.Series++
		if k.id == nil {
			r.stats.UnroutedSeries++
		}
	}
	if k.id != nil {
		r.sink.Series(k.id, runs)
	}
	return nil
}

// know looks a series up, or finds out what it is when it is new, when its `up` appeared since, or
// when that was forgotten.
func (r *reading) know(set labelSet) (*known, error) {
	s := r.source
	key := s.identities.seeds.key(set)
	if k := s.identities.series[key]; k != nil {
		joined := k.target != nil && !k.target.gone
		hopeless := k.target == nil && (k.id == nil || len(s.targets.byJoin[k.join]) == k.rivals)
		if joined || hopeless {
			return k, nil
		}
	}
	stored, err := s.identities.labels.labels(set)
	if err != nil {
		return nil, err
	}
	k := s.identities.identify(s.mapping, r.external.strip(stored), r.findTarget)
	k.rivals = len(s.targets.byJoin[k.join])
	if old := s.identities.series[key]; old != nil {
		k.seen = old.seen
		if old.id != nil && k.id != nil && *old.id == *k.id {
			k.id = old.id
		}
	}
	s.identities.series[key] = k
	if k.target != nil && k.id != nil {
		r.learn(k.target.view, observe.TargetView{Target: k.id.Target, View: k.id.View})
	}
	return k, nil
}

func (r *reading) findTarget(stored labels.Labels) *target {
	return r.source.targets.find(stored, r.source.mapping.targetNames)
}

// learn remembers another name of a view, and hands its scrapes over under that name as well.
func (r *reading) learn(view *upView, as observe.TargetView) {
	if view.learn(as) && view.read == r.number {
		r.alias(view, as)
	}
}

// alias hands over the scrapes of a view under another name.
func (r *reading) alias(view *upView, as observe.TargetView) {
	if sink, ok := r.sink.(observe.AliasSink); ok {
		sink.Alias(view.as, as)
	}
	r.sink.Scrapes(as, view.runs)
}

func (r *reading) wait(job string, set labelSet, runs []observe.Run, samples int64) {
	if !slices.Contains(r.unasked, job) {
		r.unasked = append(r.unasked, job)
	}
	set.raw = slices.Clone(set.raw)
	r.waiting = append(r.waiting, waiting{set, slices.Clone(runs), samples})
}

// release hands over what waited.
func (r *reading) release() error {
	r.showScrapes()
	for _, w := range r.waiting {
		if err := r.counter(w.set, w.runs, w.samples, false); err != nil {
			return err
		}
	}
	r.waiting = nil
	return nil
}

// fresh counts the samples that are no overlap. all is their number, or -1 when it is not known.
func (r *reading) fresh(runs []observe.Run, all int64) int64 {
	if all >= 0 && r.from == r.lo {
		return all
	}
	var n int64
	for _, run := range runs {
		switch {
		case run.FirstMillis > r.from:
			n += run.Count
		case run.LastMillis() > r.from:
			n += (run.LastMillis()-r.from-1)/run.StepMillis + 1
		}
	}
	return n
}

// finish gives memory back and forgets what was not seen for long.
func (r *reading) finish() {
	for _, view := range r.views {
		if cap(view.runs) > 64 {
			view.runs = nil
		}
	}
	r.source.buffers.trim()
	r.source.forget(r.number, r.scraped, r.stats.Series)
}

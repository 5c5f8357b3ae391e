package observe

// evaluation turns the marks of the counters of a target into events.
type evaluation struct {
	*laying
	line     *lineWalk
	own      bool  // it is that of a route alone
	since    int64 // from then on
	segments []segment
	scraped  []bool // per hour of the piece; nil: not needed yet

	// Of the group at hand.
	letIn    int64 // see route.since
	growths  []growth
	births   []birth
	vanished []vanished
	touched  []touched // per epoch
}

// growth is an event whose unit is not known yet.
type growth struct {
	left, at  int64
	epoch     int
	kind      Kind
	increment float64
}

// birth is a counter that appeared on a target already scraped.
type birth struct {
	left, at int64
	value    float64
	kind     Kind
}

// vanished is a counter that was there at the scrape before and is not at this one.
type vanished struct {
	at    int64
	value float64
	used  bool // as the former name of another
}

// touched is what the samples of a group in an epoch say about its unit.
type touched struct {
	first, last int64
	hours       hours
}

func newEvaluation(l *laying, line *lineWalk, segments []segment) *evaluation {
	return &evaluation{laying: l, line: line, segments: segments, touched: make([]touched, len(line.epochs))}
}

// run evaluates all routes that share the timeline of the target.
func (e *evaluation) run() {
	for _, g := range e.staged.target.groups {
		if g.own == nil {
			e.group(g)
		}
	}
}

func (e *evaluation) group(g *group) {
	if g.route.dropped {
		return
	}
	e.letIn = g.route.since
	e.growths, e.births, e.vanished = e.growths[:0], e.births[:0], e.vanished[:0]
	for i := range e.touched {
		e.touched[i] = touched{first: never, last: never}
	}
	for _, x := range g.counters {
		e.counter(x)
	}
	e.settleBirths()
	e.emit(g)
}

// walk returns the samples of a counter on the timeline.
func (e *evaluation) walk(x *counter) walker {
	if !e.line.whole {
		return e.stitch(x)
	}
	for s := x.staged; s != nil; s = s.next {
		if s.view.name == e.line.view {
			return s.walker
		}
	}
	w := newWalker()
	w.finish(e.line.times)
	return w
}

// stitch walks the samples that each view has in its segments.
func (e *evaluation) stitch(x *counter) walker {
	w := newWalker()
	runs := make(map[string][]Run)
	for s := x.staged; s != nil; s = s.next {
		runs[s.view.name] = s.runs(&e.stage.log, s.view.times)
	}
	for _, s := range e.segments {
		first, last := s.times[0].first, s.times[len(s.times)-1].last()
		list := runs[s.view.before.name]
		for len(list) > 0 && list[0].LastMillis() < first {
			list = list[1:]
		}
		runs[s.view.before.name] = list
		for _, run := range list {
			if run.FirstMillis > last {
				break
			}
			w.takeCommon(&e.stage.log, e.line.times, run.trim(first-1, last))
		}
	}
	w.finish(e.line.times)
	return w
}

// counter moves one counter over the piece.
func (e *evaluation) counter(x *counter) {
	if x.expiredAt(&e.stage.log, e.line.times[0].first) {
		x.reset()
	}
	w := e.walk(x)
	since := int64(never) // of the unbroken samples
	for i := w.first; i != noMark; {
		m := e.stage.log.at(i)
		if i == w.first {
			m = e.continued(x, m)
		} else if m.missing > 0 {
			e.touch(since, m.before)
			e.vanished = append(e.vanished, vanished{at: m.vanished, value: x.value})
		}
		if since == never || m.missing > 0 {
			since = m.at
		}
		e.mark(x, m)
		x.last, x.value, x.sampled, x.missing = m.at, m.value, m.value, 0
		i = m.next
	}
	if w.first != noMark {
		e.touch(since, w.before)
		if x.last = w.before; x.other != nil {
			x.other.base = 0
		}
	}
	if w.missing > 0 {
		e.absent(x, &w)
	}
}

// continued joins the first mark of the piece to what was known before it.
func (e *evaluation) continued(x *counter, m mark) mark {
	if m.prior == never {
		m.prior = e.line.prior
	}
	if m.missing > 0 && x.missing == 0 {
		e.vanished = append(e.vanished, vanished{at: m.vanished, value: x.value})
	}
	if x.expiredAt(&e.stage.log, m.at) {
		x.reset()
	}
	m.before = x.last
	m.missing = min(m.missing+x.missing, gone)
	return m
}

// absent ends the piece of a counter without a sample at the last scrape: after one it is undecided
// whether the sample was missed, after two the counter is gone.
func (e *evaluation) absent(x *counter, w *walker) {
	if x.missing == 0 {
		e.vanished = append(e.vanished, vanished{at: w.vanished, value: x.value})
	}
	if x.missing = min(x.missing+w.missing, gone); x.missing == gone {
		x.value = 0
	}
}

// mark says what a sample means that differs from the one before it.
func (e *evaluation) mark(x *counter, m mark) {
	if m.prior == never {
		return // the first scrape of the target: a baseline
	}
	if x.last == never && m.prior <= e.letIn {
		e.piece.Quality.Baselines++
		return // it may have been there before, when nobody looked
	}
	left := m.prior
	if m.missing == 1 {
		left = m.before
	}
	epoch := e.line.epochOf(m.at)
	crossed := e.line.crossed(left, m.at)
	g := growth{left: left, at: m.at, epoch: epoch, kind: Growth}
	if !crossed && regular(m.at-left, e.line.epochs[epoch].delta) {
		g.kind = Cell
	}
	base := e.base(x, m.at)
	entered := int64(never)
	if m.missing == gone && crossed {
		entered = e.bornOnEntry(x, m, epoch)
	}
	switch {
	case m.missing == gone && x.last == never && base > 0:
		g.kind = Growth
		e.grow(g, base, m.value, crossed)
	case entered != never:
		e.births = append(e.births, e.birth(entered, m, epoch))
	case m.missing == gone && crossed && x.last != never:
		e.grow(g, x.sampled, m.value, crossed)
	case m.missing == gone:
		b := e.birth(left, m, epoch)
		if crossed {
			b.kind = Growth
		}
		e.births = append(e.births, b)
	default:
		if m.missing == 1 && g.kind == Growth && e.line.epochs[epoch].delta > 0 {
			e.growths = append(e.growths, growth{left: left, at: m.at, epoch: epoch, kind: Break})
		}
		e.grow(g, x.value, m.value, crossed)
	}
}

// grow adds the growth from one value to the next. A counter that fell has been reset, unless another
// view began to be used that may lag behind: then a large value is a new baseline.
func (e *evaluation) grow(g growth, from, to float64, crossed bool) {
	switch {
	case to >= from:
		g.increment = to - from
	case crossed && to > maxBirth:
		e.piece.Quality.Baselines++
	default:
		e.piece.Quality.Resets++
		g.increment = to
	}
	if g.increment > 0 {
		e.growths = append(e.growths, g)
	}
}

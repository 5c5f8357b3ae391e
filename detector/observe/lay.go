package observe

import "slices"

// laying is how the timelines of a target are laid over the piece.
type laying struct {
	*commit
	staged  *stagedTarget
	walks   []*viewWalk
	before  timeline // of the target, as it was before the piece; of a target with one view it is not kept
	compare *comparison
	lo      int64
	start   int64 // first series of a target that had none before; never: it had
	earlier map[*viewWalk]viewState
}

// layTarget moves the views of a target over the piece. It returns nil while no series was seen on the target.
func (c *commit) layTarget(t *stagedTarget) *laying {
	l := &laying{commit: c, staged: t, walks: c.walks(t), lo: c.stage.from, start: never}
	line := &t.target.line
	if line.last == never {
		if l.start = firstCarried(l.walks); l.start != never {
			l.lo = l.start - 1
		}
	}
	if len(t.target.views) > 1 || t.target.owns > 0 {
		for _, g := range t.target.groups {
			c.refresh(t, g)
		}
	}
	l.earlier = advance(t, l.walks, l.start)
	if line.last == never && l.start == never {
		return nil
	}
	if views := compared(l.walks); len(views) > 1 {
		l.before = line.clone()
		l.compare = newComparison(c, t, views)
		l.compare.source()
	}
	return l
}

// lay lays one of the timelines of the target. It returns no segments when no scrape in use fell into
// the piece. What is on a timeline of a route alone begins anew at the first scrape from forced on.
func (l *laying) lay(on *target, walks []*viewWalk, forced int64) (*lineWalk, []segment) {
	segments, whole := lay(walks, &on.line, l.lo, l.stage.to)
	if forced <= on.line.last {
		forced = never // done
	}
	if forced != never {
		segments = parted(segments, forced)
	}
	if on.line.last == never && len(segments) > 0 {
		l.found(on, segments)
	}
	line := newLineWalk(&on.line)
	line.whole, line.forced = whole && forced == never, forced
	for _, s := range segments {
		line.segment(s.view, s.times)
	}
	return line, segments
}

func carriers(walks []*viewWalk) []*viewWalk {
	var out []*viewWalk
	for _, w := range walks {
		if w.carries {
			out = append(out, w)
		}
	}
	return out
}

// parted cuts segments so that no span reaches over a time.
func parted(segments []segment, at int64) []segment {
	out := make([]segment, 0, len(segments)+1)
	for _, s := range segments {
		before := between(s.times, s.times[0].first, at-1)
		after := between(s.times, at, s.times[len(s.times)-1].last())
		for _, times := range [][]span{before, after} {
			if len(times) > 0 {
				out = append(out, segment{view: s.view, times: times})
			}
		}
	}
	return out
}

// walks prepares the way of every view of the target, also of those without a scrape in the piece:
// they may still be fresh from before.
func (c *commit) walks(t *stagedTarget) []*viewWalk {
	for _, v := range t.views {
		if len(v.times) == 0 {
			continue
		}
		state := t.target.view(v.name)
		if state == nil {
			if state = t.target.addView(v.name); v.before != nil && !expired(v.before.last, v.times[0].first) {
				state.first, state.last, state.covered, state.interval = v.before.first, v.before.last, v.before.covered, v.before.interval
			}
		} else if expired(state.last, v.times[0].first) {
			if state.carries {
				v.former = state.last
			}
			t.target.dropViews(func(old *viewState) bool { return old == state })
			t.target.addView(v.name)
		}
	}
	walks := make([]*viewWalk, 0, len(t.target.views))
	for _, state := range t.target.views {
		w := &viewWalk{before: *state, former: never, state: state, configured: c.options.ScrapeInterval.Milliseconds()}
		w.carries, w.carriedAt = state.carries, never
		for _, v := range t.views {
			if v.name == state.name {
				w.times, w.former = v.times, v.former
				w.carry(v, &c.stage.log)
			}
		}
		walks = append(walks, w)
	}
	return walks
}

// carry notes when the first series was seen in the view.
func (w *viewWalk) carry(v *stagedView, log *markLog) {
	if w.before.carries {
		return
	}
	for _, x := range v.series {
		if first, _, ok := x.bounds(log); ok && (!w.carries || first < w.carriedAt) {
			w.carries, w.carriedAt = true, first
		}
	}
}

// firstCarried returns when the first series was seen in any view, or never.
func firstCarried(walks []*viewWalk) int64 {
	start := int64(never)
	for _, w := range walks {
		if w.carries && (start == never || w.carriedAt < start) {
			start = w.carriedAt
		}
	}
	return start
}

// advance moves the states of the views to the end of the piece. It returns them as they were just
// before start, where that is a time.
func advance(t *stagedTarget, walks []*viewWalk, start int64) map[*viewWalk]viewState {
	earlier := make(map[*viewWalk]viewState)
	for _, w := range walks {
		state := t.target.view(w.before.name)
		times := w.times
		if start != never && len(times) > 0 {
			w.advance(state, between(times, times[0].first, start-1))
			times = between(times, start, times[len(times)-1].last())
		}
		earlier[w] = *state
		w.advance(state, times)
		state.carries = w.carries
	}
	return earlier
}

// lay returns the timeline in (lo, hi], and whether every scrape of the only view is on it.
func lay(walks []*viewWalk, line *timeline, lo, hi int64) (segments []segment, whole bool) {
	all := carriers(walks)
	alone := len(all) == 1 && len(all[0].lost) == 0 &&
		(line.last == never || line.view == all[0].before.name && all[0].carriedAt == never)
	if !alone {
		return compete(all, lo, hi), false
	}
	times := between(all[0].times, lo+1, hi)
	if len(times) == 0 {
		return nil, true
	}
	return []segment{{view: all[0], times: times}}, true
}

// found starts the timeline of a target whose first series was seen at start. The scrapes of the view
// before that count as coverage: the series was not there, so its value was 0.
func (l *laying) found(t *target, segments []segment) {
	view := segments[0].view
	before, ok := l.earlier[origin(l.walks, view)]
	if !ok || before.last == never {
		return
	}
	t.line.view, t.line.first, t.line.last, t.line.covered = before.name, before.first, before.last, before.covered
	t.line.delta = view.deltaAt(l.start - 1)
	t.line.recent = []span{{first: before.last, count: 1}}
}

// origin returns the walk of which another is a copy.
func origin(walks []*viewWalk, of *viewWalk) *viewWalk {
	i := slices.IndexFunc(walks, func(w *viewWalk) bool { return w.state == of.state })
	return walks[i]
}

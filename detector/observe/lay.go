package observe

// timeline moves the views of a target over the piece and lays its timeline. It returns no segments
// while no series was seen on the target, or when no scrape in use fell into the piece.
func (c *commit) timeline(t *stagedTarget) (*lineWalk, []segment) {
	walks := c.walks(t)
	line := &t.target.line
	lo, start := c.stage.from, int64(never)
	if line.last == never {
		if start = firstCarried(walks); start != never {
			lo = start - 1
		}
	}
	earlier := advance(t, walks, start)
	if line.last == never && start == never {
		return nil, nil
	}
	segments, whole := lay(walks, line, lo, c.stage.to)
	if line.last == never {
		c.found(t.target, segments, earlier, start)
	}
	l := newLineWalk(line)
	l.whole = whole
	for _, s := range segments {
		l.segment(s.view, s.times)
	}
	return l, segments
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
			state = newViewState(v.name)
			t.target.views = append(t.target.views, state)
		} else if expired(state.last, v.times[0].first) {
			*state = *newViewState(v.name)
		}
	}
	walks := make([]*viewWalk, 0, len(t.target.views))
	for _, state := range t.target.views {
		w := &viewWalk{before: *state, configured: c.options.ScrapeInterval.Milliseconds()}
		w.carries, w.carriedAt = state.carries, never
		for _, v := range t.views {
			if v.name == state.name {
				w.times = v.times
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
	var carriers []*viewWalk
	for _, w := range walks {
		if w.carries {
			carriers = append(carriers, w)
		}
	}
	alone := len(carriers) == 1 &&
		(line.last == never || line.view == carriers[0].before.name && carriers[0].carriedAt == never)
	if !alone {
		return compete(carriers, lo, hi), false
	}
	times := between(carriers[0].times, lo+1, hi)
	if len(times) == 0 {
		return nil, true
	}
	return []segment{{view: carriers[0], times: times}}, true
}

// found starts the timeline of a target whose first series was seen at start. The scrapes of the view
// before that count as coverage: the series was not there, so its value was 0.
func (c *commit) found(t *target, segments []segment, earlier map[*viewWalk]viewState, start int64) {
	c.newTargets = append(c.newTargets, bornTarget{target: t, at: start})
	view := segments[0].view
	before := earlier[view]
	if before.last == never {
		return
	}
	t.line.view, t.line.first, t.line.last, t.line.covered = before.name, before.first, before.last, before.covered
	t.line.delta = view.deltaAt(start - 1)
	t.line.recent = []span{{first: before.last, count: 1}}
}

package observe

// comparison is what several views of a target say of one another in a piece: which of them lack what others
// have. There is none of a target of which one view alone carries series.
type comparison struct {
	*commit
	staged  *stagedTarget
	views   []*viewWalk
	alone   []int64                      // see aloneSince, per view
	line    timeline                     // of the target, as it was before the piece
	series  map[string][][]*stagedSeries // of routes, per view
	firsts  map[*counter]firstSeen       // of counters that were on no timeline before
	scraped []*stagedView                // in the piece, per view; nil: not
}

// firstSeen is the first sample of a counter in any view.
type firstSeen struct {
	at   int64
	base float64 // what had been counted before it could be seen
}

func newComparison(c *commit, t *stagedTarget, views []*viewWalk) *comparison {
	p := &comparison{
		commit: c, staged: t, views: views, line: t.target.line, scraped: make([]*stagedView, len(views)),
		series: make(map[string][][]*stagedSeries), firsts: make(map[*counter]firstSeen),
	}
	p.begin()
	for i, w := range views {
		p.alone = append(p.alone, p.aloneSince(i))
		for _, v := range t.views {
			if v.name == w.before.name && len(v.times) > 0 {
				p.scraped[i] = v
				p.enter(i, v)
			}
		}
	}
	return p
}

// enter files the series of a view under their routes, and notes which counters are new.
func (p *comparison) enter(i int, v *stagedView) {
	for _, x := range v.series {
		all := p.series[x.name]
		if all == nil {
			all = make([][]*stagedSeries, len(p.views))
			p.series[x.name] = all
		}
		all[i] = append(all[i], x)
		at, value, ok := x.firstSample(&p.stage.log)
		if !ok {
			continue
		}
		if x.counter.seen() == never || x.counter.expiredAt(&p.stage.log, at) {
			p.first(x.counter, i, at, value)
		}
	}
}

// first notes the first sample of a counter in one view. At the first scrape of the view the value is a
// baseline, as is a large one; else the counter was not there before.
func (p *comparison) first(x *counter, i int, at int64, value float64) {
	w := p.views[i]
	seen := firstSeen{at: at}
	if w.before.last == never && at == w.times[0].first || value > maxBirth {
		seen.base = value
	}
	if known, ok := p.firsts[x]; !ok || at < known.at || at == known.at && seen.base < known.base {
		p.firsts[x] = seen
	}
}

// others returns the samples after lo, of all that have some per view, in views that a view outranks.
func (p *comparison) others(of int, samples func(i int) []span, lo int64) []span {
	var out []span
	v := p.views[of]
	for i, w := range p.views {
		if i == of || p.scraped[i] == nil {
			continue
		}
		times := samples(i)
		from := lo
		for _, cut := range rankChanges(v, w, p.stage.to) {
			if cut > from && v.outranks(w, from+1) {
				out = union(out, between(times, from+1, cut))
			}
			from = max(from, cut)
		}
	}
	return out
}

// rankChanges returns the times after which the ranks of two views may differ from before, up to the end.
func rankChanges(a, b *viewWalk, end int64) []int64 {
	i, j := 0, 0
	var out []int64
	for i < len(a.found) || j < len(b.found) {
		if j == len(b.found) || i < len(a.found) && a.found[i].at <= b.found[j].at {
			out = append(out, a.found[i].at-1)
			i++
		} else {
			out = append(out, b.found[j].at-1)
			j++
		}
	}
	return append(out, end)
}

// source finds out when views were without all series of the source.
func (p *comparison) source() {
	all := make([][]*stagedSeries, len(p.views))
	for i, v := range p.scraped {
		if v != nil {
			all[i] = v.series
		}
	}
	for i, w := range p.views {
		w.lost = p.losses(i, all, !w.before.sampled, !p.sampledAlone(w), &w.state.doubt)
	}
}

// losses returns when a view was without any of the series. absent says whether its latest scrape before the
// piece was, absentAlone what begin would say of it if the others had been forgotten by then.
func (p *comparison) losses(i int, series [][]*stagedSeries, absent, absentAlone bool, d *doubt) []stretch {
	w := p.views[i]
	if !w.carries {
		return nil
	}
	lo := p.stage.from
	if w.carriedAt != never {
		lo, absent = w.carriedAt-1, false
	}
	samples := func(i int) []span {
		if p.scraped[i] == nil || series == nil {
			return nil
		}
		return together(&p.stage.log, p.scraped[i].times, series[i])
	}
	own := samples(i)
	if lo > p.stage.from {
		own = between(own, lo+1, p.stage.to)
	}
	var before []stretch
	if alone := p.alone[i]; alone != never {
		before = d.until(w, absences(w.times, own, lo, absent), lo, alone)
		if last := latest(w.times, alone); last != never {
			absentAlone = !contains(own, last)
		}
		own, lo, absent = between(own, alone+1, p.stage.to), alone, absentAlone
	}
	missing := absences(w.times, own, lo, absent)
	if len(missing) == 0 {
		*d = noDoubt()
		return before
	}
	return append(before, p.heeded(i, d.follow(w, missing, p.others(i, samples, lo), lo))...)
}

// heeded cuts off what is held against a view when all others have been forgotten.
func (p *comparison) heeded(i int, lost []stretch) []stretch {
	end := int64(never)
	for j, w := range p.views {
		switch {
		case j == i:
		case w.carries:
			end = max(end, w.lastScrape(p.stage.to)+retentionMillis+1)
		default:
			end = max(end, w.former+retentionMillis+1)
		}
	}
	var out []stretch
	for _, l := range lost {
		if l.last = min(l.last, end); l.from < l.last {
			out = append(out, l)
		}
	}
	return out
}

// route returns the views as they are for a route: without those that lack it. since is from when on it can
// not share the timeline of its target, never when it can.
func (p *comparison) route(g *group) (views []*viewWalk, since int64) {
	since = never
	series := p.series[g.route.name]
	t := p.staged.target
	if series == nil && g.own == nil && !t.doubted(g) {
		return p.views, since // nobody has it: nobody lacks it
	}
	for i, w := range p.views {
		d := t.doubt(g, w.state)
		lost := p.losses(i, series, !g.present(w.state), !p.presentAlone(g, w), &d)
		t.keep(g, w.state, d)
		own := *w
		own.lost = append(append([]stretch(nil), w.lost...), lost...)
		views = append(views, &own)
		for _, l := range lost {
			if from := outsideOf(w.lost, l); from != never && (since == never || from < since) {
				since = from
			}
		}
	}
	return views, since
}

// outsideOf returns the first instant of a stretch that is in none of the others, or never.
func outsideOf(others []stretch, s stretch) int64 {
	at := s.from
	for _, o := range others {
		if o.from <= at && at < o.last {
			at = o.last
		}
	}
	if at >= s.last {
		return never
	}
	return at
}

// settle notes which counters the latest scrapes of the views had.
func (p *comparison) settle() {
	for x, first := range p.firsts {
		if expired(x.seen(), first.at) { // it came back in views that are not in use
			x.reset()
		}
		if x.last == never {
			x.inAll().base = first.base
		}
	}
	for i, w := range p.views {
		v := p.scraped[i]
		if v == nil {
			continue
		}
		bit := uint64(1) << w.state.slot
		for _, g := range p.staged.target.groups {
			for _, x := range g.counters {
				if x.other != nil {
					x.other.present &^= bit
				}
			}
		}
		w.state.sampled = false
		for _, x := range v.series {
			if _, last, ok := x.bounds(&p.stage.log); ok && last > x.counter.last {
				x.counter.inAll().newest = max(x.counter.inAll().newest, last)
			}
			if x.present() {
				x.counter.inAll().present |= bit
				w.state.sampled = true
			}
		}
	}
}

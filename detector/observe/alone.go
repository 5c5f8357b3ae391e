package observe

// A view is alone once all others that carried series have been forgotten. What was held against it is
// forgotten with them, at that instant, also where another one comes within the same piece.

// compared returns the views that carry series, or did so in the piece or before it until they were forgotten.
func compared(walks []*viewWalk) []*viewWalk {
	var out []*viewWalk
	for _, w := range walks {
		if w.carries || w.former != never {
			out = append(out, w)
		}
	}
	return out
}

// carriedBefore returns the latest scrape before the piece, if the view carried series by then; else never.
func (w *viewWalk) carriedBefore() int64 {
	if w.before.carries {
		return w.before.last
	}
	return w.former
}

// begin finds out what the latest scrape of the only view had that carried series before the piece: as long
// as there was one, its scrapes were the timeline, nothing else was noted, and nothing was held against it.
func (p *comparison) begin() {
	var only *viewWalk
	for _, w := range p.views {
		if w.carriedBefore() == never {
			continue
		}
		if only != nil {
			return
		}
		only = w
	}
	for _, w := range p.views {
		w.state.doubt, w.state.sampled, w.before.sampled = noDoubt(), false, false
	}
	t := p.staged.target
	t.doubts = nil
	for _, g := range t.groups {
		inUse := only != nil && p.inUse(g, only)
		for _, x := range g.counters {
			if x.other != nil {
				x.other.present = 0
			}
			if inUse && x.last != never && x.missing == 0 {
				x.inAll().present = 1 << only.state.slot
				only.before.sampled, only.state.sampled = true, true
			}
		}
	}
}

// aloneSince returns the end of the time in which others than a view that had carried series before the piece
// were remembered. It is never where one of them was scraped until then, or a new one came.
func (p *comparison) aloneSince(i int) int64 {
	if !p.views[i].before.carries {
		return never
	}
	end := int64(never)
	for j, w := range p.views {
		if last := w.carriedBefore(); j != i && last != never {
			end = max(end, last+retentionMillis)
		}
	}
	if end == never || end >= p.stage.to {
		return never
	}
	for j, w := range p.views {
		if j != i && (w.before.carries && len(w.times) > 0 || w.carriedAt != never && w.carriedAt <= end) {
			return never
		}
	}
	return end
}

// inUse says whether the latest scrape of a view before the piece was also the latest on the timeline of a route.
func (p *comparison) inUse(g *group, w *viewWalk) bool {
	line := &p.line
	if g.own != nil {
		line = &g.own.line
	}
	return line.view == w.before.name && line.last == w.before.last
}

// presentAlone says whether the latest scrape of a view before the piece had a sample of the route, as far as
// that is known of a view that is alone.
func (p *comparison) presentAlone(g *group, w *viewWalk) bool {
	return p.inUse(g, w) && g.present(w.state)
}

// sampledAlone says the same of any route.
func (p *comparison) sampledAlone(w *viewWalk) bool {
	for _, g := range p.staged.target.groups {
		if p.presentAlone(g, w) {
			return true
		}
	}
	return false
}

// until ends the doubt at a time up to which no other view had a sample. It returns when the view was without.
func (d *doubt) until(w *viewWalk, missing []absence, lo, end int64) []stretch {
	lost := d.follow(w, missing, nil, lo)
	*d = noDoubt()
	out := lost[:0]
	for _, l := range lost {
		if l.last = min(l.last, end+1); l.from < l.last {
			out = append(out, l)
		}
	}
	return out
}

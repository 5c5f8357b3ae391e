package observe

// presence returns the scrapes of its view at which the series had a sample.
func (x *stagedSeries) presence(log *markLog) []span {
	w := &x.walker
	if w.first == noMark {
		return nil
	}
	head := log.at(w.first)
	first := head.at
	whole := w.missing == 0 && first == x.view.times[0].first
	var out []span
	start, end := first, w.before
	for i := head.next; i != noMark; {
		m := log.at(i)
		if m.missing > 0 {
			whole = false
			out = append(out, between(x.view.times, start, m.before)...)
			start = m.at
		}
		i = m.next
	}
	if whole {
		return x.view.times
	}
	return append(out, between(x.view.times, start, end)...)
}

// sampledAt tells whether the series had a sample at a scrape of its view.
func (x *stagedSeries) sampledAt(log *markLog, at int64) bool {
	w := &x.walker
	for i := w.first; i != noMark; {
		m := log.at(i)
		if m.at > at {
			return false
		}
		end := w.before
		if m.next != noMark {
			end = log.at(m.next).before
		}
		if at <= end {
			return true
		}
		i = m.next
	}
	return false
}

// present tells whether the series had a sample at the latest scrape of its view.
func (x *stagedSeries) present() bool { return x.walker.first != noMark && x.walker.missing == 0 }

// firstSample returns the time and value of the first sample of the series in the piece.
func (x *stagedSeries) firstSample(log *markLog) (at int64, value float64, ok bool) {
	if x.walker.first == noMark {
		return 0, 0, false
	}
	m := log.at(x.walker.first)
	return m.at, m.value, true
}

// together returns the scrapes of a view at which any of several series had a sample.
func together(log *markLog, times []span, series []*stagedSeries) []span {
	var out []span
	for _, x := range series {
		p := x.presence(log)
		if len(p) > 0 && len(times) > 0 && &p[0] == &times[0] && len(p) == len(times) {
			return times
		}
		out = union(out, p)
	}
	return out
}

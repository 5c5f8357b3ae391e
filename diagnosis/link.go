package diagnosis

// link is a histogram whose growth may coincide with errors.
type link uint8

// The two histograms: of requests, whatever became of them, which the rule tests, and of completed
// responses of the upstream, which is for display.
const (
	latencyLink link = iota
	upstreamLink
	links
)

// openLink is what is known of one histogram of a target in the block at hand.
type openLink struct {
	stratum      Stratum
	coincidences int64
	known, slow  bool // of the newest interval: whether errors and the histogram were known, and whether it counts as slow
}

// linked is what a stretch says about one histogram.
type linked struct{ known, slow bool }

func (s Stretch) links(k link) linked {
	if k == upstreamLink {
		return linked{s.knows(KnownErrors | KnownUpstream), s.Upstream}
	}
	return linked{s.knows(KnownErrors | KnownSlow), s.Slow}
}

// late takes what the interval that follows the newest one says of it: a histogram may come one scrape
// late.
func (l *openLink) late(errors bool, next linked) {
	if l.known && next.known && next.slow && !l.slow {
		l.stratum.Slow++
		if errors {
			l.coincidences++
		}
	}
}

// add takes count intervals in a row.
func (l *openLink) add(count int, errors bool, now linked) {
	l.known, l.slow = now.known, now.slow
	if !now.known {
		return
	}
	l.stratum.Intervals += count
	if errors {
		l.stratum.Errors += count
	}
	if now.slow {
		l.stratum.Slow += count
	}
	if errors && now.slow {
		l.coincidences += int64(count)
	}
}

// part forgets the newest interval.
func (t *target) part() {
	t.counted = false
	for k := range t.links {
		t.links[k].known = false
	}
}

// closeStrata hands the margins of the target's block to the block.
func (a *Account) closeStrata(t *target) {
	for k := range t.links {
		l := &t.links[k]
		if l.stratum.Errors > 0 { // without errors there is nothing that chance could place
			b := a.block(t.index)
			b.links[k].strata.add(l.stratum, 1)
			b.links[k].coincidences += l.coincidences
		}
		l.stratum, l.coincidences = Stratum{}, 0
	}
}

package main

import (
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/observe"
)

// maxMeetings bounds how many meetings of a fingerprint are kept: the newest.
const maxMeetings = 5000

// cell is a scrape interval (LeftMillis, AtMillis] in which a counter of a target grew.
type cell struct {
	Route, Target        string
	LeftMillis, AtMillis int64
	DeltaMillis          int64
	Errors               float64
}

// meeting is two cells of a route that may be as far apart as a fingerprint.
type meeting struct {
	First, Second cell
}

// shortest and longest are what the gap between the two errors may be: each happened somewhere
// between two scrapes.
func (m meeting) shortest() time.Duration {
	return time.Duration(max(0, m.Second.LeftMillis-m.First.AtMillis)) * time.Millisecond
}

func (m meeting) longest() time.Duration {
	return time.Duration(m.Second.AtMillis-m.First.LeftMillis) * time.Millisecond
}

func (m meeting) sameTarget() bool { return m.First.Target == m.Second.Target }

// at tells whether the gap may be one of the fingerprint.
func (m meeting) at(f config.Fingerprint) bool { return m.longest() > f.Lo && m.shortest() < f.Hi }

// cell takes a cell and finds the earlier ones that it may make a pair with.
func (r *recorder) cell(e *observe.Event) {
	c := cell{
		Route: e.Unit.Route, Target: e.Unit.Target, LeftMillis: e.LeftMillis, AtMillis: e.AtMillis,
		DeltaMillis: e.Unit.DeltaMillis, Errors: e.Increment,
	}
	recent := r.kept.Recent[c.Route]
	for len(recent) > 0 && (meeting{recent[0], c}).shortest() > r.longestLag() {
		recent = recent[1:]
	}
	for i, f := range r.fingerprints {
		for _, earlier := range recent {
			if m := (meeting{earlier, c}); earlier.DeltaMillis == c.DeltaMillis && m.at(f) {
				r.meet(i, m)
			}
		}
	}
	r.kept.Recent[c.Route] = append(recent, c)
}

func (r *recorder) meet(fingerprint int, m meeting) {
	all := append(r.kept.Meetings[fingerprint], m)
	if len(all) >= 2*maxMeetings {
		r.kept.Dropped[fingerprint] += len(all) - maxMeetings
		all = append(all[:0], all[len(all)-maxMeetings:]...)
	}
	r.kept.Meetings[fingerprint] = all
}

func (r *recorder) longestLag() time.Duration {
	var longest time.Duration
	for _, f := range r.fingerprints {
		longest = max(longest, f.Hi)
	}
	return longest
}

package detector

import (
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// departure is what stays of a stream with an alarm when its route has left: its finding, and what it
// goes on with should the route come back.
type departure struct {
	finding finding.Finding
	stream  stream
}

// gone is the transition of a route that left.
const gone finding.Verdict = 255

// leave takes a route that has fallen silent out of the detector. Findings with an alarm stay, with
// the transition "gone" as their last one.
func (d *Detector) leave(r *route, atMillis int64) {
	for f := range r.streams {
		s := &r.streams[f]
		if s.firstAlarm == 0 {
			continue
		}
		s.unlabel()
		s.settleLook()
		d.keepDays(s, 1<<62)
		s.verdict = verdict{reasons: reasonNoData}
		s.note(atMillis, gone)
		left := departure{finding: d.finding(s, atMillis), stream: stream{
			fingerprint: f, firstAlarm: s.firstAlarm, firstPair: s.firstPair, peak: s.peak,
			transitions: s.transitions, pastDays: s.pastDays, estimate: s.estimate,
			level: s.level, kernel: s.kernel,
		}}
		left.finding.Advice = "the route has left: no sample for 24 hours"
		d.departed = append(d.departed, left)
	}
	for _, u := range slices.Clone(r.units) {
		u.hide()
	}
	r.streams, r.tallies = nil, nil
	r.cells = cells{first: r.cells.end()}
}

// recall gives a route that came back the history it left with.
func (d *Detector) recall(r *route) {
	d.departed = slices.DeleteFunc(d.departed, func(left departure) bool {
		if left.finding.Route != r.name {
			return false
		}
		s := &r.streams[left.stream.fingerprint]
		s.firstAlarm, s.firstPair, s.peak = left.stream.firstAlarm, left.stream.firstPair, left.stream.peak
		s.transitions, s.pastDays, s.estimate = left.stream.transitions, left.stream.pastDays, left.stream.estimate
		s.level, s.kernel = left.stream.level, left.stream.kernel
		return true
	})
}

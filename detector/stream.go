package detector

import (
	"math"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/finding"
)

// stream is one tested combination: a route and a fingerprint, or all routes and a fingerprint.
type stream struct {
	fingerprint int
	route       *route // nil: the pooled stream
	ignored     bool

	wealth   *accounts // nil before the first trial
	accounts int       // in use
	hour     int64     // after the latest one with an injection, 0: none
	injected uint32    // units per account since the latest alarm or confirmation
	epoch    uint32    // alarms and confirmations so far

	evidence, peak float64 // M after the latest settled trial, and the largest one
	level          estimate.Level
	kernel         uint8 // 0 wide, 1 tight: level and kernel of the latest alarm or confirmation

	verdict     verdict
	view        view
	candidate   int64 // earliest notable trial since M was last unremarkable, 0: none
	firstPair   int64 // candidate at the first alarm
	firstAlarm  int64
	transitions []transition
	labels      []string // without those of owed
	basis       *basis   // of labels, without that of owed; nil: none
	estimate    *summary // of the latest alarm, or hour while paired; older, where owed is one
	owed        *look    // nil: none
	pastDays    []pastDay

	members members // of a route's stream: what it put into the pooled one
	cache   *cached // of findings; no part of the state
}

// transition is a change of verdict.
type transition struct {
	atMillis int64
	verdict  finding.Verdict
}

// maxTransitions bounds what is kept of a stream that changes its verdict all the time.
const maxTransitions = 100

// members counts the notable trials of a route since the latest reset of the pooled stream and, as
// before, those between the two latest resets.
type members struct {
	epoch         uint32
	before, since uint32
}

// roll moves the counts on to an epoch of the pooled stream.
func (m *members) roll(epoch uint32) {
	switch {
	case m.epoch == epoch:
	case m.epoch+1 == epoch:
		m.before, m.since = m.since, 0
	default:
		m.before, m.since = 0, 0
	}
	m.epoch = epoch
}

// bet gives a stream its unit of wealth for a new hour and places its stakes on a trial.
func (s *stream) bet(b *bets, l *lane, atMillis int64, placed *stakes) bool {
	if s.wealth == nil {
		s.wealth, s.accounts = new(accounts), l.accounts
	}
	if hour := atMillis/hourMillis + 1; hour > s.hour {
		s.hour = hour
		s.injected++
		s.wealth.inject(s.accounts)
	}
	return s.wealth.place(b, s.accounts, placed)
}

// closeTrial pays a trial out. Stakes from before the latest alarm or confirmation are forfeited.
func (s *stream) closeTrial(b *bets, placed *stakes, epoch uint32, o *outcome) {
	switch {
	case epoch != s.epoch:
		s.evidence = s.wealth.mean(s.accounts)
	case o.hits == 0:
		s.evidence = s.wealth.refund(s.accounts, placed)
	default:
		s.evidence = s.wealth.settle(b, s.accounts, placed, &o.scores)
	}
}

// happening is what the settlement of a trial brought about.
type happening uint8

const (
	nothing happening = iota
	alarm
	confirm
)

// judge decides whether the evidence is an alarm, or the confirmation of one.
func (s *stream) judge(threshold, guard float64) happening {
	injected := float64(s.injected)
	switch {
	case s.verdict.state != finding.Paired:
		if s.evidence >= threshold && s.evidence >= guard*injected {
			return alarm
		}
	case s.injected > 0 && s.evidence >= confirmation*injected:
		return confirm
	}
	return nothing
}

// reset starts the accounts again from nothing, and names who won.
func (s *stream) reset() {
	level, kernel := s.wealth.leader(s.accounts)
	s.level, s.kernel = estimate.Same, uint8(kernel)
	if level == 1 {
		s.level = estimate.Any
	}
	*s.wealth = accounts{}
	s.injected = 0
	s.epoch++
	s.evidence = 0
}

// note records a change of verdict.
func (s *stream) note(atMillis int64, v finding.Verdict) {
	if len(s.transitions) == maxTransitions {
		s.transitions = append(s.transitions[:0], s.transitions[1:]...)
	}
	s.transitions = append(s.transitions, transition{atMillis, v})
}

// eValue is M per injected unit: a number whose mean at any one time is at most 1 without pairs.
func (s *stream) eValue() float64 {
	if s.injected == 0 {
		return 0
	}
	return s.evidence / float64(s.injected)
}

// log10 returns the logarithm of a positive number, nil for 0.
func log10(x float64) *float64 {
	if x <= 0 {
		return nil
	}
	y := math.Log10(x)
	return &y
}

package detector

import "github.com/ghostpair/ghostpair/finding"

// reasons is a set of reasons why a stream is undecided.
type reasons uint8

const (
	reasonNoData reasons = 1 << iota
	reasonLagNotResolvable
	reasonGaps
	reasonTooFewErrors
	reasonTooManyErrors
	reasonInconclusive
)

// names lists the reasons in the order in which they are shown.
func (r reasons) names() []string {
	all := [...]string{
		finding.ReasonNoData, finding.ReasonLagNotResolvable, finding.ReasonGaps,
		finding.ReasonTooFewErrors, finding.ReasonTooManyErrors, finding.ReasonInconclusive,
	}
	names := []string{}
	for i, name := range all {
		if r>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return names
}

// verdict is the state of the answer about a stream. An alarm sets it to paired at once; all else
// changes at UTC hours.
type verdict struct {
	state   finding.Verdict
	reasons reasons
	held    uint16 // covered hours since the latest alarm or confirmation
	alarmed bool   // in the present hour
	proven  bool   // confirmed in the present hour
}

// evidenceOfHour is what a verdict is stepped by.
type evidenceOfHour struct {
	covered    float64 // share of the hour's target-time that was covered
	resolvable bool    // a target is scraped often enough to see the lag
	coverage   float64 // as covered, over the look-back
	cells      int     // in the look-back
	occupancy  float64 // share of the scrape intervals of the look-back that are cells

	// upper bounds the pair ratio of the look-back, upperSince that of the time since the latest alarm
	// or confirmation. They are asked for only where they matter; not ok: there is no bound.
	upper, upperSince func() (float64, bool)
}

// step moves a verdict on by one UTC hour.
func (v *verdict) step(e *evidenceOfHour, limit float64) {
	switch {
	case v.alarmed:
		v.state, v.held = finding.Paired, 0
	case v.proven:
		v.held = 0
	case e.covered >= 0.5:
		v.held = min(v.held+1, holdHours)
	}
	v.alarmed, v.proven = false, false
	if v.state == finding.Paired && v.held < holdHours && !(e.covered >= 0.5 && below(e.upperSince, limit)) {
		v.reasons = 0
		return
	}
	v.reasons = e.doubts()
	switch {
	case v.reasons == 0 && below(e.upper, limit):
		v.state = finding.Clear
	default:
		v.state = finding.Undecided
		if v.reasons == 0 {
			v.reasons = reasonInconclusive
		}
	}
}

// doubts are the reasons why nothing can be said, whatever the lags.
func (e *evidenceOfHour) doubts() reasons {
	if e.coverage == 0 {
		return reasonNoData
	}
	var r reasons
	if !e.resolvable {
		r |= reasonLagNotResolvable
	}
	if e.coverage < 0.8 {
		r |= reasonGaps
	}
	if e.cells < minCells {
		r |= reasonTooFewErrors
	}
	if e.occupancy > 0.3 {
		r |= reasonTooManyErrors
	}
	return r
}

func below(bound func() (float64, bool), limit float64) bool {
	upper, ok := bound()
	return ok && upper < limit
}

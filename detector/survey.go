package detector

// survey is the coverage of the units that a stream is about, over a look-back and over its latest hour.
type survey struct {
	key                   surveyKey
	covered, span         int64 // milliseconds of target-time
	hourCovered, hourSpan int64
	clocks                []clockSurvey // of units that were there
}

// surveyKey tells surveys of one hour apart: the fingerprints of a route mostly ask the same.
type surveyKey struct {
	route       *route // nil: all
	fingerprint int    // where routes may be left out for it
	leftMillis  int64
	endMillis   int64
}

// clockSurvey is the part of the units of one scrape interval.
type clockSurvey struct {
	clock   *clock
	scrapes int64 // regular ones
}

// survey looks at the units of a stream in (left, end], with all at those of ofAll. It is valid until the
// next call.
func (d *Detector) survey(s *stream, all bool, left, end int64) *survey {
	key := surveyKey{route: s.route, leftMillis: left, endMillis: end}
	if s.route == nil && d.options.Ignore != nil {
		key.fingerprint = s.fingerprint
	}
	v := &d.scratch.survey
	if !all && v.key == key {
		return v
	}
	*v = survey{key: key, clocks: v.clocks[:0]}
	units := d.of(s)
	if all {
		units = d.ofAll(s)
	}
	for u := range units {
		v.add(d, u)
	}
	if all {
		v.forget() // there may be more units the next time
	}
	return v
}

// forget lets the next survey look for itself.
func (v *survey) forget() { v.key = surveyKey{} }

// add adds a unit.
func (v *survey) add(d *Detector, u *unit) {
	covered, span := d.coverageOf(u.target, v.key.leftMillis, v.key.endMillis)
	v.covered += covered
	v.span += span
	if span == 0 {
		return
	}
	v.clockOf(u.clock).scrapes += covered / u.deltaMillis
	covered, span = d.coverageOf(u.target, v.key.endMillis-hourMillis, v.key.endMillis)
	v.hourCovered += covered
	v.hourSpan += span
}

func (v *survey) clockOf(c *clock) *clockSurvey {
	for i := range v.clocks {
		if v.clocks[i].clock == c {
			return &v.clocks[i]
		}
	}
	v.clocks = append(v.clocks, clockSurvey{clock: c})
	return &v.clocks[len(v.clocks)-1]
}

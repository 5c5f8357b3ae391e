package diagnosis

import (
	"fmt"
	"math"
)

// surePValue is the p-value below which a coincidence is taken for real. Incidents whose sharp edges
// fall inside a block make small p-values without any timeout, but hardly ever below this.
const surePValue = 1e-4

func dwellCheck(o Observations) Check {
	d := o.Coarse.Dwell
	lo, hi := o.Fingerprint.Seconds()
	if d == nil {
		return missing(CheckDwellTime, "how long failed connects were pending")
	}
	detail := fmt.Sprintf("%.1f s (%.1f–%.1f), %d of %d were pending at a scrape", d.WaitSeconds, d.LowerSeconds, d.UpperSeconds, d.Hits, d.Attempts)
	outcome := CannotTell
	switch {
	case !d.Usable(hi):
		detail = "scrapes are too close to each other or too many requests are pending anyway"
	case !d.Meets(lo, hi):
		outcome = Contradicts
	case d.LowerSeconds > healthyWaitSeconds:
		outcome = Supports
	}
	return check(CheckDwellTime, outcome, detail).interval(UnitSeconds, d.WaitSeconds, d.LowerSeconds, d.UpperSeconds)
}

func associationCheck(name string, a *Association, what string) Check {
	if a == nil {
		return missing(name, what)
	}
	outcome := CannotTell
	switch {
	case a.PValue <= surePValue:
		outcome = Supports
	case a.Share.Upper < hardly && a.Expected < mostly*float64(a.ErrorIntervals): // where chance makes most coincide, nothing is left to miss
		outcome = Contradicts
	}
	detail := fmt.Sprintf("%d of %d intervals with errors, %.1f by chance, p = %.2g", a.Coincidences, a.ErrorIntervals, a.Expected, a.PValue)
	return check(name, outcome, detail).share(a.Share)
}

// pairingCheck never decides: bursts move the same numbers as pairs do.
func pairingCheck(o Observations) Check {
	p := o.Coarse.CountPairing
	if p == nil {
		return missing(CheckCountPairing, "how errors cluster")
	}
	detail := fmt.Sprintf("variance over mean is %.2f", p.Fano)
	if p.LagSeconds == nil {
		return check(CheckCountPairing, CannotTell, detail)
	}
	detail += fmt.Sprintf("; if there are no bursts, the lag is %.1f s", *p.LagSeconds)
	return check(CheckCountPairing, CannotTell, detail).figure(UnitSeconds, *p.LagSeconds)
}

// measuredLag is the lag of the pairs, or how long failed connects waited.
func measuredLag(o Observations) (estimate, lower, upper float64, ok bool) {
	if l := o.Lag; l != nil {
		return l.Estimate, l.Lower, l.Upper, true
	}
	if d := o.Coarse.Dwell; d != nil {
		return d.WaitSeconds, d.LowerSeconds, d.UpperSeconds, true
	}
	return 0, 0, 0, false
}

// lagCheck compares the time with the one of a timeout and a quick retry. An interval so wide that
// the next usual timeout fits too supports neither.
func lagCheck(name string, o Observations, lo, hi float64) Check {
	const usualStep, slack = 5, 0.25
	estimate, lower, upper, ok := measuredLag(o)
	if !ok {
		return missing(name, "the time between errors or of failed connects")
	}
	outcome := CannotTell
	switch {
	case upper < lo-slack || lower > hi+slack:
		outcome = Contradicts
	case upper < lo+usualStep && lower > hi-usualStep:
		outcome = Supports
	}
	return check(name, outcome, fmt.Sprintf("%.1f s (%.1f–%.1f)", estimate, lower, upper)).interval(UnitSeconds, estimate, lower, upper)
}

func briefCheck(o Observations) Check {
	if o.ErrorHours == nil || o.Hours == nil {
		return missing(CheckBrief, "in which hours there were errors")
	}
	outcome := CannotTell
	switch {
	case *o.ErrorHours >= 4:
		outcome = Contradicts
	case *o.ErrorHours >= 1 && *o.ErrorHours <= 2 && *o.Hours >= 24: // two: an incident may straddle the hour
		outcome = Supports
	}
	return check(CheckBrief, outcome, fmt.Sprintf("errors in %d of %d hours", *o.ErrorHours, *o.Hours)).figure(UnitCount, float64(*o.ErrorHours))
}

// scrapeCombCheck: scrapes at several phases, or at odd times, show one error as several. A regular
// grid can make its own spacing stand out only where the lag is one of its few multiples.
func scrapeCombCheck(o Observations) Check {
	const irregular, regular, fine = 0.2, 0.05, 4
	if o.IrregularShare == nil || o.ScrapeIntervalSeconds == nil || *o.ScrapeIntervalSeconds <= 0 {
		return missing(CheckScrapeComb, "how regular the scrapes are")
	}
	share, interval := *o.IrregularShare, *o.ScrapeIntervalSeconds
	detail := fmt.Sprintf("scraped every %g s, %.1f %% of the intervals are irregular", interval, 100*share)
	outcome := CannotTell
	if _, lower, upper, ok := measuredLag(o); ok {
		multiple := math.Ceil(lower/interval)*interval <= upper
		if share <= regular && (!multiple || lower >= fine*interval) {
			outcome = Contradicts
		}
	}
	if share > irregular {
		outcome = Supports
	}
	return check(CheckScrapeComb, outcome, detail).figure(UnitRatio, share)
}

func probeCheck(o Observations) Check {
	_, lower, upper, ok := measuredLag(o)
	matching := 0.0
	for _, p := range o.ProbeIntervalsSeconds {
		if ok && lower <= p && p <= upper {
			matching = p
		}
	}
	switch {
	case o.Train == nil && ok && len(o.ProbeIntervalsSeconds) > 0 && matching == 0:
		return check(CheckProbePeriod, Contradicts, "no known probe has this period")
	case o.Train == nil:
		return missing(CheckProbePeriod, "whether errors recur many times at the lag")
	case !*o.Train:
		return check(CheckProbePeriod, Contradicts, "pairs do not go on as trains")
	case matching > 0:
		return check(CheckProbePeriod, Supports, fmt.Sprintf("trains of errors, and a probe every %g s is known", matching)).figure(UnitSeconds, matching)
	}
	return check(CheckProbePeriod, Supports, "trains of errors")
}

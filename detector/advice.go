package detector

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/ghostpair/ghostpair/detector/estimate"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

// minExposureSeconds is for how long something has been scraped at least before it is worth saying that
// scrapes are missing: the first of them go by until the interval is known, and verdicts change at full hours.
const minExposureSeconds = 3600

// advise says in one sentence what would settle a finding, or what to look at.
func (d *Detector) advise(s *stream, f *finding.Finding, w *view, atMillis int64) string {
	switch {
	case s.ignored:
		return "ignored by configuration: no trials are run"
	case f.Verdict == finding.Paired:
		return adviseLabel(f.Labels)
	case f.Verdict == finding.Clear:
		return fmt.Sprintf("pairs are at most %s of the errors of the last %s", percent(w.upper), hours(float64(w.hours)))
	case s.verdict.state != finding.Undecided || len(f.Reasons) == 0:
		return ""
	}
	switch reason := f.Reasons[0]; reason {
	case finding.ReasonNoData, finding.ReasonGaps:
		if f.Targets > 0 && f.ExposureSeconds < minExposureSeconds {
			return fmt.Sprintf("scraped for %s so far, too short to tell: wait for the next full hour", hours(f.ExposureSeconds/3600))
		}
		if reason == finding.ReasonNoData {
			return d.adviseNothing(s, w)
		}
		return fmt.Sprintf("only %s of the scrapes of the last %s succeeded: at least 80%% are needed", percent(w.coverage), hours(float64(w.hours)))
	case finding.ReasonLagNotResolvable:
		return d.adviseScrape(s, atMillis)
	case finding.ReasonTooFewErrors:
		return adviseMore(minCells-int(w.cells), w)
	case finding.ReasonTooManyErrors:
		return fmt.Sprintf("errors in %s of the scrape intervals hide the time between them: mend what fails all the time, or scrape more often", percent(w.occupancy))
	default:
		return d.adviseInconclusive(s, w)
	}
}

// adviseNothing says what it means that there is nothing to look at. A counter of errors is born with
// the first one: to have none at all is what a healthy fleet looks like.
func (d *Detector) adviseNothing(s *stream, w *view) string {
	if s.route == nil && !slices.ContainsFunc(d.routes, func(r *route) bool { return len(r.registered) > 0 }) {
		return "no counter of this signal yet: each appears with its first error, so this is good news where the targets are scraped; if they are not, check the selector"
	}
	return fmt.Sprintf("no target was scraped in the last %s: check the scrape job", hours(float64(w.hours)))
}

// adviseLabel says what to check about a look-alike.
func adviseLabel(labels []string) string {
	for _, l := range labels {
		switch l {
		case finding.LabelLagOutside:
			return "the lag is not that of the fingerprint: look for a retry or timeout of this length"
		case finding.LabelTrain:
			return "errors recur many times at this lag: look for a probe or poller with this period, and fix or exclude it"
		case finding.LabelStepped:
			return "the counter itself moves on a clock: scrape the proxy directly, not a copy of its counters"
		case finding.LabelHalfStep:
			return "the errors also come at half the lag: look for a client that retries at that interval"
		}
	}
	return ""
}

// adviseScrape names the scrape interval that it takes.
func (d *Detector) adviseScrape(s *stream, atMillis int64) string {
	fp := d.options.Fingerprints[s.fingerprint]
	coarsest := int64(0)
	for u := range d.present(s, atMillis) {
		coarsest = max(coarsest, u.deltaMillis)
	}
	now := ""
	if coarsest > 0 {
		now = "now " + millis(coarsest) + "; "
	}
	largest := d.largest[s.fingerprint]
	if largest == 0 {
		return fmt.Sprintf("no scrape interval can tell a lag of %s from ordinary bursts", lag(fp))
	}
	every := "every second"
	if largest < 1000 {
		every = "every " + millis(largest)
	}
	return fmt.Sprintf("scrape this proxy %s (%sat most %s can resolve %s)", every, now, millis(largest), lag(fp))
}

// adviseMore says how many more errors it takes, and how long that is at the rate of the look-back.
func adviseMore(more int, w *view) string {
	if w.cells == 0 {
		return fmt.Sprintf("no errors in the last %s: about %d would settle it", hours(float64(w.hours)), more)
	}
	wait := float64(more) / (float64(w.cells) / float64(w.hours))
	return fmt.Sprintf("about %d more errors, roughly %s at today's rate, would settle it", more, hours(wait))
}

// adviseInconclusive says how many errors it would take to clear the stream, or how many pairs to
// prove it, whichever the counts lean to.
func (d *Detector) adviseInconclusive(s *stream, w *view) string {
	n := int(w.counted[0])
	if n > 0 {
		if total, ok := estimate.ErrorsNeeded(n, int(w.counted[1]), int(w.counted[2]), w.kappa, d.options.ClearBelow); ok && total > n {
			return adviseMore(total-n, w)
		}
	}
	tallies, _ := d.tallies(s)
	main := mainTally(tallies, s.fingerprint)
	if main == nil || !main.clock.lanes[s.fingerprint].resolvable {
		return "neither proven nor excluded yet: wait for more errors"
	}
	growth := main.clock.lanes[s.fingerprint].table.GrowthSame
	goal := max(d.threshold(), guard*float64(s.injected))
	pairs := math.Ceil(math.Log(goal/max(s.evidence, 1)) / growth)
	return fmt.Sprintf("pairs above %s of the errors cannot be excluded at today's rates: about %.0f clean pairs would prove them", percent(d.options.ClearBelow), max(1, pairs))
}

// percent writes a ratio with one decimal at most.
func percent(x float64) string {
	return strconv.FormatFloat(math.Round(1000*x)/10, 'f', -1, 64) + "%"
}

// hours writes a duration as a person would say it.
func hours(h float64) string {
	switch {
	case h < 1:
		return count(max(1, math.Round(h*60)), "minute")
	case h <= 48:
		return count(math.Round(h), "hour")
	case h <= 365*24:
		return count(math.Round(h/24), "day")
	default:
		return count(math.Round(h/24/365), "year")
	}
}

func count(n float64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%.0f %ss", n, unit)
}

func millis(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) + " s" }

func lag(fp score.Fingerprint) string {
	lo, hi := fp.Seconds()
	return strconv.FormatFloat(lo, 'f', -1, 64) + "–" + strconv.FormatFloat(hi, 'f', -1, 64) + " s"
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
)

// shownMeetings is how many meetings of an alarm are listed: the latest ones.
const shownMeetings = 12

// explanation is everything behind the verdicts about one route.
type explanation struct {
	document  finding.Document
	config    *config.Config
	recorders map[string]*recorder // by source
	sources   []finding.Source
}

// print writes it for people.
func (x *explanation) print(p *printer) {
	p.header(x.document)
	for i := range x.document.Findings {
		x.finding(p, &x.document.Findings[i])
	}
	p.printf("\n")
	p.hints()
	x.quality(p)
	for _, w := range x.document.Warnings {
		p.line(0, "Warning: "+w)
	}
	x.queries(p)
}

func (x *explanation) finding(p *printer, f *finding.Finding) {
	p.printf("\n")
	p.line(0, fmt.Sprintf("%s: %s for %s in %s (%s)", strings.ToUpper(f.Verdict.String()), routeName(f.Route), f.Fingerprint, f.Source, f.Signal))
	p.line(2, "pairs are looked for at lags of "+lags(p.fingerprints[f.Fingerprint]))
	if len(f.Reasons) > 0 {
		p.line(2, "because "+strings.Join(f.Reasons, ", "))
	}
	if f.Advice != "" {
		p.line(2, f.Advice)
	}
	if len(f.Labels) > 0 {
		p.line(2, "labels: "+strings.Join(f.Labels, ", "))
	}
	p.line(2, errorsText(*f)+fmt.Sprintf("; %s of it covered by regular scrapes", days(f.ExposureSeconds)))
	if f.LagSeconds != nil {
		p.line(2, "lag "+lagText(*f.LagSeconds)+", 95 % interval in brackets")
	}
	x.why(p, f)
	x.evidence(p, f)
	x.transitions(p, f)
	x.histogram(p, f)
	x.days(p, f)
	if len(f.Members) > 0 {
		p.line(2, "routes that carry the pool, with their trials since the latest alarm:")
		for _, m := range f.Members {
			p.line(6, fmt.Sprintf("%s: %d", routeName(m.Route), m.Trials))
		}
	}
}

func (x *explanation) evidence(p *printer, f *finding.Finding) {
	text := "evidence none yet"
	if f.EvidenceLog10 != nil {
		text = fmt.Sprintf("evidence 10^%.2f", *f.EvidenceLog10)
	}
	if f.EvidencePeakLog10 != nil {
		text += fmt.Sprintf(", at most 10^%.2f", *f.EvidencePeakLog10)
	}
	if a := x.document.ThresholdLog10[f.Source]; a != nil {
		text += fmt.Sprintf("; an alarm takes 10^%.2f", *a)
	}
	p.line(2, text+fmt.Sprintf("; second errors on %s, kernel %s", level(f.Level), f.Kernel))
	if f.SidebandPValue != nil {
		p.line(2, fmt.Sprintf("cross-check against the lags beside the fingerprint, never used for alarms: p = %.2g", *f.SidebandPValue))
	}
}

func level(name string) string {
	if name == "same" {
		return "the target of the first"
	}
	return "any target"
}

// transitions lists what happened, and behind each alarm the errors that carried it.
func (x *explanation) transitions(p *printer, f *finding.Finding) {
	since := x.document.Origin
	if f.FirstPair != nil {
		since = f.FirstPair.Add(-time.Minute)
	}
	for _, t := range f.Transitions {
		p.line(2, fmt.Sprintf("%s: %s", second(t.At), t.Verdict))
		if t.Verdict == finding.Paired.String() {
			x.meetings(p, f, since, t.At)
			since = t.At
		}
	}
	if f.FirstAlarm == nil || f.Verdict == finding.Paired {
		x.meetings(p, f, since, x.document.Window.End)
	}
}

// meetings lists the errors that are at the fingerprint's lag of each other, in a stretch of time.
func (x *explanation) meetings(p *printer, f *finding.Finding, since, until time.Time) {
	r, i := x.recorders[f.Source], slices.IndexFunc(x.config.Fingerprints, func(c config.Fingerprint) bool { return c.Name == f.Fingerprint })
	if r == nil || i < 0 {
		return
	}
	var met []meeting
	for _, m := range r.kept.Meetings[i] {
		if m.Second.AtMillis > since.UnixMilli() && m.Second.AtMillis <= until.UnixMilli() && (f.Level != "same" || m.sameTarget()) {
			met = append(met, m)
		}
	}
	lost := ""
	if n := r.kept.Dropped[i]; n > 0 {
		lost = fmt.Sprintf(" (%d earlier ones are not kept)", n)
	}
	p.line(6, fmt.Sprintf("%s of errors that may be %s apart, %s to %s%s%s", plural(len(met), "pair"), lags(p.fingerprints[f.Fingerprint]), second(since), second(until), lost, colonIf(len(met) > 0)))
	if more := len(met) - shownMeetings; more > 0 {
		p.line(8, fmt.Sprintf("%d earlier, and", more))
		met = met[more:]
	}
	for _, m := range met {
		p.printf("        %s\n", m) // a table: not folded
	}
}

func lags(r chart.Range) string { return fmt.Sprintf("%g to %g s", r.Lower, r.Upper) }

func colonIf(b bool) string {
	if b {
		return ":"
	}
	return ""
}

// String says between which scrapes the errors happened, and where.
func (m meeting) String() string {
	text := fmt.Sprintf("%s %s, %s: %.2f to %.2f s apart, %s", time.UnixMilli(m.First.AtMillis).UTC().Format(time.DateOnly),
		m.First, m.Second, m.shortest().Seconds(), m.longest().Seconds(), routeName(m.First.Target))
	if !m.sameTarget() {
		text += " and " + routeName(m.Second.Target)
	}
	return text
}

// String is the stretch of time in which the errors happened, and how many when it is not one.
func (c cell) String() string {
	left, at := time.UnixMilli(c.LeftMillis).UTC(), time.UnixMilli(c.AtMillis).UTC()
	layout := "15:04:05.000"
	text := left.Format(layout)
	if left.Truncate(time.Minute).Equal(at.Truncate(time.Minute)) {
		layout = "05.000"
	}
	text += "–" + at.Format(layout)
	if c.Errors != 1 {
		text += fmt.Sprintf(" (%g errors)", c.Errors)
	}
	return text
}

func (x *explanation) histogram(p *printer, f *finding.Finding) {
	if f.Histogram == nil {
		return
	}
	p.line(2, "lags between any two of its errors in the last 7 days:")
	for _, line := range chart.TerminalHistogram(*f.Histogram, p.fingerprints[f.Fingerprint], p.width-6) {
		p.printf("      %s\n", line)
	}
}

func (x *explanation) days(p *printer, f *finding.Finding) {
	var texts []string
	for _, d := range f.PairsByDay {
		texts = append(texts, fmt.Sprintf("%s %.1f", d.Day, d.Pairs))
	}
	if len(texts) > 0 {
		p.line(2, "pairs by day (UTC): "+strings.Join(texts, ", "))
	}
}

// quality says what was read of each source that has the route.
func (x *explanation) quality(p *printer) {
	for _, s := range x.sources {
		q := s.Quality
		p.line(0, fmt.Sprintf("Read of source %s, up to %s: %d series with %d samples; %d births (%d above 100, taken as a start), %d renames, %d counter resets, %d scrape gaps, %d late samples.",
			s.Name, second(s.Watermark), q.Series, q.Samples, q.Births, q.Baselines, q.Renames, q.Resets, q.Gaps, q.Late))
	}
	for _, f := range x.document.FailedWindows {
		p.line(0, fmt.Sprintf("Not read: source %s from %s to %s: %s", f.Source, second(f.Start), second(f.End), f.Error))
	}
}

func second(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func days(seconds float64) string {
	switch {
	case seconds >= 86400:
		return fmt.Sprintf("%.1f days", seconds/86400)
	case seconds >= 3600:
		return fmt.Sprintf("%.1f hours", seconds/3600)
	default:
		return fmt.Sprintf("%.0f minutes", seconds/60)
	}
}

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/finding"
)

const (
	shownCharts   = 3 // findings that get a histogram
	shownExamples = 5 // routes of a group that are named
)

// printer writes findings for people: what needs attention in full, the rest in groups.
type printer struct {
	out   strings.Builder
	width int
	all   bool // do not group

	told        map[string]bool // causes that were described
	explainable bool            // a finding has checks
	unclaimed   bool            // of a finding no cause is claimed

	fingerprints map[string]chart.Range
}

func newPrinter(columns int, all bool, fingerprints []config.Fingerprint) *printer {
	p := &printer{width: max(columns, 60), all: all, told: make(map[string]bool), fingerprints: make(map[string]chart.Range)}
	for _, f := range fingerprints {
		p.fingerprints[f.Name] = chart.Range{Lower: f.Lo.Seconds(), Upper: f.Hi.Seconds()}
	}
	return p
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(&p.out, format, args...) }

// line prints indented text, folded at the width.
func (p *printer) line(indent int, text string) {
	for _, folded := range fold(text, p.width-indent) {
		p.printf("%s%s\n", strings.Repeat(" ", indent), folded)
	}
}

func (p *printer) document(d finding.Document) {
	p.header(d)
	for _, v := range []finding.Verdict{finding.Paired, finding.Suspected, finding.Clear, finding.Undecided} {
		var findings []finding.Finding
		for _, f := range d.Findings {
			if f.Verdict == v {
				findings = append(findings, f)
			}
		}
		p.verdict(v, findings)
	}
	if len(d.Findings) == 0 {
		p.line(0, "Nothing to show: no route had an error in this time that was to be shown.")
	}
	p.footer(d)
}

func (p *printer) header(d finding.Document) {
	window := fmt.Sprintf("%s to %s", minute(d.Window.Start), minute(d.Window.End))
	if !d.Origin.Equal(d.Window.Start) {
		window += ", read since " + minute(d.Origin)
	}
	p.line(0, window+" (UTC)")
	var streams []string
	for _, source := range slices.Sorted(maps.Keys(d.Streams)) {
		streams = append(streams, fmt.Sprintf("%d of source %s", d.Streams[source], source))
	}
	alarms := "1 false alarm"
	if n := d.FalseAlarmsPerMonth; n != 1 {
		alarms = fmt.Sprintf("%g false alarms", n)
	}
	p.line(0, fmt.Sprintf("Expect at most %s a month over all streams that were tested: %s.", alarms, strings.Join(streams, ", ")))
}

func (p *printer) verdict(v finding.Verdict, findings []finding.Finding) {
	if len(findings) == 0 {
		return
	}
	p.printf("\n%s (%d)\n", strings.ToUpper(v.String()), len(findings))
	switch {
	case v == finding.Paired || v == finding.Suspected || p.all:
		p.rows(findings)
	case v == finding.Clear:
		p.clear(findings)
	default:
		p.undecided(findings)
	}
}

// rows prints findings one by one, the strongest first.
func (p *printer) rows(findings []finding.Finding) {
	slices.SortStableFunc(findings, func(a, b finding.Finding) int { return cmp.Compare(peak(b), peak(a)) })
	charts := 0
	for _, f := range findings {
		p.row(f)
		if f.Verdict == finding.Paired && f.Route != finding.PooledRoute && f.Histogram != nil && charts < shownCharts {
			charts++
			for _, line := range chart.TerminalHistogram(*f.Histogram, p.fingerprints[f.Fingerprint], p.width-6) {
				p.printf("      %s\n", line)
			}
		}
	}
}

func (p *printer) row(f finding.Finding) {
	p.line(2, routeName(f.Route))
	p.line(6, fmt.Sprintf("%s (%s), %s%s", f.Source, f.Signal, f.Fingerprint, since(f)))
	if f.LagSeconds != nil {
		p.line(6, "lag "+lagText(*f.LagSeconds))
	}
	p.line(6, errorsText(f))
	if len(f.Labels) > 0 {
		p.line(6, "labels: "+strings.Join(f.Labels, ", "))
	}
	if len(f.Members) > 0 {
		var members []string
		for _, m := range f.Members {
			members = append(members, fmt.Sprintf("%s (%d)", routeName(m.Route), m.Trials))
		}
		p.line(6, "carried by "+examples(members))
	}
	if text := strings.Join(f.Reasons, ", "); text+f.Advice != "" {
		p.line(6, strings.TrimPrefix(text+": "+f.Advice, ": "))
	}
	p.why(&f)
}

func (p *printer) clear(findings []finding.Finding) {
	p.line(2, "Pairs are surely but a small share of the errors: "+examples(tested(findings))+".")
}

// undecided prints findings in groups of equal reasons, the largest first.
func (p *printer) undecided(findings []finding.Finding) {
	groups := make(map[string][]finding.Finding)
	for _, f := range findings {
		key := strings.Join(f.Reasons, ", ")
		groups[key] = append(groups[key], f)
	}
	order := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(groups[b]), len(groups[a])), cmp.Compare(a, b))
	})
	for _, key := range order {
		group := groups[key]
		p.line(2, fmt.Sprintf("%d × %s", len(group), key))
		advised := byAdvice(group)
		for _, same := range advised[:min(len(advised), shownExamples)] {
			p.line(6, examples(tested(same))+": "+same[0].Advice)
			group = group[len(same):]
		}
		if len(group) > 0 {
			p.line(6, fmt.Sprintf("and %d more: --verdict=undecided shows them all", len(group)))
		}
	}
}

// byAdvice puts findings with equal advice together, in the order of the first of each: nothing is
// said twice.
func byAdvice(findings []finding.Finding) [][]finding.Finding {
	var groups [][]finding.Finding
	place := make(map[string]int)
	for _, f := range findings {
		i, ok := place[f.Advice]
		if !ok {
			i = len(groups)
			place[f.Advice] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}

// tested names what was tested: each route once, with its fingerprints.
func tested(findings []finding.Finding) []string {
	var names []string
	for i, f := range findings {
		if i > 0 && f.Route == findings[i-1].Route && f.Source == findings[i-1].Source {
			last := &names[len(names)-1]
			*last = strings.TrimSuffix(*last, ")") + ", " + f.Fingerprint + ")"
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s, %s)", routeName(f.Route), f.Source, f.Fingerprint))
	}
	return names
}

func (p *printer) footer(d finding.Document) {
	q := d.Quality
	p.printf("\n")
	p.hints()
	p.line(0, fmt.Sprintf("Read: %d series with %s; %s, %s, %s, %s.", q.Series,
		plural(int(q.Samples), "sample"), plural(int(q.Births), "birth"), plural(int(q.Resets), "counter reset"), plural(int(q.Gaps), "scrape gap"), plural(int(q.Late), "late sample")))
	if q.UnroutedSeries > 0 {
		p.line(0, fmt.Sprintf("Series without any of the labels that name a route: %d; see route_labels.", q.UnroutedSeries))
	}
	if q.RoutesDropped > 0 {
		p.line(0, fmt.Sprintf("%d routes are beyond limits.routes and were not tested.", q.RoutesDropped))
	}
	for _, f := range d.FailedWindows {
		p.line(0, fmt.Sprintf("Not read: source %s from %s to %s: %s", f.Source, minute(f.Start), minute(f.End), f.Error))
	}
	for _, w := range d.Warnings {
		p.line(0, "Warning: "+w)
	}
}

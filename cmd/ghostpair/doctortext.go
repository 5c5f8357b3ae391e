package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/survey"
)

const (
	doctorIndent = 9  // of findings: their severity stands before them
	doctorRoutes = 10 // routes that are shown without --verbose
)

// doctorPrinter writes an examination for people: what needs attention first, then the figures, then
// what to paste.
type doctorPrinter struct {
	*survey.Examination
	out     strings.Builder
	width   int
	verbose bool
}

func doctorText(c *config.Config, e *survey.Examination, columns int, verbose bool) string {
	p := &doctorPrinter{Examination: e, width: max(columns, 60), verbose: verbose}
	p.header(c)
	p.findings()
	p.jobs()
	p.routes()
	p.ends()
	p.outlook()
	p.remedies()
	p.failures()
	return p.out.String()
}

func (p *doctorPrinter) printf(format string, args ...any) { fmt.Fprintf(&p.out, format, args...) }

// line prints text at an indent, folded at the width.
func (p *doctorPrinter) line(indent int, text string) {
	for _, folded := range fold(routeName(text), p.width-indent) {
		p.printf("%s%s\n", strings.Repeat(" ", indent), folded)
	}
}

// table prints rows of cells, separated by tabs, under a title.
func (p *doctorPrinter) table(title string, rows []string) {
	p.printf("\n%s\n", title)
	var cells strings.Builder
	out := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(out, "  "+row)
	}
	_ = out.Flush() // a strings.Builder takes everything
	for line := range strings.Lines(cells.String()) {
		p.printf("%s\n", strings.TrimRight(line, " \n"))
	}
}

func (p *doctorPrinter) header(c *config.Config) {
	p.line(0, fmt.Sprintf("%s, as of %s (UTC)", c.Prometheus.RedactedURL(), minute(p.At)))
	counts := make(map[survey.Severity]int)
	for _, f := range p.Findings {
		counts[f.Severity]++
	}
	var parts []string
	for _, s := range []survey.Severity{survey.Problem, survey.Warning, survey.Note} {
		if counts[s] > 0 {
			parts = append(parts, plural(counts[s], s.String()))
		}
	}
	if len(parts) == 0 {
		parts = []string{"Nothing to complain about"}
	}
	p.line(0, strings.Join(parts, ", ")+".")
}

// findings prints those that need attention in full, the worst first, and the others in a line each.
func (p *doctorPrinter) findings() {
	for s := survey.Problem; ; s-- {
		first := true
		for _, f := range p.Findings {
			if f.Severity != s {
				continue
			}
			if first || s > survey.OK {
				p.printf("\n")
			}
			first = false
			p.finding(f)
		}
		if s == survey.OK {
			return
		}
	}
}

func (p *doctorPrinter) finding(f survey.Finding) {
	for i, folded := range fold(routeName(f.Title), p.width-doctorIndent) {
		label := ""
		if i == 0 {
			label = strings.ToUpper(f.Severity.String())
		}
		p.printf("%-*s%s\n", doctorIndent, label, folded)
	}
	if f.Detail != "" && (f.Severity > survey.OK || p.verbose) {
		p.line(doctorIndent, f.Detail)
	}
	if numbers := p.numbers(f.Remedy); numbers != "" {
		p.line(doctorIndent, "What to paste: "+numbers)
	}
}

// numbers are those of a remedy in what to paste: the fine scrape comes in up to two forms.
func (p *doctorPrinter) numbers(remedy string) string {
	fine := func(name string) bool { return name == survey.RemedyPodMonitor || name == survey.RemedyScrapeConfig }
	var all []string
	for i, r := range p.Remedies {
		if r.Name == remedy || fine(remedy) && fine(r.Name) {
			all = append(all, fmt.Sprintf("[%d]", i+1))
		}
	}
	return strings.Join(all, " or ")
}

// fingerprints names the columns of what can be seen.
func fingerprints(all []survey.Resolution) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.Fingerprint)
	}
	return names
}

// seen says in one word each which fingerprints can be seen.
func seen(all []survey.Resolution) string {
	words := make([]string, len(all))
	for i, r := range all {
		switch {
		case r.Across:
			words[i] = "yes"
		case r.Resolvable:
			words[i] = "on one target"
		default:
			words[i] = "no"
		}
	}
	return strings.Join(words, "\t")
}

func (p *doctorPrinter) jobs() {
	shown := make(map[string]bool)
	var rows []string
	for _, s := range p.Sources {
		for _, j := range s.Jobs {
			if shown[j.Name] {
				continue
			}
			if len(rows) == 0 {
				rows = append(rows, "JOB\tTARGETS\tSCRAPED EVERY\tREGULAR\tLONGEST GAP\t"+strings.Join(fingerprints(j.Fingerprints), "\t"))
			}
			shown[j.Name] = true
			rows = append(rows, fmt.Sprintf("%s\t%d\t%s\t%s\t%s\t%s", routeName(j.Name), j.Targets,
				interval(j.IntervalSeconds), percent(j.Regular), interval(j.LongestSeconds), seen(j.Fingerprints)))
		}
	}
	if len(rows) > 0 {
		p.table("HOW IT IS SCRAPED, AND WHICH LAGS THAT CAN SHOW", rows)
	}
}

func (p *doctorPrinter) routes() {
	for _, s := range p.Sources {
		if len(s.Routes) == 0 {
			continue
		}
		rows := []string{"ROUTE\tTARGETS\tERRORS\tSCRAPED EVERY\t" + strings.Join(fingerprints(s.Routes[0].Fingerprints), "\t")}
		for i, r := range s.Routes {
			if i == doctorRoutes && !p.verbose {
				rows = append(rows, fmt.Sprintf("and %d more (--verbose)", len(s.Routes)-i))
				break
			}
			rows = append(rows, fmt.Sprintf("%s\t%d\t%.0f\t%s\t%s", routeName(r.Name), r.Targets, r.Errors, interval(r.ScrapeIntervalSeconds), seen(r.Fingerprints)))
		}
		p.table(fmt.Sprintf("ROUTES OF %s (%s), ERRORS IN THE LAST %s", strings.ToUpper(s.Name), s.Signal, shortDuration(time.Duration(s.WindowSeconds)*time.Second)), rows)
	}
}

// interval writes seconds; 0 is not known.
func interval(s float64) string {
	if s == 0 {
		return "?"
	}
	return fmt.Sprintf("%g s", s)
}

func (p *doctorPrinter) remedies() {
	if len(p.Remedies) == 0 {
		return
	}
	p.printf("\nWHAT TO PASTE\n")
	for i, r := range p.Remedies {
		p.printf("\n")
		p.line(0, fmt.Sprintf("[%d] %s", i+1, r.Title))
		p.line(4, r.Why)
		p.printf("\n")
		for line := range strings.Lines(r.Text) {
			p.printf("    %s", line)
		}
	}
}

func (p *doctorPrinter) failures() {
	if len(p.Failures)+len(p.Warnings) == 0 {
		return
	}
	p.printf("\nWHAT THE SERVER DID NOT ANSWER\n")
	for _, text := range p.Failures {
		p.line(2, text)
	}
	for _, text := range p.Warnings {
		p.line(2, "warning: "+text)
	}
}

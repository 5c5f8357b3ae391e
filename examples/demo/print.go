package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/simulate"
)

// printCast tells what goes wrong in the fleet, so that everybody can judge the findings.
func (d *demo) printCast() {
	fmt.Fprintln(d.out, "\nWhat goes wrong, all of it invented:")
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, m := range cast() {
		fmt.Fprintf(table, "  %s\t%s\n", m.Name, m.about)
	}
	_ = table.Flush() // errors show on what is printed next
	fmt.Fprintf(d.out, "%s\n\n", thinGhost)
}

// printFindings shows which routes are paired, at which lag and with which evidence, and how the
// others were judged.
func (d *demo) printFindings(document *finding.Document) {
	findings := slices.SortedFunc(slices.Values(document.Findings), func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Route, b.Route))
	})
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PAIRED\tsignal\tlag (95 %)\terrors in pairs\tevidence\tlabels")
	for _, f := range findings {
		if f.Verdict == finding.Paired {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", routeName(f), f.Signal,
				seconds(f.LagSeconds), percent(f.PairRatio), evidence(f, document), strings.Join(f.Labels, ", "))
		}
	}
	_ = table.Flush()
	fmt.Fprintln(d.out)
	fmt.Fprintln(table, "NOT PAIRED\tsignal\terrors\tverdict")
	for _, f := range findings {
		if f.Verdict != finding.Paired && f.Fingerprint == fiveSeconds && f.Signal == simulate.Signal5xx {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", routeName(f), f.Signal, count(int(f.Errors)), f.Verdict)
		}
	}
	_ = table.Flush()
}

func routeName(f finding.Finding) string {
	if f.Route == finding.PooledRoute {
		return fmt.Sprintf("* (the fleet: %d routes carry it)", len(f.Members))
	}
	return f.Route
}

func seconds(i *finding.Interval) string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("%.2f s (%.2f to %.2f)", i.Estimate, i.Lower, i.Upper)
}

func percent(i *finding.Interval) string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*i.Estimate)
}

// evidence compares the highest evidence with the threshold that it had to cross.
func evidence(f finding.Finding, document *finding.Document) string {
	if f.EvidencePeakLog10 == nil {
		return ""
	}
	text := fmt.Sprintf("10^%.1f", *f.EvidencePeakLog10)
	if threshold := document.ThresholdLog10[f.Source]; threshold != nil {
		text += fmt.Sprintf(" of 10^%.1f", *threshold)
	}
	return text
}

// printPlaces says where to look.
func (d *demo) printPlaces() {
	fmt.Fprintf(d.out, `
Look at
  %[1]s/consoles/ghosts.html  findings, alerts and errors, on a page of Prometheus
  %[1]s/api/v1/alerts  the alerts
  http://%[2]s/  ghostpair
  http://%[2]s/metrics  what it tells Prometheus
  http://%[2]s/api/v1/findings  the findings, with all figures
  http://%[3]s/stats/prometheus  an Envoy

`, d.prometheus.URL(), d.findings, d.targets[0])
}

// printAlerts shows what is firing.
func (d *demo) printAlerts(alerts []alert) {
	if len(alerts) == 0 {
		fmt.Fprintln(d.out, "no alert is firing yet")
	}
	for _, a := range alerts {
		fmt.Fprintf(d.out, "FIRING %s (%s): %s\n", a.Labels["alertname"], a.Labels["severity"], cmp.Or(a.Annotations["summary"], a.Labels["route"]))
	}
}

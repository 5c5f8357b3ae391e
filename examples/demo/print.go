package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ghostpair/ghostpair/finding"
)

// printFindings shows which routes are paired, at which lag and with which evidence, and names the
// others.
func (d *demo) printFindings(document *finding.Document) {
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PAIRED\tsignal\tlag (95 %)\tof the errors\tevidence\tnotes")
	findings := slices.SortedFunc(slices.Values(document.Findings), func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Route, b.Route))
	})
	for _, f := range findings {
		if f.Verdict == finding.Paired {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", routeName(f), f.Signal,
				seconds(f.LagSeconds), percent(f.PairRatio), evidence(f, document), strings.Join(f.Labels, ", "))
		}
	}
	fmt.Fprintln(table, "\t\t\t\t\t\nOTHERS\tsignal\tverdict\terrors\t\tin truth")
	truth := map[string]string{}
	for _, m := range cast() {
		truth[m.Name] = m.about
	}
	for _, f := range findings {
		if f.Verdict != finding.Paired && f.Fingerprint == fiveSeconds && f.Signal == "5xx" {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\t%s\n", routeName(f), f.Signal, f.Verdict, count(int(f.Errors)), truth[f.Route])
		}
	}
	_ = table.Flush() // as d.out, which is the terminal
}

func routeName(f finding.Finding) string {
	if f.Route == finding.PooledRoute {
		return fmt.Sprintf("* (all routes together, %d of them carry it)", len(f.Members))
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
		text += fmt.Sprintf(" (needs 10^%.1f)", *threshold)
	}
	return text
}

// printPlaces says where to look.
func (d *demo) printPlaces() {
	fmt.Fprintf(d.out, `
Look at
  %[1]s/consoles/ghosts.html  findings, alerts and series, on a page of Prometheus
  %[1]s/api/v1/alerts         the alerts
  http://%[2]s/metrics              what ghostpair tells Prometheus
  http://%[2]s/api/v1/findings      the findings, with all figures
  http://%[3]s/stats/prometheus    an Envoy

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

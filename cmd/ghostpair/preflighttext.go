package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/survey"
)

const shownNodes = 10 // that clients and targets share

// preflightText writes the answer for people: the answer, its reasons, what it rests on, and the next step.
func preflightText(c *config.Config, o survey.PreflightOptions, p *survey.Placement, columns int) string {
	w := &preflightPrinter{width: max(columns, 60)}
	w.line(0, fmt.Sprintf("%s, as of %s (UTC), targets: %s", c.Prometheus.RedactedURL(), minute(p.At), cmp.Or(o.Service, o.Targets)))
	w.out.WriteString("\n")
	w.line(0, verdictOf(p.Result))
	w.reasons(p.Result.Reasons)
	w.nodes(p.Result.Meeting)
	w.inputs(p.Input)
	w.problems(p.Problems)
	w.out.WriteString("\nNEXT\n")
	for _, step := range nextSteps(p) {
		w.line(2, step)
	}
	return w.out.String()
}

type preflightPrinter struct {
	out   strings.Builder
	width int
}

func (w *preflightPrinter) line(indent int, text string) {
	for _, folded := range fold(routeName(text), w.width-indent) {
		fmt.Fprintf(&w.out, "%s%s\n", strings.Repeat(" ", indent), folded)
	}
}

// verdictOf is the answer in a sentence.
func verdictOf(r diagnosis.PreflightResult) string {
	m := r.Meeting
	switch {
	case r.Safe == diagnosis.No && r.Preserved == diagnosis.Yes:
		return fmt.Sprintf("NO: client addresses are preserved already, and %s.", dropped(m))
	case r.Safe == diagnosis.No:
		return fmt.Sprintf("NO: do not preserve client addresses. %s.", capital(dropped(m)))
	case r.Safe == diagnosis.Yes:
		return fmt.Sprintf("YES: as pods are placed now, no connection of %s would be lost.", plural(m.Clients, "client"))
	}
	return "CANNOT TELL: what is known does not decide; the reasons say what is missing."
}

// dropped says whose connections are lost.
func dropped(m diagnosis.Meeting) string {
	share := percent(m.Upper)
	if m.Lower != m.Upper {
		share = percent(m.Lower) + " to " + percent(m.Upper)
	}
	text := fmt.Sprintf("%s of new connections are dropped, from %d of %s", share, m.Meeting, plural(m.Clients, "client"))
	if m.Worst > m.Upper {
		text += fmt.Sprintf("; of one client up to %s", percent(m.Worst))
	}
	return text
}

func capital(text string) string {
	return strings.ToUpper(text[:1]) + text[1:]
}

func (w *preflightPrinter) reasons(reasons []diagnosis.Reason) {
	w.out.WriteString("\nWHY\n")
	widest := 0
	for _, r := range reasons {
		widest = max(widest, len(r.Topic))
	}
	for _, r := range reasons {
		for i, folded := range fold(routeName(r.Text), w.width-widest-4) {
			label := ""
			if i == 0 {
				label = r.Topic
			}
			fmt.Fprintf(&w.out, "  %-*s  %s\n", widest, label, folded)
		}
	}
}

func (w *preflightPrinter) nodes(m diagnosis.Meeting) {
	if len(m.Nodes) == 0 {
		return
	}
	w.out.WriteString("\nNODES WITH BOTH ENDS\n")
	table := tabwriter.NewWriter(&w.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  NODE\tCLIENTS\tTARGETS")
	for i, n := range m.Nodes {
		if i == shownNodes {
			fmt.Fprintf(table, "  and %d more (--output=json has all)\n", len(m.Nodes)-i)
			break
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", routeName(n.Node), some(n.Clients), some(n.Targets))
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// some names the first of many.
func some(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	text := routeName(names[0])
	if len(names) > 1 {
		text += fmt.Sprintf(" and %d more", len(names)-1)
	}
	return text
}

func (w *preflightPrinter) inputs(in diagnosis.PreflightInput) {
	w.out.WriteString("\nWHAT IT RESTS ON\n")
	table := tabwriter.NewWriter(&w.out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"clients", plural(len(in.Clients), "pod")},
		{"targets", plural(len(in.Targets), "pod")},
		{"nodes", plural(len(in.Nodes), "node")},
		{"target type", in.TargetType},
		{"protocol", in.Protocol},
		{"external traffic policy", in.ExternalTrafficPolicy},
		{"health check", strings.TrimSpace(in.HealthCheckProtocol + " " + in.HealthCheckPort)},
		{"preserve_client_ip", truth(in.PreserveClientIP)},
		{"proxy_protocol_v2", truth(in.ProxyProtocolV2)},
		{"cross-zone", truth(in.CrossZone)},
		{"stickiness by source", truth(in.StickySource)},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], cmp.Or(row[1], "not known"))
	}
	_ = table.Flush()
}

func truth(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "on"
	}
	return "off"
}

func (w *preflightPrinter) problems(problems []string) {
	if len(problems) == 0 {
		return
	}
	w.out.WriteString("\nWHAT IS NOT CERTAIN\n")
	for _, text := range problems {
		w.line(2, text)
	}
}

// nextSteps says what to do with the answer.
func nextSteps(p *survey.Placement) []string {
	r := p.Result
	switch {
	case r.Safe == diagnosis.Unknown:
		return []string{"Give what is not known as flags (ghostpair preflight --help), and ask again."}
	case r.Safe == diagnosis.Yes:
		return []string{"Keep clients and targets apart by anti-affinity before it is turned on: a rollout may put them on one node. Ask again after each change of placement."}
	case r.ProxyProtocol == diagnosis.No:
		return []string{
			"Leave preserve_client_ip.enabled off (turn it off where it is on; only new connections follow).",
			"Proxy protocol v2 does not fit as it stands: the reasons say what to change first.",
			"Callers inside the cluster do better without the load balancer: the DNS name of the Service.",
		}
	}
	return []string{
		"Leave preserve_client_ip.enabled off (turn it off where it is on; only new connections follow).",
		"Where Envoy needs the addresses of clients, let it accept proxy protocol v2 as optional first, then set proxy_protocol_v2.enabled, then require it.",
		"Callers inside the cluster do better without the load balancer: the DNS name of the Service.",
	}
}

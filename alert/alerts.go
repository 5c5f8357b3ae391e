package alert

import (
	"fmt"
	"maps"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/finding"
)

// lookAlikes matches the labels that send a finding to its own, quieter alert.
var lookAlikes = strings.Join([]string{
	finding.LabelLagOutside, finding.LabelTrain, finding.LabelStepped, finding.LabelHalfStep, finding.LabelFast,
}, "|")

// pairAlerts are the alerts about what was found.
func pairAlerts(o RuleOptions) []rule {
	// A finding and its labels differ in one label each; all others, those of the scrape included,
	// must agree, so that several ghostpairs do not speak for one another.
	genuine := func(route string) string {
		return fmt.Sprintf(`ghostpair_route_verdict{verdict="paired",route%s} == 1
unless ignoring (verdict, label)
  ghostpair_route_label_info{label=~"%s"}`, route, lookAlikes)
	}
	one := genuine(`!="*"`)
	everywhere := "(\n" + indent(genuine(`="*"`)) + "\n)\nunless ignoring (route)\n(\n" + indent(one) + "\n)"
	lookAlike := fmt.Sprintf(`ghostpair_route_label_info{label=~"%s"}
and ignoring (verdict, label)
  ghostpair_route_verdict{verdict="paired"} == 1`, lookAlikes)
	return []rule{
		{
			Alert: "GhostpairPairedErrors", Expr: one,
			// A restart of ghostpair must not resolve what it will say again.
			KeepFiringFor: "15m",
			Labels:        o.labels(o.Severity),
			Annotations:   o.annotations("GhostpairPairedErrors", pairedSummary, pairedDescription+causes(pairedFirst)),
		},
		{
			Alert: "GhostpairPairedErrorsEverywhere", Expr: everywhere,
			KeepFiringFor: "15m",
			Labels:        o.labels(o.Severity),
			Annotations:   o.annotations("GhostpairPairedErrorsEverywhere", everywhereSummary, everywhereDescription),
		},
		{
			Alert: "GhostpairSuspected", Expr: `ghostpair_route_verdict{verdict="suspected"} == 1`,
			KeepFiringFor: "15m",
			Labels:        o.labels("info"),
			Annotations:   o.annotations("GhostpairSuspected", suspectedSummary, suspectedDescription()),
		},
		{
			Alert: "GhostpairLookAlike", Expr: lookAlike,
			Labels:      o.labels("info"),
			Annotations: o.annotations("GhostpairLookAlike", lookAlikeSummary, lookAlikeDescription),
		},
	}
}

// selfAlerts are the alerts about ghostpair itself: a detector that is silently out of order is
// taken for good news.
func selfAlerts(o RuleOptions) []rule {
	stale := model.Duration(o.StaleAfter)
	seconds := fmt.Sprint(o.StaleAfter.Seconds())
	warn := func(name, wait, expr, summary, description string) rule {
		return rule{
			Alert: name, Expr: expr, For: wait, Labels: o.labels("warning"),
			Annotations: o.annotations(name, summary, description),
		}
	}
	const unreachable = "up == 0\nand on (job, instance)\n  last_over_time(ghostpair_build_info[1d])"
	return []rule{
		warn("GhostpairDown", "5m",
			"(\n"+indent(unreachable)+"\n)\nor\n(\n  absent(ghostpair_build_info)\n  unless on ()\n  (\n"+indent(indent(unreachable))+"\n  )\n)",
			downSummary, downDescription),
		warn("GhostpairStale", "2m", `time() - ghostpair_evaluation_watermark_timestamp_seconds > `+seconds+`
or
time() - (
  process_start_time_seconds
  and on (job, instance)
    ghostpair_build_info
  unless on (job, instance)
    ghostpair_evaluation_watermark_timestamp_seconds
) > 3600`, staleSummary, staleDescription),
		warn("GhostpairBlind", "1h", `count without (route) (
  ghostpair_route_undecided_info{reason="`+finding.ReasonLagNotResolvable+`",route!="*"}
) > 0`, blindSummary, blindDescription),
		warn("GhostpairSourceEmpty", "1h", "ghostpair_source_unmatched == 1", emptySummary, emptyDescription),
		warn("GhostpairSourceFailing", "2m", `time() - ghostpair_source_last_success_timestamp_seconds > `+seconds+`
or
(
  sum without (reason) (increase(ghostpair_source_query_failures_total[`+stale.String()+`])) > 0
  unless
    ghostpair_source_last_success_timestamp_seconds
)`, failingSummary, failingDescription),
		warn("GhostpairServerAway", "15m", "ghostpair_prometheus_up == 0\nand on (job, instance)\n  ghostpair_prometheus_up == 1", awaySummary, awayDescription),
		warn("GhostpairServersMixed", "15m", "ghostpair_prometheus_mixed == 1", mixedSummary, mixedDescription),
		warn("GhostpairConfigReloadFailed", "5m", "ghostpair_config_last_reload_successful == 0", reloadSummary, reloadDescription),
	}
}

func (o RuleOptions) labels(severity string) map[string]string {
	labels := map[string]string{"severity": severity}
	maps.Copy(labels, o.Labels)
	return labels
}

// annotations returns the three annotations of an alert. The anchor is the one that GitHub gives
// the heading with the name of the alert.
func (o RuleOptions) annotations(alert, summary, description string) ruleAnnotations {
	return ruleAnnotations{
		Summary:     summary,
		Description: description,
		RunbookURL:  o.Runbook + "#" + strings.ToLower(alert),
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

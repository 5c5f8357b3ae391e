package alert

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A target is one query of a dashboard, with how its series are named.
type dashboardTarget struct {
	panel, expr, legend string
}

// Every query of the dashboards can be parsed, and asks for nothing but what is exposed: metrics, and
// labels of these metrics, in matchers, groups and legends.
func TestDashboardsAskForWhatIsExposed(t *testing.T) {
	t.Parallel()
	exposed := exposedLabels(t)
	paths, err := filepath.Glob("../examples/dashboards/*.json")
	if err != nil || len(paths) != 3 {
		t.Fatalf("%d dashboards, want 3 (%v)", len(paths), err)
	}
	named := map[string]bool{}
	for _, path := range paths {
		targets := dashboardTargets(t, path)
		if len(targets) < 15 {
			t.Errorf("%s has %d queries only", path, len(targets))
		}
		for _, target := range targets {
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(withoutVariables(target.expr))
			if err != nil {
				t.Errorf("%s: %s: %v in\n%s", path, target.panel, err, target.expr)
				continue
			}
			for _, problem := range unexposed(expr, target.legend, exposed, named) {
				t.Errorf("%s: %s: %s in\n%s", path, target.panel, problem, target.expr)
			}
		}
	}
	for name := range exposed { // what is exposed but not shown is of no use to whoever looks at dashboards
		if strings.HasPrefix(name, "ghostpair_") && !named[name] && !notShown[name] {
			t.Errorf("no dashboard shows %s", name)
		}
	}
}

// notShown are metrics without a panel.
var notShown = map[string]bool{
	"ghostpair_config_last_reload_success_timestamp_seconds": true, // whether it succeeded is shown
}

// withoutVariables puts values in the place of Grafana's variables.
func withoutVariables(expr string) string {
	return strings.NewReplacer("$__rate_interval", "5m", "$__range", "1d").Replace(expr)
}

// unexposed says what an expression asks for in vain, and notes the metrics that it names.
func unexposed(expr parser.Expr, legend string, exposed map[string]map[string]bool, named map[string]bool) []string {
	var problems []string
	all := map[string]bool{}
	for _, selector := range parser.ExtractSelectors(expr) {
		name, family := familyOf(selector, exposed)
		if family == nil {
			problems = append(problems, name+" is not exposed")
			continue
		}
		named[name] = true
		maps.Copy(all, family)
		for _, m := range selector {
			if m.Name != model.MetricNameLabel && !family[m.Name] {
				problems = append(problems, name+" has no label "+m.Name)
			}
		}
	}
	for _, label := range labelsUsed(expr, legend) {
		if !all[label] {
			problems = append(problems, "none of the metrics has a label "+label)
		}
	}
	return problems
}

// familyOf is the metric that a selector names, and its labels.
func familyOf(selector []*labels.Matcher, exposed map[string]map[string]bool) (string, map[string]bool) {
	name := ""
	for _, m := range selector {
		if m.Name == model.MetricNameLabel {
			name = m.Value
		}
	}
	if exposed[name] == nil {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
	}
	return name, exposed[name]
}

// labelsUsed are those by which an expression groups and matches, and which its legend shows.
func labelsUsed(expr parser.Expr, legend string) []string {
	var used []string
	for _, use := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(legend, -1) {
		used = append(used, use[1])
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.AggregateExpr:
			used = append(used, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				used = append(used, n.VectorMatching.MatchingLabels...)
			}
		}
		return nil
	})
	return used
}

// exposedLabels are the labels of every metric that is exposed, with those that a scrape adds; and of
// those that every Go program exposes, and Prometheus itself.
func exposedLabels(t *testing.T) map[string]map[string]bool {
	t.Helper()
	registry, _ := exampleInstruments(t)
	registry.MustRegister(exampleCollector())
	all := map[string]map[string]bool{
		"up": {}, "process_resident_memory_bytes": {}, "process_cpu_seconds_total": {}, "process_start_time_seconds": {},
	}
	families, err := prometheus.Gatherer(registry).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		all[family.GetName()] = map[string]bool{}
		if family.GetType().String() == "HISTOGRAM" {
			all[family.GetName()]["le"] = true
		}
		for _, metric := range family.Metric {
			for _, pair := range metric.Label {
				all[family.GetName()][pair.GetName()] = true
			}
		}
	}
	for _, family := range all {
		family["job"], family["instance"] = true, true
	}
	return all
}

// dashboardTargets are the queries of a dashboard.
func dashboardTargets(t *testing.T, path string) []dashboardTarget {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var all []dashboardTarget
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, dashboardTarget{panel.Title, target.Expr, target.LegendFormat})
		}
	}
	return all
}

package alert

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/internal/goldens"
)

const shippedRules = "../examples/rules/ghostpair.rules.yml"

func defaultRules(t *testing.T) []byte {
	t.Helper()
	rules, err := Rules(RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// The shipped file is what the command prints.
func TestRulesGolden(t *testing.T) {
	t.Parallel()
	goldens.Check(t, shippedRules, string(defaultRules(t)), *update)
}

// Every metric that a rule names is exposed, but for those that others expose.
func TestRulesNameExposedMetrics(t *testing.T) {
	t.Parallel()
	exposed := goldenNames(t)
	registry, _ := exampleInstruments(t)
	for name := range metricNames(t, bytes.NewReader(text(t, registry))) {
		exposed[name] = true
	}
	named := regexp.MustCompile(`ghostpair_[a-z0-9_]+`).FindAllString(string(defaultRules(t)), -1)
	if len(named) < 10 {
		t.Fatalf("only %d metrics are named", len(named))
	}
	for _, name := range named {
		if !exposed[name] {
			t.Errorf("the rules name %s, which is not exposed", name)
		}
	}
}

// Every alert has a heading in the runbook, at the anchor to which it links.
func TestRulesHaveRunbook(t *testing.T) {
	t.Parallel()
	runbook, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(defaultRules(t)), -1)
	if len(alerts) != 12 {
		t.Errorf("%d alerts, want 12", len(alerts))
	}
	for _, alert := range alerts {
		if !strings.Contains(string(runbook), "\n## "+alert[1]+"\n") {
			t.Errorf("docs/runbook.md has no heading %s", alert[1])
		}
		if link := DefaultRunbook + "#" + strings.ToLower(alert[1]); !strings.Contains(string(defaultRules(t)), link) {
			t.Errorf("no link %s", link)
		}
	}
}

// The labels that reroute an alert are those that the findings say.
func TestLookAlikes(t *testing.T) {
	t.Parallel()
	for _, label := range []string{
		finding.LabelLagOutside, finding.LabelTrain, finding.LabelStepped, finding.LabelHalfStep, finding.LabelFast,
		finding.LabelChain, finding.LabelWidespread,
	} {
		if got := regexp.MustCompile("^(?:" + lookAlikes + ")$").MatchString(label); got != finding.LookAlike(label) {
			t.Errorf("%s: the rules say %v, the findings %v", label, got, !got)
		}
	}
}

func TestRuleOptions(t *testing.T) {
	t.Parallel()
	rules, err := Rules(RuleOptions{
		Severity: "critical", Runbook: "https://wiki.example.org/ghostpair", StaleAfter: 30 * time.Minute,
		Labels: map[string]string{"team": "platform"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"severity: critical", "severity: info", "team: platform", "https://wiki.example.org/ghostpair#ghostpairlookalike",
		"_watermark_timestamp_seconds > 1800", "total[30m]",
	} {
		if !strings.Contains(string(rules), want) {
			t.Errorf("no %q in the rules", want)
		}
	}
	for _, bad := range []RuleOptions{
		{Runbook: "runbook.md"},
		{Runbook: DefaultRunbook + "#top"},
		{StaleAfter: time.Second},
		{Labels: map[string]string{"my-team": "x"}},
		{Labels: map[string]string{"severity": "x"}},
	} {
		if _, err := Rules(bad); err == nil {
			t.Errorf("Rules(%+v) = no error", bad)
		}
	}
}

// Prometheus 3 reads the rules: the expressions, the templates, and no unknown field.
func TestRulesPrometheus3(t *testing.T) {
	t.Parallel()
	groups, errs := rulefmt.Parse(defaultRules(t), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups != nil && len(groups.Groups) != 2 {
		t.Errorf("%d groups, want 2", len(groups.Groups))
	}
}

// promtool loads the rules and runs their unit tests.
func TestRulesPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus)")
	}
	for _, args := range [][]string{
		{"check", "rules", "ghostpair.rules.yml"},
		{"test", "rules", "ghostpair.rules.test.yml"},
	} {
		command := exec.Command(promtool, args...)
		command.Dir = "../examples/rules"
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// promtool has no complaint about the names and the help of the metrics.
func TestMetricsPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus)")
	}
	registry, _ := exampleInstruments(t)
	registry.MustRegister(exampleCollector())
	command := exec.Command(promtool, "check", "metrics")
	command.Stdin = bytes.NewReader(text(t, registry))
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

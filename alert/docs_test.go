package alert

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// docs/metrics.md has a row for every metric, and none for a metric that is not there.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(ghostpair_[a-z0-9_]+)` \\| (\\w+) \\|").FindAllStringSubmatch(string(manual), -1) {
		documented[row[1]] = row[2]
	}
	registry, _ := exampleInstruments(t)
	registry.MustRegister(exampleCollector())
	exposed := map[string]string{}
	for line := range strings.Lines(string(text(t, registry))) {
		if fields := strings.Fields(line); fields[1] == "TYPE" {
			exposed[fields[2]] = fields[3]
		}
	}
	for name, kind := range exposed {
		if documented[name] != kind {
			t.Errorf("%s is a %s; docs/metrics.md says %q", name, kind, documented[name])
		}
	}
	for name := range documented {
		if exposed[name] == "" {
			t.Errorf("docs/metrics.md documents %s, which is not exposed", name)
		}
	}
}

// Queries in the manual can be parsed. Those of one block are separated by
// comments or blank lines.
func TestQueriesOfTheManual(t *testing.T) {
	t.Parallel()
	queries := 0
	for _, path := range []string{"../docs/metrics.md", "../docs/runbook.md", "../docs/report.md"} {
		manual, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllSubmatch(manual, -1) {
			for _, query := range regexp.MustCompile(`(?m)^ *(#.*)?$`).Split(string(block[1]), -1) {
				if query = strings.TrimSpace(query); query == "" {
					continue
				}
				queries++
				if _, err := parser.NewParser(parser.Options{}).ParseExpr(query); err != nil {
					t.Errorf("%s: %v in\n%s", path, err, query)
				}
			}
		}
	}
	if queries != 13 {
		t.Errorf("%d queries found, want 13", queries)
	}
}

// The manual names no metric of ghostpair that does not exist.
func TestManualNamesExposedMetrics(t *testing.T) {
	t.Parallel()
	registry, _ := exampleInstruments(t)
	registry.MustRegister(exampleCollector())
	exposed := metricNames(t, bytes.NewReader(text(t, registry)))
	for _, path := range []string{"../docs/runbook.md", "../docs/configuration.md", "../docs/report.md"} {
		manual, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`ghostpair_[a-z0-9_]+`).FindAllString(string(manual), -1) {
			if !exposed[strings.TrimSuffix(name, "_bucket")] {
				t.Errorf("%s names %s, which is not exposed", path, name)
			}
		}
	}
}

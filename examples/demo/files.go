package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed consoles
var consoleFiles embed.FS

// consoles is the directory of the pages that the embedded Prometheus shows.
func (d *demo) consoles() string { return filepath.Join(d.work, "consoles") }

func (d *demo) rulesFile() string { return filepath.Join(d.work, "rules.yml") }

// writeFiles writes the configuration of ghostpair, its rules, and the consoles.
func (d *demo) writeFiles(ctx context.Context, prometheusURL string) error {
	if err := os.WriteFile(d.ghostpair.config, []byte(ghostpairConfig(prometheusURL)), 0o600); err != nil {
		return err
	}
	if err := d.ghostpair.rules(ctx, d.rulesFile()); err != nil {
		return err
	}
	pages, err := fs.Sub(consoleFiles, "consoles")
	if err != nil {
		return err
	}
	return os.CopyFS(d.consoles(), pages)
}

// ghostpairConfig is all that ghostpair has to be told: where Prometheus is. The rest makes the demo
// lively: it looks more often, and closer to now, than a server of this size needs.
func ghostpairConfig(prometheusURL string) string {
	return fmt.Sprintf(`prometheus:
  url: %s
evaluate:
  every: 5s
  delay: 5s
`, prometheusURL)
}

// prometheusConfig scrapes the Envoys every second, and ghostpair.
func (d *demo) prometheusConfig() string {
	var b strings.Builder
	fmt.Fprintf(&b, `global:
  scrape_interval: 5s
  evaluation_interval: 5s
rule_files: [%q]
scrape_configs:
  - job_name: ghostpair
    static_configs: [{targets: [%q]}]
  - job_name: envoy
    scrape_interval: 1s
    scrape_timeout: 1s
    metrics_path: /stats/prometheus
    static_configs:
`, d.rulesFile(), d.findings)
	for target, address := range d.targets {
		fmt.Fprintf(&b, "      - targets: [%q]\n        labels:\n", address)
		for _, label := range d.fleet.TargetLabels(target) { // as in the history
			fmt.Fprintf(&b, "          %s: %q\n", label.Name, label.Value)
		}
	}
	return b.String()
}

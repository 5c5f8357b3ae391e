package alert

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"gopkg.in/yaml.v3"
)

// DefaultRunbook is where the headings of the runbook are found, one for each alert.
const DefaultRunbook = "https://github.com/ghostpair/ghostpair/blob/main/docs/runbook.md"

// RuleOptions say how the shipped rules differ from their defaults.
type RuleOptions struct {
	// Severity is the label of alerts about proven pairs; empty is warning: they name a cause, and
	// the symptom has a page of its own.
	Severity string
	// Runbook is the address of the runbook, without an anchor; empty is DefaultRunbook.
	Runbook string
	// StaleAfter is how old the newest evaluated sample, or the last successful read, may be; 0 is
	// ten minutes. It must be more than evaluate.every and evaluate.delay together.
	StaleAfter time.Duration
	// Labels are added to every alert, such as team.
	Labels map[string]string
}

// labelName is what an alert label may be called for every Prometheus there is.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (o RuleOptions) withDefaults() (RuleOptions, error) {
	if o.Severity == "" {
		o.Severity = "warning"
	}
	if o.Runbook == "" {
		o.Runbook = DefaultRunbook
	}
	if o.StaleAfter == 0 {
		o.StaleAfter = 10 * time.Minute
	}
	var errs []error
	if u, err := url.Parse(o.Runbook); err != nil || u.Host == "" || u.Fragment != "" {
		errs = append(errs, fmt.Errorf("runbook %q: must be an absolute URL without an anchor", o.Runbook))
	}
	if o.StaleAfter < time.Minute {
		errs = append(errs, fmt.Errorf("stale after %v: must be a minute at least", o.StaleAfter))
	}
	for name := range o.Labels {
		if !labelName.MatchString(name) || name == "severity" || name == "alertname" {
			errs = append(errs, fmt.Errorf("label %q: must be a plain label name other than severity and alertname", name))
		}
	}
	return o, errors.Join(errs...)
}

// The shape of a rule file.
type (
	ruleFile struct {
		Groups []ruleGroup `yaml:"groups"`
	}
	ruleGroup struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	}
	rule struct {
		Alert         string            `yaml:"alert"`
		Expr          string            `yaml:"expr"`
		For           string            `yaml:"for,omitempty"`
		KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
		Labels        map[string]string `yaml:"labels"`
		Annotations   ruleAnnotations   `yaml:"annotations"`
	}
	ruleAnnotations struct {
		Summary     string `yaml:"summary"`
		Description string `yaml:"description"`
		RunbookURL  string `yaml:"runbook_url"`
	}
)

const ruleHeader = `# Alerting rules of ghostpair, for Prometheus 2.42 and later: ` + "`ghostpair rules`" + ` prints them.
# They need nothing but the metrics of ghostpair itself, and the ` + "`up`" + ` of its scrape.
`

// Rules returns the alerting rules as the text of a rule file.
func Rules(o RuleOptions) ([]byte, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	file := ruleFile{Groups: []ruleGroup{
		{Name: "ghostpair", Rules: pairAlerts(o)},
		{Name: "ghostpair-self", Rules: selfAlerts(o)},
	}}
	out := bytes.NewBufferString(ruleHeader)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return out.Bytes(), nil
}

package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/relabel"
	"gopkg.in/yaml.v3"
)

// secret stands for what is not shown, as everywhere in Prometheus.
const secret = "<secret>"

// The shape of the file. Texts where the checked configuration has durations, times and ratios.
type (
	fileConfig struct {
		Prometheus              filePrometheus    `yaml:"prometheus"`
		Evaluate                fileEvaluate      `yaml:"evaluate"`
		FalseAlarmsPerMonth     float64           `yaml:"false_alarms_per_month"`
		FalseSuspicionsPerMonth float64           `yaml:"false_suspicions_per_month"`
		ClearBelow              float64           `yaml:"clear_below"`
		Fingerprints            []fileFingerprint `yaml:"fingerprints"`
		Sources                 []fileSource      `yaml:"sources"`
		Ignore                  []fileIgnore      `yaml:"ignore"`
		Diagnosis               *fileDiagnosis    `yaml:"diagnosis,omitempty"`
		Limits                  fileLimits        `yaml:"limits"`
		Objectives              []fileObjective   `yaml:"objectives"`
		Maintenance             []fileMaintenance `yaml:"maintenance"`
		Report                  fileReport        `yaml:"report"`
	}
	filePrometheus struct {
		URL         string                      `yaml:"url,omitempty"`
		URLs        []string                    `yaml:"urls,omitempty"`
		HTTP        promconfig.HTTPClientConfig `yaml:",inline"`
		Protocol    string                      `yaml:"protocol"`
		Timeout     string                      `yaml:"timeout"`
		Concurrency int                         `yaml:"concurrency"`
	}
	fileEvaluate struct {
		Every   string `yaml:"every"`
		Delay   string `yaml:"delay"`
		History string `yaml:"history"`
	}
	fileFingerprint struct {
		Name string   `yaml:"name"`
		Lag  []string `yaml:"lag,flow"`
	}
	fileSource struct {
		Name           string             `yaml:"name"`
		Kind           string             `yaml:"kind"`
		Signal         string             `yaml:"signal,omitempty"`
		Selector       string             `yaml:"selector"`
		Requests       *string            `yaml:"requests,omitempty"`
		RouteLabels    []string           `yaml:"route_labels,flow,omitempty"`
		TargetLabels   []string           `yaml:"target_labels,flow,omitempty"`
		ViewLabels     *[]string          `yaml:"view_labels,flow,omitempty"`
		ScrapeInterval string             `yaml:"scrape_interval,omitempty"`
		Delay          string             `yaml:"delay,omitempty"`
		Exclude        *map[string]string `yaml:"exclude,omitempty"`
		RelabelConfigs []*relabel.Config  `yaml:"relabel_configs,omitempty"`
	}
	fileIgnore struct {
		Route       string `yaml:"route"`
		Fingerprint string `yaml:"fingerprint,omitempty"`
		Reason      string `yaml:"reason"`
		Until       string `yaml:"until,omitempty"`
	}
	fileDiagnosis struct {
		Callers   []filePods `yaml:"callers,omitempty"`
		Upstreams []filePods `yaml:"upstreams,omitempty"`
	}
	filePods struct {
		Route     string `yaml:"route"`
		Namespace string `yaml:"namespace"`
		Pod       string `yaml:"pod"`
	}
	fileLimits struct {
		Routes int `yaml:"routes"`
	}
	fileObjective struct {
		Route  string  `yaml:"route"`
		Target float64 `yaml:"target"`
		Window string  `yaml:"window"`
	}
	fileMaintenance struct {
		From   string `yaml:"from"`
		To     string `yaml:"to"`
		Reason string `yaml:"reason,omitempty"`
	}
	fileReport struct {
		TimeZone string `yaml:"time_zone"`
		Schedule string `yaml:"schedule"`
	}
)

// YAML returns the effective configuration, defaults included, as a file that can be read again.
// Secrets are shown as <secret>.
func (c *Config) YAML() ([]byte, error) {
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(c.file()); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return []byte(out.String()), nil
}

func (c *Config) file() fileConfig {
	f := fileConfig{
		Prometheus: filePrometheus{
			HTTP: c.Prometheus.HTTP, Protocol: c.Prometheus.Protocol,
			Timeout: formatDuration(c.Prometheus.Timeout), Concurrency: c.Prometheus.Concurrency,
		},
		Evaluate: fileEvaluate{
			Every: formatDuration(c.Evaluate.Every), Delay: formatDuration(c.Evaluate.Delay), History: formatDuration(c.Evaluate.History),
		},
		FalseAlarmsPerMonth:     c.FalseAlarmsPerMonth,
		FalseSuspicionsPerMonth: c.FalseSuspicionsPerMonth,
		ClearBelow:              c.ClearBelow,
		Limits:                  fileLimits(c.Limits),
		Report:                  fileReport{TimeZone: c.Report.TimeZone.String(), Schedule: c.Report.Schedule},
	}
	if f.Prometheus.URLs = c.Prometheus.redacted(); len(c.Prometheus.URLs) == 0 {
		f.Prometheus.URL, f.Prometheus.URLs = f.Prometheus.URLs[0], nil
	}
	for _, p := range c.Fingerprints {
		f.Fingerprints = append(f.Fingerprints, fileFingerprint{p.Name, []string{formatDuration(p.Lo), formatDuration(p.Hi)}})
	}
	for _, s := range c.Sources {
		f.Sources = append(f.Sources, s.file())
	}
	for _, i := range c.Ignore {
		f.Ignore = append(f.Ignore, fileIgnore{i.Route, i.Fingerprint, i.Reason, formatInstant(i.Until)})
	}
	f.Diagnosis = c.Diagnosis.file()
	for _, o := range c.Objectives {
		f.Objectives = append(f.Objectives, fileObjective{o.Route, o.Target, formatDuration(o.Window)})
	}
	for _, m := range c.Maintenance {
		f.Maintenance = append(f.Maintenance, fileMaintenance{formatInstant(m.From), formatInstant(m.To), m.Reason})
	}
	return f
}

// file returns nil where nothing is given.
func (d Diagnosis) file() *fileDiagnosis {
	if len(d.Callers)+len(d.Upstreams) == 0 {
		return nil
	}
	var f fileDiagnosis
	for _, p := range d.Callers {
		f.Callers = append(f.Callers, filePods(p))
	}
	for _, p := range d.Upstreams {
		f.Upstreams = append(f.Upstreams, filePods(p))
	}
	return &f
}

// file writes keys even when they are empty where an omitted key would mean the default.
func (s Source) file() fileSource {
	f := fileSource{
		Name: s.Name, Kind: s.Kind, Signal: s.Signal, Selector: s.Selector,
		RouteLabels: s.RouteLabels, TargetLabels: s.TargetLabels, RelabelConfigs: s.RelabelConfigs,
	}
	if s.Timing() {
		f.Requests, f.ViewLabels, f.Exclude = &s.Requests, &s.ViewLabels, &s.Exclude
	}
	if s.ScrapeInterval > 0 {
		f.ScrapeInterval = formatDuration(s.ScrapeInterval)
	}
	if s.Delay > 0 || !s.Timing() {
		f.Delay = formatDuration(s.Delay)
	}
	return f
}

func formatInstant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// RedactedURL returns the URL with user information shown as <secret>; of several servers the list.
func (p Prometheus) RedactedURL() string { return strings.Join(p.redacted(), ", ") }

func (p Prometheus) redacted() []string {
	var out []string
	for _, text := range p.Servers() {
		out = append(out, redactedURL(text))
	}
	return out
}

func redactedURL(text string) string {
	u, err := parseURL(text)
	if err != nil {
		return secret // only a checked URL is known to hold no credentials
	}
	if u.User == nil {
		return text
	}
	u.User = nil
	return strings.Replace(u.String(), "//", "//"+secret+"@", 1)
}

// withoutUser returns an address as it names a server.
func withoutUser(text string) string {
	return strings.TrimRight(strings.Replace(redactedURL(text), "//"+secret+"@", "//", 1), "/")
}

// Hash names what the state of the detector depends on: a state that was written under another
// hash must not be continued. Credentials, the pace, the limits and what only the report uses may
// change.
func (c *Config) Hash() string {
	all := c.file()
	stateful := fileConfig{
		FalseAlarmsPerMonth: all.FalseAlarmsPerMonth, FalseSuspicionsPerMonth: all.FalseSuspicionsPerMonth,
		ClearBelow:   all.ClearBelow,
		Fingerprints: all.Fingerprints,
		Ignore:       all.Ignore,
	}
	stateful.Prometheus.URL = strings.Replace(all.Prometheus.URL, "//"+secret+"@", "//", 1)
	for _, text := range c.Prometheus.URLs {
		stateful.Prometheus.URLs = append(stateful.Prometheus.URLs, withoutUser(text))
	}
	for i, s := range c.Sources {
		if s.Timing() {
			source := all.Sources[i]
			source.Delay, source.Requests = "", nil
			stateful.Sources = append(stateful.Sources, source)
		}
	}
	text, err := yaml.Marshal(stateful)
	if err != nil {
		panic(fmt.Sprintf("config: a parsed configuration cannot be written: %v", err)) // of texts and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

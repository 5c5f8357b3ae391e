package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/version"
	"gopkg.in/yaml.v3"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
)

// journal is that of a backfill; without a file it is empty.
type journal struct {
	*engine.Journal
	resumed bool // it was there
}

func (j *journal) remove() error {
	if j.Journal == nil {
		return nil
	}
	return j.Remove()
}

// The facts that say which window it is. Where --start and --end are relative, a resumed run has the
// window of the one that began it.
const (
	factStart = "start of the window"
	factEnd   = "end of the window"
)

// openJournal reads the journal, or makes it when it is not there. It returns the window to read.
func (b *backfill) openJournal(c *config.Config, window finding.Window, logger *slog.Logger) (*journal, finding.Window, error) {
	if b.journal == "" {
		return new(journal), window, nil
	}
	facts, err := b.facts(c, window)
	if err != nil {
		return nil, window, err
	}
	read, err := engine.ReadJournal(b.journal)
	if errors.Is(err, fs.ErrNotExist) {
		made, err := engine.NewJournal(b.journal, facts)
		return &journal{Journal: made}, window, err
	}
	if err != nil {
		return nil, window, fmt.Errorf("%w; nothing was changed: give another --journal, or delete the file to start anew", err)
	}
	if diff := differences(read.Facts(), facts); len(diff) > 0 {
		return nil, window, usageError(fmt.Errorf("the journal %s is of another run, and nothing was changed: %s; give another --journal, or delete the file to start anew",
			b.journal, strings.Join(diff, "; ")))
	}
	then, err := windowOf(read.Facts())
	if err != nil {
		return nil, window, fmt.Errorf("the journal %s: %w", b.journal, err)
	}
	logger.Info("Going on from the journal", "file", b.journal, "start", then.Start.Format(time.RFC3339), "end", then.End.Format(time.RFC3339))
	return &journal{Journal: read, resumed: true}, then, nil
}

// facts are all that the result depends on, but for the samples.
func (b *backfill) facts(c *config.Config, window finding.Window) ([]engine.Fact, error) {
	facts := []engine.Fact{
		{Name: "version of ghostpair", Value: version.Version},
		{Name: "--start", Value: b.start},
		{Name: "--end", Value: b.end},
		{Name: "--lead-in", Value: b.leadIn.String()},
		{Name: factStart, Value: window.Start.Format(time.RFC3339Nano)},
		{Name: factEnd, Value: window.End.Format(time.RFC3339Nano)},
		{Name: "--explain", Value: b.explain},
		{Name: "--step", Value: b.recordedStep()},
	}
	text, err := c.YAML()
	if err != nil {
		return nil, err
	}
	var parsed struct {
		Prometheus struct {
			URL  string   `yaml:"url"`
			URLs []string `yaml:"urls"`
		} `yaml:"prometheus"`
		FalseAlarms  yaml.Node   `yaml:"false_alarms_per_month"`
		ClearBelow   yaml.Node   `yaml:"clear_below"`
		Fingerprints yaml.Node   `yaml:"fingerprints"`
		Ignore       yaml.Node   `yaml:"ignore"`
		Diagnosis    yaml.Node   `yaml:"diagnosis"`
		Limits       yaml.Node   `yaml:"limits"`
		Sources      []yaml.Node `yaml:"sources"`
	}
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return nil, err
	}
	facts = append(facts, engine.Fact{Name: "prometheus.url", Value: strings.Join(append(parsed.Prometheus.URLs, parsed.Prometheus.URL), " ")})
	add := func(name string, node *yaml.Node) {
		value, errYAML := yaml.Marshal(node)
		facts, err = append(facts, engine.Fact{Name: name, Value: strings.TrimSpace(string(value))}), errors.Join(err, errYAML)
	}
	add("false_alarms_per_month", &parsed.FalseAlarms)
	add("clear_below", &parsed.ClearBelow)
	add("fingerprints", &parsed.Fingerprints)
	add("ignore", &parsed.Ignore)
	add("limits", &parsed.Limits)
	if !parsed.Diagnosis.IsZero() {
		add("diagnosis", &parsed.Diagnosis)
	}
	for i := range parsed.Sources {
		if c.Sources[i].Timing() {
			add("source "+c.Sources[i].Name, &parsed.Sources[i])
		}
	}
	return facts, err
}

// recordedStep is the distance of the instants that are recorded; empty when none are.
func (b *backfill) recordedStep() string {
	if b.output != "openmetrics" {
		return ""
	}
	return b.step.String()
}

// differences names the facts of two runs that are not the same, apart from the window.
func differences(then, now []engine.Fact) []string {
	var all []string
	values := make(map[string]string)
	for _, f := range now {
		values[f.Name] = f.Value
	}
	for _, f := range then {
		value, ok := values[f.Name]
		delete(values, f.Name)
		switch {
		case f.Name == factStart || f.Name == factEnd || ok && value == f.Value:
		case !ok:
			all = append(all, "it has "+f.Name+", this run has not")
		case short(f.Value) && short(value):
			all = append(all, fmt.Sprintf("%s is %q there, and %q now", f.Name, f.Value, value))
		default:
			all = append(all, f.Name+" is another")
		}
	}
	for _, f := range now {
		if _, left := values[f.Name]; left {
			all = append(all, "this run has "+f.Name+", the journal has not")
		}
	}
	return all
}

func short(value string) bool {
	return utf8.RuneCountInString(value) <= 60 && !strings.Contains(value, "\n")
}

func windowOf(facts []engine.Fact) (w finding.Window, err error) {
	for _, f := range facts {
		var errTime error
		switch f.Name {
		case factStart:
			w.Start, errTime = time.Parse(time.RFC3339Nano, f.Value)
		case factEnd:
			w.End, errTime = time.Parse(time.RFC3339Nano, f.Value)
		}
		err = errors.Join(err, errTime)
	}
	return w, err
}

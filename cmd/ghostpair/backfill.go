package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
)

const backfillHelp = `Looks for pairs in the history that Prometheus has: the same detection that serve runs live.

    ghostpair backfill --start=-7d
    ghostpair backfill --start=2026-11-01T00:00:00Z --end=2026-11-08T00:00:00Z --output=json
    ghostpair backfill --start=-1d --selector='istio_requests_total{response_code=~"5.."}' --route.label=destination_service_name

Instants are RFC 3339, Unix seconds, or before now, as in -7d. The findings are a function of the configuration,
the origin (--start less --lead-in), the end and the samples: the same command gives the same bytes.

For scripts, --fail-on=paired ends with exit code 3 when a route is paired; 4 means that a part of the time could
not be read, which the output lists.`

// backfill is what the flags of the command say.
type backfill struct {
	from    connection
	logging logging

	start, end   string
	leadIn       model.Duration
	selector     string
	routeLabels  []string
	fingerprints []string

	output, outputFile, failOn string
	verdicts                   []string
	route                      *regexp.Regexp
}

// backfillCommand looks for pairs in history.
func backfillCommand(app *kingpin.Application) (string, func(std) error) {
	b := new(backfill)
	cmd := app.Command("backfill", "Look for pairs in the history that Prometheus has.").HelpLong(backfillHelp)
	b.from.flags(cmd)
	cmd.Flag("start", "Where to start.").Required().PlaceHolder("INSTANT").StringVar(&b.start)
	cmd.Flag("end", "Where to end.").Default("now").StringVar(&b.end)
	cmd.Flag("lead-in", "How much before the start to read, so that a pair across it is seen whole.").Default("0s").SetValue(&b.leadIn)
	cmd.Flag("selector", "Counters of errors to test, in place of the sources of the configuration.").PlaceHolder("SELECTOR").StringVar(&b.selector)
	cmd.Flag("route.label", "Label of --selector that names the route. Repeatable. (default: envoy_cluster_name)").PlaceHolder("LABEL").StringsVar(&b.routeLabels)
	cmd.Flag("fingerprint", "Lag to look for: the name of one in the configuration, or a range such as 5s..6.5s. Repeatable. (default: all of the configuration)").PlaceHolder("NAME|LO..HI").StringsVar(&b.fingerprints)
	cmd.Flag("route", "Show only routes that this regular expression matches as a whole.").PlaceHolder("REGEX").RegexpVar(&b.route)
	cmd.Flag("verdict", "Show only findings with this verdict: paired, suspected, clear or undecided. Repeatable.").PlaceHolder("VERDICT").EnumsVar(&b.verdicts, "paired", "suspected", "clear", "undecided")
	cmd.Flag("output", "text, json (one document) or jsonl (one finding a line).").Short('o').Default("text").EnumVar(&b.output, "text", "json", "jsonl")
	cmd.Flag("output.file", "Where to write to, in place of standard output.").PlaceHolder("FILE").StringVar(&b.outputFile)
	cmd.Flag("fail-on", "End with exit code 3 when a finding has this verdict: paired, or suspected (which includes paired).").PlaceHolder("VERDICT").EnumVar(&b.failOn, "paired", "suspected")
	b.logging.flags(cmd)
	return cmd.FullCommand(), b.run
}

func (b *backfill) run(s std) error {
	now := time.Now()
	c, err := b.config()
	if err != nil {
		return usageError(err)
	}
	window, err := b.window(now, c)
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	evaluation, err := b.evaluate(ctx, s, c, window)
	if err != nil {
		return err
	}
	document := evaluation.Document
	document.Findings = b.filter(document.Findings)
	if err := writeOutput(s.out, b.outputFile, func(w io.Writer) error { return b.write(w, document, c.Fingerprints) }); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return b.verdict(document)
}

// window returns the stretch to look at. Samples of the last moments may still be on their way.
func (b *backfill) window(now time.Time, c *config.Config) (finding.Window, error) {
	start, err := parseInstant(b.start, now)
	if err != nil {
		return finding.Window{}, fmt.Errorf("--start: %w", err)
	}
	end, err := parseInstant(b.end, now)
	if err != nil {
		return finding.Window{}, fmt.Errorf("--end: %w", err)
	}
	if settled := now.Add(-c.Evaluate.Delay - timingDelay(c)); end.After(settled) {
		end = settled
	}
	start, end = start.UTC().Truncate(time.Millisecond), end.UTC().Truncate(time.Millisecond)
	if !start.Before(end) {
		return finding.Window{}, fmt.Errorf("--start %s is not before the end %s, which is at most %s before now",
			start.Format(time.RFC3339), end.Format(time.RFC3339), c.Evaluate.Delay+timingDelay(c))
	}
	return finding.Window{Start: start, End: end}, nil
}

// evaluate reads the window. An error means that there is nothing to show.
func (b *backfill) evaluate(ctx context.Context, s std, c *config.Config, window finding.Window) (*finding.Evaluation, error) {
	logger := b.logging.logger(s.err)
	o, err := engineOptions(c, score.NewCache(), hooks{logger: logger})
	if err != nil {
		return nil, usageError(err)
	}
	o.Origin, o.Start, o.PublishWithin = window.Start.Add(-time.Duration(b.leadIn)), window.Start, 0
	o.Sources = timingOnly(o.Sources)
	meter := newMeter(s.err, logger, o.Origin, o.Sources)
	o.Progress = meter.observe
	e, err := engine.New(o)
	if err != nil {
		return nil, usageError(err)
	}
	err = e.Advance(ctx, window.End)
	meter.stop()
	switch evaluation := e.Evaluation(); {
	case ctx.Err() != nil:
		return nil, errors.New("interrupted")
	case err != nil && !e.Watermark().After(o.Origin):
		return nil, err
	case err != nil:
		logger.Error("Not everything could be read", "err", err)
		return evaluation, nil
	default:
		return evaluation, nothingThere(c, evaluation)
	}
}

// timingOnly leaves out what is only shown by the service. History is complete: no source has a
// delay.
func timingOnly(all []engine.Source) []engine.Source {
	var timing []engine.Source
	for _, s := range all {
		if s.Reader != nil {
			s.Delay = 0
			timing = append(timing, s)
		}
	}
	return timing
}

// nothingThere is an error when no source had a series nor anything beside it: then the findings
// are empty because nothing was looked at, not because all is well.
func nothingThere(c *config.Config, e *finding.Evaluation) error {
	for _, s := range e.Sources {
		if s.Series > 0 || s.SiblingsPresent {
			return nil
		}
	}
	if e.Quality.Samples > 0 {
		return nil
	}
	return fmt.Errorf("%s has no series that a selector matches, and no `up` beside them, between %s and %s: check the selectors with `ghostpair check`",
		c.Prometheus.RedactedURL(), e.Window.Start.Format(time.RFC3339), e.Window.End.Format(time.RFC3339))
}

// filter returns the findings that are to be shown.
func (b *backfill) filter(all []finding.Finding) []finding.Finding {
	kept := []finding.Finding{}
	for _, f := range all {
		if b.shows(&f) {
			kept = append(kept, f)
		}
	}
	return kept
}

func (b *backfill) shows(f *finding.Finding) bool {
	if b.route != nil && !matchesWhole(b.route, f.Route) {
		return false
	}
	if len(b.verdicts) == 0 {
		return true
	}
	for _, v := range b.verdicts {
		if v == f.Verdict.String() {
			return true
		}
	}
	return false
}

func matchesWhole(r *regexp.Regexp, s string) bool {
	return regexp.MustCompile(`^(?s:` + r.String() + `)$`).MatchString(s)
}

// verdict returns the error that makes the exit code.
func (b *backfill) verdict(d finding.Document) error {
	if len(d.FailedWindows) > 0 {
		return &exit{exitPartial, errors.New("a part of the time could not be read, see failed_windows")}
	}
	for _, f := range d.Findings {
		if f.Verdict == finding.Paired && b.failOn != "" || f.Verdict == finding.Suspected && b.failOn == "suspected" {
			return &exit{code: exitFound}
		}
	}
	return nil
}

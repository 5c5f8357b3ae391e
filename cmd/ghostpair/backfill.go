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
	"github.com/ghostpair/ghostpair/finding"
)

const backfillHelp = `Looks for pairs in the history that Prometheus has: the same detection that serve runs live.

    ghostpair backfill --start=-7d
    ghostpair backfill --start=2026-11-01T00:00:00Z --end=2026-11-08T00:00:00Z --output=json
    ghostpair backfill --start=-1d --selector='istio_requests_total{response_code=~"5.."}' --route.label=destination_service_name
    ghostpair backfill --start=-7d --explain=httproute/shop/checkout/rule/0

Instants are RFC 3339, Unix seconds, or before now, as in -7d. The findings are a function of the configuration,
the origin (--start less --lead-in), the end and the samples: the same command gives the same bytes.

A long run: --dry-run says what it would read, --journal=FILE makes it resumable by the same command,
--max-samples-per-second goes easy on the server, --continue-on-error goes on behind what cannot be read.

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
	step                       model.Duration
	verdicts                   []string
	route                      *regexp.Regexp
	explain                    string

	dryRun          bool
	journal         string
	continueOnError bool
	concurrency     int
	samplesPerSec   int64
}

// backfillCommand looks for pairs in history.
func backfillCommand(app *kingpin.Application) (string, func(std) error) {
	b := new(backfill)
	cmd := app.Command("backfill", "Look for pairs in the history that Prometheus has.").HelpLong(backfillHelp)
	b.from.flags(cmd)
	b.whatToTest(cmd)
	b.whatToShow(cmd)
	b.howToRead(cmd)
	b.logging.flags(cmd)
	return cmd.FullCommand(), b.run
}

func (b *backfill) whatToTest(cmd *kingpin.CmdClause) {
	cmd.Flag("start", "Where to start.").Required().PlaceHolder("INSTANT").StringVar(&b.start)
	cmd.Flag("end", "Where to end.").Default("now").StringVar(&b.end)
	cmd.Flag("lead-in", "How much before the start to read, so that a pair across it is seen whole.").Default("0s").SetValue(&b.leadIn)
	cmd.Flag("selector", "Counters of errors to test, in place of the sources of the configuration.").PlaceHolder("SELECTOR").StringVar(&b.selector)
	cmd.Flag("route.label", "Label of --selector that names the route. Repeatable. (default: envoy_cluster_name)").PlaceHolder("LABEL").StringsVar(&b.routeLabels)
	cmd.Flag("fingerprint", "Lag to look for: the name of one in the configuration, or a range such as 5s..6.5s. Repeatable. (default: all of the configuration)").PlaceHolder("NAME|LO..HI").StringsVar(&b.fingerprints)
}

func (b *backfill) whatToShow(cmd *kingpin.CmdClause) {
	cmd.Flag("route", "Show only routes that this regular expression matches as a whole.").PlaceHolder("REGEX").RegexpVar(&b.route)
	cmd.Flag("verdict", "Show only findings with this verdict: paired, suspected, clear or undecided. Repeatable.").PlaceHolder("VERDICT").EnumsVar(&b.verdicts, "paired", "suspected", "clear", "undecided")
	cmd.Flag("explain", "Show everything behind the verdicts about this route: its name, or * for the pooled stream.").PlaceHolder("ROUTE").StringVar(&b.explain)
	cmd.Flag("output", "text, json (one document), jsonl (one finding a line), csv, or openmetrics (for promtool tsdb create-blocks-from).").Short('o').Default("text").EnumVar(&b.output, "text", "json", "jsonl", "csv", "openmetrics")
	cmd.Flag("step", "Distance of the samples of --output=openmetrics.").Default("1h").SetValue(&b.step)
	cmd.Flag("output.file", "Where to write to, in place of standard output.").PlaceHolder("FILE").StringVar(&b.outputFile)
	cmd.Flag("fail-on", "End with exit code 3 when a finding has this verdict: paired, or suspected (which includes paired).").PlaceHolder("VERDICT").EnumVar(&b.failOn, "paired", "suspected")
}

func (b *backfill) howToRead(cmd *kingpin.CmdClause) {
	cmd.Flag("dry-run", "Say what would be read and how long that would take, and read nothing.").BoolVar(&b.dryRun)
	cmd.Flag("journal", "File to resume from: started again with the same flags, the run goes on where it ended, however it ended. Deleted at the end.").PlaceHolder("FILE").StringVar(&b.journal)
	cmd.Flag("continue-on-error", "Go on behind a stretch that cannot be read, rather than end there. It is listed, and is a gap in the coverage.").BoolVar(&b.continueOnError)
	cmd.Flag("concurrency", "Requests in flight. (default: prometheus.concurrency of the configuration)").PlaceHolder("N").IntVar(&b.concurrency)
	cmd.Flag("max-samples-per-second", "Read no more than this on average. (default: no limit)").PlaceHolder("N").Int64Var(&b.samplesPerSec)
}

func (b *backfill) run(s std) error {
	now := time.Now()
	c, err := b.config()
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return usageError(err)
	}
	window, err := b.window(now, c)
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if b.dryRun {
		return b.dry(ctx, s, c, window)
	}
	r, err := b.evaluate(ctx, s, c, window)
	if err != nil {
		return err
	}
	if err := b.show(s, c, r); err != nil {
		return err
	}
	if r.done {
		if err := r.journal.remove(); err != nil {
			return fmt.Errorf("the findings are written, but the journal is not deleted: %w", err)
		}
	}
	return b.verdict(r.Document)
}

// check looks for flags that do not go together.
func (b *backfill) check() error {
	switch {
	case b.explain != "" && b.output != "text":
		return errors.New("--explain prints text: leave --output out")
	case b.explain != "" && (b.route != nil || len(b.verdicts) > 0):
		return errors.New("--explain is about one route: leave --route and --verdict out")
	case b.dryRun && b.output != "text":
		return errors.New("--dry-run prints text: leave --output out")
	case b.step <= 0:
		return errors.New("--step must be positive")
	case b.concurrency < 0:
		return errors.New("--concurrency must be positive")
	case b.samplesPerSec < 0:
		return errors.New("--max-samples-per-second must be positive")
	}
	return checkOutput(b.outputFile)
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
	if end.After(now) {
		return finding.Window{}, fmt.Errorf("--end: %s is in the future", end.Format(time.RFC3339))
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

// show writes what was found where it is wanted.
func (b *backfill) show(s std, c *config.Config, r *result) error {
	if b.explain != "" && len(r.Findings) == 0 {
		return fmt.Errorf("there is no route %q in this time%s", b.explain, nearNames(b.explain, r.routes))
	}
	if err := writeOutput(s.out, b.outputFile, func(w io.Writer) error { return b.write(w, c, r) }); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// verdict returns the error that makes the exit code.
func (b *backfill) verdict(d finding.Document) error {
	if len(d.FailedWindows) > 0 {
		return &exit{exitPartial, errors.New("a part of the time could not be read" + b.whatFailed(d))}
	}
	for _, f := range d.Findings {
		if f.Verdict == finding.Paired && b.failOn != "" || f.Verdict == finding.Suspected && b.failOn == "suspected" {
			return &exit{code: exitFound}
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/survey"
)

const doctorHelp = `Takes one look at a live Prometheus, and says what ghostpair can and cannot see in it: which series
are there, how often they are really scraped (from raw samples, not from a configuration), which lags such
scrapes can show, what is missing for a diagnosis, how long until a verdict at the errors there are, and
what to change, as text to paste. It only reads.

    ghostpair doctor --prometheus.url=http://localhost:9090

Findings are ok, a note, a warning, or a problem: nothing can be found as it stands. With
--fail-on=warning the exit code is 3 when there is one of those or worse.`

// doctorFlags are the flags of the command.
type doctorFlags struct {
	from      connection
	window    model.Duration
	at        string
	output    string
	failOn    string
	runs      int
	seed      uint64
	pairShare float64
	verbose   bool
}

// doctorCommand looks at a live Prometheus.
func doctorCommand(app *kingpin.Application) (string, func(std) error) {
	f := new(doctorFlags)
	cmd := app.Command("doctor", "Look at a live Prometheus: what can and cannot be seen in it, and what to change.").HelpLong(doctorHelp)
	f.from.flags(cmd)
	cmd.Flag("window", "How much of the newest samples is looked at: at least 10m, at most 3d.").Default("6h").SetValue(&f.window)
	cmd.Flag("at", "End of the window: an instant such as 2026-11-01T00:00:00Z, or -1d. (default: evaluate.delay ago)").PlaceHolder("INSTANT").StringVar(&f.at)
	cmd.Flag("pair-share", "Share of the errors that is assumed to be in pairs, for how long a verdict takes.").Default("0.2").Float64Var(&f.pairShare)
	cmd.Flag("runs", "Simulated runs for how long a verdict takes. 0: none.").Default("20").IntVar(&f.runs)
	cmd.Flag("seed", "Seed of the simulation.").Default("1").Uint64Var(&f.seed)
	cmd.Flag("verbose", "Also show what is as it should be in full, and every route.").Short('v').BoolVar(&f.verbose)
	cmd.Flag("output", "text or json.").Short('o').Default("text").EnumVar(&f.output, "text", "json")
	cmd.Flag("fail-on", "Exit with 3 when a finding is a warning (or worse), or a problem.").EnumVar(&f.failOn, survey.Warning.String(), survey.Problem.String())
	return cmd.FullCommand(), f.run
}

func (f *doctorFlags) run(s std) error {
	c, err := f.from.load()
	if err != nil {
		return usageError(err)
	}
	at, err := f.check(c, time.Now())
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	options, err := doctorOptions(ctx, c, f, at)
	if err != nil {
		return usageError(err)
	}
	e, err := survey.Doctor(ctx, options)
	if err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		return err
	}
	if err := f.write(s.out, c, e); err != nil {
		return err
	}
	if worst := survey.Worst(e.Findings); f.failOn != "" && worst.String() == f.failOn || f.failOn != "" && worst == survey.Problem {
		return &exit{code: exitFound}
	}
	return nil
}

// check says all that is wrong with the flags, and returns the end of the window.
func (f *doctorFlags) check(c *config.Config, now time.Time) (time.Time, error) {
	var problems []error
	at := now.Add(-c.Evaluate.Delay)
	if f.at != "" {
		var err error
		if at, err = parseInstant(f.at, now); err != nil {
			problems = append(problems, fmt.Errorf("--at %w", err))
		}
	}
	if w := time.Duration(f.window); w < 10*time.Minute || w > 72*time.Hour {
		problems = append(problems, fmt.Errorf("--window %s must be between 10m and 3d", f.window))
	}
	if f.pairShare <= 0 || f.pairShare > 1 {
		problems = append(problems, fmt.Errorf("--pair-share %g must be above 0, and at most 1", f.pairShare))
	}
	if f.runs < 0 || f.runs > 1000 {
		problems = append(problems, fmt.Errorf("--runs %d must be between 0 and 1000", f.runs))
	}
	return at, errors.Join(problems...)
}

// doctorOptions turns a configuration into what the doctor looks at. Of several servers it looks at one
// that answers, and reads the samples of all.
func doctorOptions(ctx context.Context, c *config.Config, f *doctorFlags, at time.Time) (survey.DoctorOptions, error) {
	silent := slog.New(slog.DiscardHandler) // what would be logged is among the findings
	servers, err := newServers(c, silent)
	if err != nil {
		return survey.DoctorOptions{}, err
	}
	server, err := answering(ctx, c, silent)
	if err != nil {
		return survey.DoctorOptions{}, err
	}
	o := survey.DoctorOptions{
		Server: surveyed{server, servers}, Tables: score.NewCache(), At: at.Truncate(time.Millisecond), Window: time.Duration(f.window), History: c.Evaluate.History,
		Outlook: survey.Outlook{
			Runs: f.runs, Seed: f.seed, Workers: runtime.GOMAXPROCS(0), Horizon: 7 * 24 * time.Hour, PairShare: f.pairShare,
		},
	}
	for _, fp := range c.Fingerprints {
		o.Fingerprints = append(o.Fingerprints, score.Fingerprint{Name: fp.Name, Lo: fp.Lo, Hi: fp.Hi})
	}
	var errs []error
	for _, s := range c.Sources {
		if !s.Timing() {
			o.LoadBalancer = s.Selector
			continue
		}
		source, err := newSource(s, c.Limits, servers, nil)
		errs = append(errs, err)
		o.Sources = append(o.Sources, survey.Source{
			Name: s.Name, Signal: s.Signal, Selector: s.Selector, Requests: s.Requests, RouteLabels: s.RouteLabels, Exclude: s.Exclude,
			ScrapeInterval: s.ScrapeInterval, RouteLimit: c.Limits.Routes, Reader: source.Reader,
		})
	}
	o.Outlook.FalseAlarmsPerMonth = c.FalseAlarmsPerMonth / float64(max(len(o.Sources), 1))
	return o, errors.Join(errs...)
}

func (f *doctorFlags) write(w io.Writer, c *config.Config, e *survey.Examination) error {
	if f.output == "json" {
		return writeDoctorJSON(w, c, e)
	}
	_, err := io.WriteString(w, doctorText(c, e, width(w), f.verbose))
	return err
}

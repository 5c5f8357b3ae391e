package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/simulate/power"
)

const powerHelp = `Answers "is my scrape good enough?": how long it takes until a given rate of pairs on one route is
found, and with what probability. It plays the errors of the route many times, scrapes them at each
interval, and lets the detector itself judge. Nothing is asked of Prometheus.

    ghostpair power
    ghostpair power --scrape-interval=15s
    ghostpair power --routes=500 --pairs-per-hour=0.5 --errors-per-hour=60 --background=bursty

The threshold is that of the default configuration for so many routes: its fingerprints and timing
sources share the false alarms. Time counts from the start of the fault; docs/power.md says how to
read the table, and what it leaves out.`

// powerFlags are the flags of the command.
type powerFlags struct {
	invented
	intervals    []string
	routes, runs int
	fingerprint  string
	falseAlarms  float64
	horizon      model.Duration
	seed         uint64
	output       string

	chosenIntervals       []time.Duration
	chosenFingerprint     config.Fingerprint
	fingerprints, sources int // that share the false alarms
}

// powerCommand simulates how long pairs take to be found.
func powerCommand(app *kingpin.Application) (string, func(std) error) {
	f := new(powerFlags)
	cmd := app.Command("power", "How long until pairs would be found at a scrape interval, and with what probability.").HelpLong(powerHelp)
	cmd.Flag("scrape-interval", "Scrape interval to try. Repeatable. (default: 500ms, 1s, 2s, 3s, 5s and 15s)").PlaceHolder("DURATION").StringsVar(&f.intervals)
	cmd.Flag("routes", "Routes that are watched and have errors now and then. The threshold grows with them.").Default("50").IntVar(&f.routes)
	f.invented.flags(cmd, "5", "2")
	cmd.Flag("fingerprint", "Lag of the pairs: the name of one of the default configuration, or a range such as 5s..6.5s.").Default(config.Default().Fingerprints[0].Name).StringVar(&f.fingerprint)
	cmd.Flag("false-alarms-per-month", "False alarms that are to be expected at most, over everything that is watched.").Default("1").Float64Var(&f.falseAlarms)
	cmd.Flag("horizon", "How long each run is watched.").Default("7d").SetValue(&f.horizon)
	cmd.Flag("runs", "Number of runs, with pairs, and as many without.").Default("100").IntVar(&f.runs)
	cmd.Flag("seed", "Seed of the simulation: the same gives the same answer.").Default("1").Uint64Var(&f.seed)
	cmd.Flag("output", "text or json.").Short('o').Default("text").EnumVar(&f.output, "text", "json")
	return cmd.FullCommand(), f.run
}

func (f *powerFlags) run(s std) error {
	if err := f.check(); err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	answers, err := f.ask(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		return err
	}
	if f.output == "json" {
		return f.writeJSON(s.out, answers)
	}
	return f.writeText(s.out, answers)
}

// check reads the flags, and says all that is wrong with them.
func (f *powerFlags) check() error {
	var problems []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	f.chosenIntervals = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 15 * time.Second}
	if len(f.intervals) > 0 {
		f.chosenIntervals = nil
	}
	for _, text := range f.intervals {
		d, err := parseLag(text)
		must(err == nil, "--scrape-interval %q is not a duration", text)
		must(err != nil || d >= 250*time.Millisecond && d <= time.Hour && d%time.Millisecond == 0,
			"--scrape-interval %s must be whole milliseconds between 250ms and 1h", text)
		f.chosenIntervals = append(f.chosenIntervals, d)
	}
	slices.Sort(f.chosenIntervals)
	f.chosenIntervals = slices.Compact(f.chosenIntervals)
	fingerprint, err := lagRange("--fingerprint", f.fingerprint, config.Default().Fingerprints)
	if err != nil {
		problems = append(problems, err)
	}
	f.chosenFingerprint = fingerprint
	must(f.routes >= 1 && f.routes <= 1_000_000, "--routes %d must be between 1 and 1000000", f.routes)
	problems = append(problems, f.invented.check(1000)...)
	must(f.runs >= 1 && f.runs <= 100_000, "--runs %d must be between 1 and 100000", f.runs)
	must(f.falseAlarms > 0 && f.falseAlarms <= 1e6, "--false-alarms-per-month %g must be positive", f.falseAlarms)
	must(time.Duration(f.horizon) >= time.Hour && time.Duration(f.horizon) <= 366*24*time.Hour, "--horizon %s must be between 1h and 366d", f.horizon)
	return errors.Join(problems...)
}

// ask asks about each scrape interval.
func (f *powerFlags) ask(ctx context.Context) ([]*power.Answer, error) {
	f.sources, f.fingerprints = 0, len(config.Default().Fingerprints)
	for _, s := range config.Default().Sources {
		if s.Timing() {
			f.sources++
		}
	}
	q := power.Question{
		Fingerprint: score.Fingerprint{Name: f.chosenFingerprint.Name, Lo: f.chosenFingerprint.Lo, Hi: f.chosenFingerprint.Hi},
		Targets:     f.targets,
		Background:  f.others(), PairsPerHour: f.pairsPerHour, Across: f.across,
		Streams:             (f.routes + 1) * f.fingerprints, // one more for the routes pooled
		FalseAlarmsPerMonth: f.falseAlarms / float64(f.sources),
	}
	plan := power.Plan{
		Runs: f.runs, Horizon: time.Duration(f.horizon), Seed: f.seed,
		Workers: runtime.GOMAXPROCS(0), Tables: score.NewCache(),
	}
	var answers []*power.Answer
	for _, interval := range f.chosenIntervals {
		q.ScrapeInterval = interval
		answer, err := power.Ask(ctx, q, plan)
		if err != nil {
			return nil, fmt.Errorf("at a scrape interval of %s: %w", shortDuration(interval), err)
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

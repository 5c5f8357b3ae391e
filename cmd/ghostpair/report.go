package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/slo"
)

const reportHelp = `Writes the error-budget report of a week: how each route did against its objective, what burned the budget, which
part of it was errors in pairs, what changed since the week before, and what to do.

    ghostpair report --output.file=report.html
    ghostpair report --output=text
    ghostpair report --week=2026-W47 --tz=Europe/Berlin --output=markdown
    ghostpair report --month=2026-11 --output=csv --output.file=november.csv

Without --week, --month, --quarter or --range it is about the last complete week. One that has not ended is marked as
partial. Objectives and maintenance come from the configuration. Exit code 4 means that a part of the time could
not be read, which the report says.`

// reportFlags is what the flags of the command say.
type reportFlags struct {
	from    connection
	logging logging
	openSLO openSLO

	week, month, quarter, stretch string
	zone                          string
	output, outputFile            string
}

// reportCommand writes the report.
func reportCommand(app *kingpin.Application) (string, func(std) error) {
	f := new(reportFlags)
	cmd := app.Command("report", "Write the error-budget report of a week, month or any stretch of time.").HelpLong(reportHelp)
	f.from.flags(cmd)
	cmd.Flag("week", "The ISO week. (default: the last complete one)").PlaceHolder("2026-W47").StringVar(&f.week)
	cmd.Flag("month", "The month, in place of a week.").PlaceHolder("2026-11").StringVar(&f.month)
	cmd.Flag("quarter", "The quarter, in place of a week.").PlaceHolder("2026-Q4").StringVar(&f.quarter)
	cmd.Flag("range", "Any stretch, in place of a week: two instants, as for backfill.").PlaceHolder("START..END").StringVar(&f.stretch)
	f.openSLO.flags(cmd)
	cmd.Flag("tz", "Time zone of weeks and of what is shown. (default: report.time_zone of the configuration, UTC)").PlaceHolder("ZONE").StringVar(&f.zone)
	cmd.Flag("output", "html (one self-contained page), text (for a terminal), markdown, json or csv.").Short('o').Default("html").EnumVar(&f.output, report.Formats()...)
	cmd.Flag("output.file", "Where to write to, in place of standard output.").PlaceHolder("FILE").StringVar(&f.outputFile)
	f.logging.flags(cmd)
	return cmd.FullCommand(), f.run
}

func (f *reportFlags) run(s std) error {
	now := time.Now()
	c, err := f.from.load()
	if err != nil {
		return usageError(err)
	}
	left, err := f.openSLO.add(c)
	if err != nil {
		return usageError(err)
	}
	period, err := f.period(now, c)
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	r, err := newReporter(c, period, now, s.err, f.logging.logger(s.err))
	if err != nil {
		return usageError(err)
	}
	r.notes = left
	built, err := r.build(ctx)
	if err != nil {
		return err
	}
	if built.Period.CoveredFrom.IsZero() {
		return fmt.Errorf("%s has no data of %s, neither of errors nor of scrapes: there is nothing to report; `ghostpair doctor` says what is there",
			c.Prometheus.RedactedURL(), built.Period.Name)
	}
	if err := writeOutput(s.out, f.outputFile, func(w io.Writer) error { return f.write(w, built) }); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if len(built.Quality.Failed) > 0 {
		return &exit{exitPartial, errors.New("a part of the time could not be read: the report says which")}
	}
	return nil
}

// write writes the report as --output says, text as wide as the terminal.
func (f *reportFlags) write(w io.Writer, built *report.Report) error {
	if f.output == "text" && f.outputFile == "" {
		return built.Text(w, width(w))
	}
	return built.Write(w, f.output)
}

// period returns what the report is about.
func (f *reportFlags) period(now time.Time, c *config.Config) (slo.Period, error) {
	zone, err := f.location(c)
	if err != nil {
		return slo.Period{}, err
	}
	now = now.In(zone)
	named, flag := "", ""
	for _, choice := range [][2]string{{"--week", f.week}, {"--month", f.month}, {"--quarter", f.quarter}, {"--range", f.stretch}} {
		if choice[1] == "" {
			continue
		}
		if flag != "" {
			return slo.Period{}, fmt.Errorf("%s and %s exclude one another: a report is about one stretch of time", flag, choice[0])
		}
		flag, named = choice[0], choice[1]
	}
	var period slo.Period
	switch flag {
	case "":
		return slo.Week(now).Previous(), nil
	case "--range":
		period, err = f.between(now, zone)
	default:
		period, err = named2period(flag, named, zone)
	}
	if err == nil && !period.Start.Before(now) {
		err = fmt.Errorf("%s: %s has not begun", flag, named)
	}
	return period, err
}

// location is the time zone of the report.
func (f *reportFlags) location(c *config.Config) (*time.Location, error) {
	if f.zone == "" {
		return c.Report.TimeZone, nil
	}
	zone, err := time.LoadLocation(f.zone)
	if err != nil || f.zone == "Local" {
		return nil, fmt.Errorf("--tz: %q is no time zone: write an IANA name such as UTC or Europe/Berlin", f.zone)
	}
	return zone, nil
}

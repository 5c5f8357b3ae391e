package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/simulate"
)

const simulateHelp = `Writes counters of errors with planted pairs, as Prometheus would have scraped them from Envoy, in the
OpenMetrics text format; and beside it what is to be found in them.

    ghostpair simulate --end=2026-11-02T00:00:00Z --duration=1d --output.file=ghosts.om
    promtool tsdb create-blocks-from openmetrics ghosts.om data/
    prometheus --storage.tsdb.path=data/ --storage.tsdb.retention.time=10y --config.file=/dev/null
    ghostpair backfill --start=2026-11-01T00:00:00Z --end=2026-11-02T00:00:00Z

The first routes have pairs (--paired-routes), the others have the same background without. The
same flags give the same bytes. A day of one counter scraped every second is 86400 lines, about 20 MB.`

// simulation is what the flags of the command say.
type simulation struct {
	invented
	routes, pairedRoutes int

	interval, jitter string
	missed           float64

	lag string

	start, end string
	duration   model.Duration
	births     bool
	resets     model.Duration
	seed       uint64

	outputFile, truthFile string
}

// simulateCommand writes invented counters.
func simulateCommand(app *kingpin.Application) (string, func(std) error) {
	f := new(simulation)
	cmd := app.Command("simulate", "Write counters with planted pairs, to try the tool.").HelpLong(simulateHelp)
	cmd.Flag("routes", "Number of routes.").Default("3").IntVar(&f.routes)
	cmd.Flag("paired-routes", "How many of them have pairs.").Default("1").IntVar(&f.pairedRoutes)
	f.invented.flags(cmd, "2", "4")
	cmd.Flag("scrape-interval", "Scrape interval.").Default("1s").StringVar(&f.interval)
	cmd.Flag("jitter", "By how much a scrape is early or late at most.").Default("0s").StringVar(&f.jitter)
	cmd.Flag("missed", "Share of the scrapes that fail, such as 0.001.").Default("0").Float64Var(&f.missed)
	cmd.Flag("lag", "Lag between the two errors of a pair.").Default("5s..6.5s").StringVar(&f.lag)
	cmd.Flag("start", "Where to start. (default: --duration before the end)").PlaceHolder("INSTANT").StringVar(&f.start)
	cmd.Flag("end", "Where to end. (default: --duration after the start, or the last full hour)").PlaceHolder("INSTANT").StringVar(&f.end)
	cmd.Flag("duration", "How long, unless both ends are given. (default: 1d)").PlaceHolder("DURATION").SetValue(&f.duration)
	cmd.Flag("births", "A counter appears with its first error, as Envoy's do; --no-births: it is there from the start.").Default("true").BoolVar(&f.births)
	cmd.Flag("resets", "Restart every target once in this time, each at a moment of its own; 0s: never.").Default("0s").SetValue(&f.resets)
	cmd.Flag("seed", "Seed of the simulation.").Default("1").Uint64Var(&f.seed)
	cmd.Flag("output.file", "Where to write to, in place of standard output.").PlaceHolder("FILE").StringVar(&f.outputFile)
	cmd.Flag("truth.file", "Where to write, as JSON, what is to be found. (default: that of --output.file with .truth.json added)").PlaceHolder("FILE").StringVar(&f.truthFile)
	return cmd.FullCommand(), f.run
}

func (f *simulation) run(s std) error {
	fleet, end, err := f.fleet(time.Now())
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	record := fleet.Record(fleet.StartMillis, end.UnixMilli())
	err = writeOutput(s.out, f.outputFile, func(w io.Writer) error {
		return record.WriteOpenMetrics(interruptible(ctx, w))
	})
	if err != nil {
		return fmt.Errorf("simulate to %s: %w", nameOr(f.outputFile, "standard output"), err)
	}
	return f.writeTruth(s, record)
}

// writeTruth writes what is to be found, if there is a file for it, and says in a line what was made.
func (f *simulation) writeTruth(s std, record *simulate.Record) error {
	path := f.truthFile
	if path == "" && f.outputFile != "" {
		path = f.outputFile + ".truth.json"
	}
	truth := record.Truth()
	if path != "" {
		err := writeOutput(nil, path, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(truth)
		})
		if err != nil {
			return fmt.Errorf("truth to %s: %w", path, err)
		}
	}
	failures := 0
	for _, route := range truth.Routes {
		failures += route.Errors
	}
	_, err := fmt.Fprintf(s.err, "Simulated %s to %s: %s on %s, with %s.\n",
		truth.Start.Format(time.RFC3339), truth.End.Format(time.RFC3339),
		plural(failures, "error"), plural(len(truth.Routes), "route"), plural(len(truth.Pairs), "pair"))
	return err
}

// fleet builds what is simulated, or says all that is wrong with the flags.
func (f *simulation) fleet(now time.Time) (*simulate.Fleet, time.Time, error) {
	grid, lag, problems := f.grid()
	start, end, err := f.window(now)
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, end, err
	}
	fleet := &simulate.Fleet{
		Seed: f.seed, StartMillis: start.UnixMilli(),
		Targets: simulate.Pods(f.seed, f.targets, grid),
	}
	for i := range fleet.Targets {
		if every := time.Duration(f.resets); every > 0 {
			// Evenly staggered, the first one half a turn into the day.
			at := every * time.Duration(2*i+1) / time.Duration(2*f.targets)
			fleet.Targets[i].Restarts = simulate.Restarts{Every: every, At: at.Truncate(time.Millisecond), Down: restartTakes}
		}
	}
	for i := range f.routes {
		route := simulate.Route{Name: fmt.Sprintf("httproute/simulated/route-%d/rule/0", i), Processes: f.others(), Eager: !f.births}
		if i < f.pairedRoutes && f.pairsPerHour > 0 {
			route.Processes = append(route.Processes, simulate.Pairs{PerHour: f.pairsPerHour, Lag: lag, Across: f.across})
		}
		fleet.Routes = append(fleet.Routes, route)
	}
	return fleet, end, nil
}

// restartTakes is how long a target is down when it restarts.
const restartTakes = 20 * time.Second

// grid checks everything but the window.
func (f *simulation) grid() (grid simulate.Grid, lag simulate.Span, problems []error) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	var err error
	grid.Missed = f.missed
	grid.Interval, err = parseLag(f.interval)
	must(err == nil && wholeMillis(grid.Interval) && grid.Interval >= 100*time.Millisecond && grid.Interval <= time.Hour,
		"--scrape-interval %s must be whole milliseconds between 100ms and 1h", f.interval)
	grid.Jitter, err = parseLag(f.jitter)
	must(err == nil && wholeMillis(grid.Jitter) && grid.Jitter >= 0 && 2*grid.Jitter < max(grid.Interval, 1),
		"--jitter %s must be whole milliseconds, and less than half of the scrape interval", f.jitter)
	must(f.missed >= 0 && f.missed < 1, "--missed %g must be at least 0 and below 1", f.missed)
	must(f.routes >= 1 && f.routes <= 100_000, "--routes %d must be between 1 and 100000", f.routes)
	must(f.pairedRoutes >= 0 && f.pairedRoutes <= f.routes, "--paired-routes %d must be between 0 and --routes, which is %d", f.pairedRoutes, f.routes)
	problems = append(problems, f.invented.check(10_000)...)
	must(f.resets == 0 || time.Duration(f.resets) >= 2*restartTakes, "--resets %s must be at least %s, twice as long as a restart takes", f.resets, 2*restartTakes)
	lags, err := lagRange("--lag", f.lag, nil)
	if err != nil {
		problems = append(problems, err)
	}
	return grid, simulate.Span{Lo: lags.Lo, Hi: lags.Hi}, problems
}

func wholeMillis(d time.Duration) bool { return d%time.Millisecond == 0 }

// longestSimulation keeps a typing error from filling a disk.
const longestSimulation = 366 * 24 * time.Hour

// window returns both ends of what is simulated.
func (f *simulation) window(now time.Time) (start, end time.Time, err error) {
	duration := time.Duration(f.duration)
	if f.start != "" && f.end != "" && duration != 0 {
		return start, end, errors.New("--start, --end and --duration: leave one of them out")
	}
	if duration == 0 {
		duration = 24 * time.Hour
	}
	if f.start != "" {
		if start, err = parseInstant(f.start, now); err != nil {
			return start, end, fmt.Errorf("--start: %w", err)
		}
		end = start.Add(duration)
	}
	if f.end != "" {
		if end, err = parseInstant(f.end, now); err != nil {
			return start, end, fmt.Errorf("--end: %w", err)
		}
	} else if f.start == "" {
		end = now.Truncate(time.Hour)
	}
	if f.start == "" {
		start = end.Add(-duration)
	}
	start, end = start.UTC().Truncate(time.Millisecond), end.UTC().Truncate(time.Millisecond)
	if length := end.Sub(start); length <= 0 || length > longestSimulation {
		return start, end, fmt.Errorf("from %s to %s is %s: the start must be before the end, by at most a year",
			start.Format(time.RFC3339), end.Format(time.RFC3339), length)
	}
	return start, end, nil
}

// interruptible returns a writer that fails once a context is cancelled.
func interruptible(ctx context.Context, w io.Writer) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, errors.New("interrupted")
		}
		return w.Write(p)
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func nameOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// Command demo shows ghostpair at work, with nothing to install but Go: a week in the life of a
// small fleet of Envoys, kept by a real Prometheus that runs inside this program and goes on
// scraping, with ghostpair beside it. A few routes have pairs of errors five seconds apart among
// honest noise; the others have only the noise.
//
// It prints what ghostpair finds, and where to look. Ctrl-C ends everything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/common/promslog"
)

// options are the flags.
type options struct {
	data       string        // directory of the history, kept between runs
	history    time.Duration // of history
	prometheus int           // port to try first
	ghostpair  int           // port to try first
	binary     string        // of ghostpair; empty: it is built
	once       bool          // check the findings, then end
	patience   time.Duration // how long to wait for them
	verbose    bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(exitCode(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// exitCode runs the demo: 0 all went well, 1 something did not, 2 wrong usage.
func exitCode(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	o, err := parse(arguments, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := run(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

func parse(arguments []string, stderr io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.data, "data", "", "`directory` of the history, kept between runs (default: in the user's cache)")
	flags.DurationVar(&o.history, "history", 7*24*time.Hour, "how much history to invent")
	flags.IntVar(&o.prometheus, "prometheus-port", 9090, "port of Prometheus; taken ones are stepped over")
	flags.IntVar(&o.ghostpair, "ghostpair-port", 9955, "port of ghostpair; taken ones are stepped over")
	flags.StringVar(&o.binary, "ghostpair", "", "ghostpair `binary` to use (default: it is built from this repository)")
	flags.BoolVar(&o.once, "once", false, "end when the planted pairs were found and nothing else; exit status 1 if not")
	flags.DurationVar(&o.patience, "for", 3*time.Minute, "how long to wait for the findings")
	flags.BoolVar(&o.verbose, "verbose", false, "show the logs of Prometheus and ghostpair")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", flags.Arg(0))
		fmt.Fprintln(stderr, "demo:", err)
		return options{}, err
	}
	if o.data == "" {
		o.data = filepath.Join(cacheDirectory(), "ghostpair-demo")
	}
	return o, nil
}

// cacheDirectory is the user's, or the one for temporary files where there is none.
func cacheDirectory() string {
	directory, err := os.UserCacheDir()
	if err != nil {
		return os.TempDir()
	}
	return directory
}

// run brings the parts up, shows the findings, and takes the parts down again.
func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	logger := promslog.NewNopLogger()
	if o.verbose {
		logger = slog.New(slog.NewTextHandler(stderr, nil))
	}
	d := &demo{options: o, out: stdout, logs: stderr, logger: logger, fleet: shop()}
	err := d.start(ctx)
	if err == nil {
		err = d.watch(ctx)
	}
	if ctx.Err() != nil { // what else went wrong did so because the end was wanted
		err = nil
		if o.once {
			err = errors.New("interrupted before the findings were as planted")
		}
	}
	return errors.Join(err, d.stop())
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	oklog "github.com/oklog/run"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/ghostpair/ghostpair/config"
)

const serveHelp = `Runs the service: reads evaluate.history once, then what is new every evaluate.every, and shows what it
found on /metrics, as JSON on /api/v1/findings and for people on /.

    ghostpair serve --prometheus.url=http://localhost:9090
    ghostpair serve --config.file=ghostpair.yml --storage.path=/var/lib/ghostpair

With --storage.path a restart goes on from the last snapshot and reads only the hole; without it, or after a
change of sources or fingerprints, history is read again. SIGHUP and POST /-/reload load the configuration again;
a bad one is refused and the old one stays.

POST /api/v1/backfill looks for pairs in any stretch of history, without a second ghostpair; results are kept
with --storage.path for a week. With --storage.path the error-budget report of every week is written to its
directory reports when the week has ended, or when ghostpair is back after that, and shown at /reports/. One on
the latest seven days is renewed every day: the metrics of budgets are those.

/-/ready answers 503 until history has been read, and when Prometheus cannot be read for too long.
Prometheus should scrape /metrics and load the rules that ` + "`ghostpair rules`" + ` prints.`

// shutdownTimeout is how long requests may take to end at shutdown.
const shutdownTimeout = 5 * time.Second

// serveCommand runs the service.
func serveCommand(app *kingpin.Application) (string, func(std) error) {
	var (
		from    connection
		slos    openSLO
		logging logging
	)
	cmd := app.Command("serve", "Run the service: watch Prometheus, expose metrics, an API and a page.").HelpLong(serveHelp)
	from.flags(cmd)
	slos.flags(cmd)
	directory := cmd.Flag("storage.path", "Directory for the state and for backfill jobs, so that a restart need not read history again. It is made when it is missing, and belongs to one ghostpair.").PlaceHolder("DIR").String()
	listen := kingpinflag.AddFlags(cmd, ":9955")
	logging.flags(cmd)
	return cmd.FullCommand(), func(s std) error {
		logger := logging.logger(s.err)
		o := serviceOptions{
			load: slos.load(from.load, logger), logger: logger, progress: s.err,
			flags: flagValues(app, cmd),
		}
		if err := toolkit.Validate(*listen.WebConfigFile); err != nil {
			return usageError(fmt.Errorf("--web.config.file: %w", err))
		}
		state, err := openStorage(*directory)
		if err != nil {
			return err
		}
		o.snapshot = state.path
		if *directory != "" {
			o.backfill = filepath.Join(*directory, "backfill")
			o.reports = filepath.Join(*directory, "reports")
		}
		svc, err := newService(o)
		if err == nil {
			err = svc.serve(listen)
		}
		return errors.Join(err, state.close())
	}
}

// serve runs every actor until the first one ends, which is how the service is told to stop.
func (s *service) serve(listen *toolkit.FlagConfig) error {
	var actors oklog.Group
	actors.Add(oklog.SignalHandler(context.Background(), syscall.SIGINT, syscall.SIGTERM))
	{
		ctx, cancel := context.WithCancel(context.Background())
		actors.Add(func() error { return s.loop(ctx) }, func(error) { cancel() })
	}
	{
		ctx, cancel := context.WithCancel(context.Background())
		actors.Add(func() error { return s.watchHangup(ctx) }, func(error) { cancel() })
	}
	{
		ctx, cancel := context.WithCancel(context.Background())
		actors.Add(func() error { return s.jobs.Work(ctx) }, func(error) { cancel() })
	}
	{
		ctx, cancel := context.WithCancel(context.Background())
		actors.Add(func() error { return s.weekly.work(ctx) }, func(error) { cancel() })
	}
	{
		server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
		actors.Add(
			func() error { return toolkit.ListenAndServe(server, listen, s.logger) },
			func(error) { s.shutdown(server) },
		)
	}
	err := actors.Run()
	if errors.Is(err, oklog.ErrSignal) {
		s.logger.Info("Stopped", "reason", err.Error())
		return nil
	}
	return err
}

// shutdown lets requests end, but not for ever.
func (s *service) shutdown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		s.logger.Warn("Closing connections", "err", errors.Join(err, server.Close()))
	}
}

// watchHangup asks for a reload at every SIGHUP.
func (s *service) watchHangup(ctx context.Context) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-hangups:
			_ = s.askReload(ctx) // it is logged where it happens
		case <-ctx.Done():
			return nil
		}
	}
}

// flagValues returns the flags in use, for the API. An address may hold a password.
func flagValues(app *kingpin.Application, cmd *kingpin.CmdClause) map[string]string {
	values := make(map[string]string)
	for _, f := range append(app.Model().Flags, cmd.Model().Flags...) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			continue
		}
		value := f.Value.String()
		if f.Name == "prometheus.url" && value != "" {
			value = config.Prometheus{URLs: strings.Split(value, ",")}.RedactedURL()
		}
		values[f.Name] = value
	}
	return values
}

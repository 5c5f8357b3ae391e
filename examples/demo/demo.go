package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/ghostpair/ghostpair/examples/demo/promtest"
	"github.com/ghostpair/ghostpair/simulate"
)

// demo is what runs.
type demo struct {
	options
	out, logs io.Writer
	logger    *slog.Logger
	fleet     *simulate.Fleet

	work    string // directory of files for this run
	history *history
	envoys  []*http.Server
	// addresses of the Envoys, and of ghostpair
	targets  []string
	findings string

	prometheus *promtest.Server
	ghostpair  ghostpair
}

// start brings everything up, in the order in which the parts need one another.
func (d *demo) start(ctx context.Context) error {
	if err := d.prepare(); err != nil {
		return err
	}
	built := make(chan error, 1) // one value, read below
	go func() { built <- d.binaryReady(ctx) }()
	historyErr := d.fillHistory()
	if err := errors.Join(historyErr, <-built); err != nil {
		return err
	}
	if err := d.startEnvoys(); err != nil {
		return err
	}
	return d.startServers(ctx)
}

// prepare makes the directories.
func (d *demo) prepare() error {
	var err error
	var shared bool
	if d.history, shared, err = openHistory(d.data); err != nil {
		return err
	}
	if shared {
		fmt.Fprintf(d.out, "%s is in use by another demo: this one keeps no history\n", d.data)
	}
	d.work, err = os.MkdirTemp("", "ghostpair-demo-")
	return err
}

// binaryReady builds ghostpair, unless one was given.
func (d *demo) binaryReady(ctx context.Context) error {
	d.ghostpair = ghostpair{binary: d.binary, config: filepath.Join(d.work, "ghostpair.yml"), logs: d.logs}
	if !d.verbose {
		d.ghostpair.logs = new(tail)
	}
	if d.binary != "" {
		return nil
	}
	d.ghostpair.binary = filepath.Join(d.data, "ghostpair")
	return build(ctx, d.ghostpair.binary)
}

func (d *demo) fillHistory() error {
	started := time.Now()
	written, kept, err := d.history.fill(d.fleet, started.Add(-d.options.history), started)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "History: %s of %d Envoys with %d routes, scraped every second: %s samples written in %.1f s, %s kept from before.\n",
		days(d.options.history), len(d.fleet.Targets), len(d.fleet.Routes), count(written), time.Since(started).Seconds(), count(kept))
	return nil
}

// firstEnvoyPort is the one that Envoy Gateway gives to the statistics of its proxies.
const firstEnvoyPort = 19001

// startEnvoys opens the statistics pages of the Envoys.
func (d *demo) startEnvoys() error {
	source := &exporter{fleet: d.fleet}
	port := firstEnvoyPort
	for target := range d.fleet.Targets {
		listener, err := listen(d.out, d.fleet.Targets[target].Name, port)
		if err != nil {
			return err
		}
		port = portOf(listener) + 1
		server := &http.Server{Handler: source.handler(target), ReadHeaderTimeout: time.Second}
		d.envoys = append(d.envoys, server)
		d.targets = append(d.targets, listener.Addr().String())
		go func() { _ = server.Serve(listener) }() // until stop closes it
	}
	return nil
}

// startServers starts Prometheus and ghostpair, which read one another.
func (d *demo) startServers(ctx context.Context) error {
	listener, err := listen(d.out, "Prometheus", d.options.prometheus)
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	if d.findings, err = free(d.out, "ghostpair", d.options.ghostpair); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := d.writeFiles(ctx, "http://"+address); err != nil {
		return errors.Join(err, listener.Close())
	}
	d.prometheus, err = promtest.Start(context.WithoutCancel(ctx), promtest.Options{
		Dir: d.history.dir, Listener: listener, Config: d.prometheusConfig(), Consoles: d.consoles(), Logger: d.logger,
	})
	if err != nil {
		return err
	}
	return d.ghostpair.serve(context.WithoutCancel(ctx), d.findings)
}

// stop ends everything that was started, readers first.
func (d *demo) stop() error {
	problems := []error{d.ghostpair.close()}
	if d.prometheus != nil {
		problems = append(problems, d.prometheus.Close())
	}
	for _, server := range d.envoys {
		problems = append(problems, server.Close())
	}
	if d.history != nil {
		problems = append(problems, d.history.close())
	}
	if d.work != "" {
		problems = append(problems, os.RemoveAll(d.work))
	}
	return errors.Join(problems...)
}

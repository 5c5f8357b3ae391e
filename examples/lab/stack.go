package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// readyTimeout is how long all processes together may take to be ready, the first scrape of the
// 15 s job included.
const readyTimeout = 60 * time.Second

// ghostpairName is the process of the ghostpair that watches.
const ghostpairName = "ghostpair"

// A stack is everything that runs, clients excepted.
type stack struct {
	settings
	dir       string // configuration, data and logs of all processes
	tools     tools
	ghostpair string // the built program
	upstreams upstreams
	closers   []func() error // in order of opening; closed in reverse
	processes []*process     // in order of starting; stopped in reverse, before anything is closed
}

// startStack brings everything up and waits until every job has been scraped. On an error it takes
// down again what was up.
func startStack(ctx context.Context, dir string, tools tools) (*stack, error) {
	s := &stack{dir: dir, tools: tools}
	for _, step := range []func(context.Context) error{
		s.openUpstreams, s.chooseAddresses, s.prepareGhostpair,
		s.startProxies, s.startAlertmanager, s.startPrometheus, s.startGhostpair, s.startCoarse, s.waitScraped,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.stop())
		}
	}
	return s, nil
}

func (s *stack) stop() error {
	var errs []error
	for _, p := range slices.Backward(s.processes) {
		errs = append(errs, p.stop())
	}
	for _, closeIt := range slices.Backward(s.closers) {
		errs = append(errs, closeIt())
	}
	s.processes, s.closers = nil, nil
	return errors.Join(errs...)
}

// alive returns nil while every process runs.
func (s *stack) alive() error {
	var errs []error
	for _, p := range s.processes {
		errs = append(errs, p.alive())
	}
	return errors.Join(errs...)
}

// openUpstreams opens the ends that Envoy's clusters point at.
func (s *stack) openUpstreams(ctx context.Context) error {
	s.closers = append(s.closers, s.upstreams.close)
	return s.upstreams.open(ctx)
}

func (s *stack) chooseAddresses(context.Context) (err error) {
	if s.Proxies, err = newProxies(&s.upstreams); err != nil {
		return err
	}
	wanted := []*address{&s.Prometheus, &s.Alertmanager, &s.Ghostpair, &s.Coarse}
	free, err := freeAddresses(len(wanted))
	if err != nil {
		return err
	}
	for i, a := range wanted {
		*a = free[i]
	}
	return nil
}

// prepareGhostpair builds the program, checks its configuration with it, and writes the rules that
// it prints to where Prometheus will load them; promtool must accept them.
func (s *stack) prepareGhostpair(ctx context.Context) error {
	config, err := render(s.dir, "ghostpair.yml", s.settings)
	if err != nil {
		return err
	}
	s.Rules = filepath.Join(s.dir, "rules.yml")
	if s.ghostpair, err = buildGhostpair(ctx, s.dir); err != nil {
		return err
	}
	if _, err := output(exec.CommandContext(ctx, s.ghostpair, "check", "--config.file="+config)); err != nil {
		return err
	}
	rules, err := output(exec.CommandContext(ctx, s.ghostpair, "rules", "--config.file="+config))
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.Rules, rules, 0o600); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	_, err = output(exec.CommandContext(ctx, s.tools.promtool, "check", "rules", s.Rules))
	return err
}

func (s *stack) startAlertmanager(ctx context.Context) error {
	config, err := render(s.dir, "alertmanager.yml", s.settings)
	if err != nil {
		return err
	}
	return s.run(ctx, "alertmanager", s.Alertmanager, "/-/ready", s.tools.alertmanager,
		"--config.file="+config, "--web.listen-address="+s.Alertmanager.String(),
		"--storage.path="+filepath.Join(s.dir, "alertmanager"), "--cluster.listen-address=")
}

func (s *stack) startPrometheus(ctx context.Context) error {
	config, err := render(s.dir, "prometheus.yml", s.settings)
	if err != nil {
		return err
	}
	return s.run(ctx, "prometheus", s.Prometheus, "/-/ready", s.tools.prometheus,
		"--config.file="+config, "--web.listen-address="+s.Prometheus.String(),
		"--storage.tsdb.path="+filepath.Join(s.dir, "prometheus"))
}

func (s *stack) startGhostpair(ctx context.Context) error {
	return s.serve(ctx, ghostpairName, "ghostpair.yml", s.Ghostpair)
}

// startCoarse starts a second ghostpair, which may read only the 15 s job.
func (s *stack) startCoarse(ctx context.Context) error {
	return s.serve(ctx, ghostpairName+"-15s", "ghostpair-15s.yml", s.Coarse)
}

// serve runs `ghostpair serve` with the configuration of that name.
func (s *stack) serve(ctx context.Context, name, config string, at address) error {
	path, err := render(s.dir, config, s.settings)
	if err != nil {
		return err
	}
	return s.run(ctx, name, at, "/-/ready", s.ghostpair, "serve", "--config.file="+path,
		"--web.listen-address="+at.String(), "--storage.path="+filepath.Join(s.dir, name+"-state"))
}

// restartGhostpair kills ghostpair and starts it again, with the state that it left.
func (s *stack) restartGhostpair(ctx context.Context) error {
	i := slices.IndexFunc(s.processes, func(p *process) bool { return p.name == ghostpairName })
	if i < 0 {
		return fmt.Errorf("restart %s: it was never started", ghostpairName)
	}
	if err := s.processes[i].kill(); err != nil {
		return fmt.Errorf("kill %s: %w", ghostpairName, err)
	}
	s.processes = slices.Delete(s.processes, i, i+1)
	return s.startGhostpair(ctx)
}

// run starts a process and waits until it says that it is ready.
func (s *stack) run(ctx context.Context, name string, at address, readyPath, program string, args ...string) error {
	p, err := start(s.dir, name, program, args...)
	if err != nil {
		return err
	}
	s.processes = append(s.processes, p)
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("%s is not ready after %v, see %s", name, readyTimeout, p.logPath))
	defer cancel()
	return wait(ctx, 100*time.Millisecond, p.alive, func() error {
		_, err := get(ctx, at, readyPath)
		return err
	})
}

// waitScraped waits until every target has been scraped by every job. From then on an error counter that is born
// counts as an error; before, it would be a starting value.
func (s *stack) waitScraped(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("not every target is scraped after %v", readyTimeout))
	defer cancel()
	const targets = 2*fleetSize + 1
	return wait(ctx, time.Second, s.alive, func() error {
		up, err := query(ctx, s.Prometheus, "up == 1")
		if err == nil && len(up) < targets {
			err = fmt.Errorf("only %d of %d targets are up", len(up), targets)
		}
		return err
	})
}

// client is an HTTP client of its own, closed with the stack, so that no connection outlives it.
func (s *stack) client() *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	s.closers = append(s.closers, func() error { transport.CloseIdleConnections(); return nil })
	return &http.Client{Transport: transport}
}

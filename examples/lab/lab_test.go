package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
	"github.com/ghostpair/ghostpair/finding"
)

// A laboratory is one run: what is up, what the clients saw, and what it says about it.
type laboratory struct {
	*stack
	tour
	log      *traffic.Log
	document finding.Document // at the end
	raw      []byte           // the same, as the API sent it
	coarse   finding.Document // at the end, of the ghostpair that may read only the 15 s job
	seed     uint64
	probes   int // connects into the black hole that vanished, Envoy's not counted
}

// TestLab is the tour. Its parts are in the order in which they happen; the subtests at the end
// compare what ghostpair, Prometheus and Alertmanager say with what the clients saw.
func TestLab(t *testing.T) {
	tools, err := findTools()
	if err != nil {
		if how := os.Getenv("LAB"); how == "required" || how == "full" {
			t.Fatalf("LAB=%s, but:\n%v", how, err)
		}
		t.Skipf("not everything is here:\n%v", err)
	}
	ctx, cancel := signal.NotifyContext(t.Context(), os.Interrupt)
	defer cancel()
	lab := &laboratory{tour: tour{out: os.Stdout, start: time.Now()}, seed: uint64(time.Now().UnixNano())}
	lab.setUp(ctx, t, tools)
	lab.live(ctx, t)
	if t.Failed() {
		return
	}
	t.Run("Prometheus counts what the clients saw", func(t *testing.T) { lab.checkCounters(ctx, t) })
	t.Run("Envoy's connection managers do too", func(t *testing.T) { lab.checkManagers(ctx, t) })
	t.Run("the counters that tell why grow with the errors", func(t *testing.T) { lab.checkCompanions(ctx, t) })
	t.Run("ghostpair counts each error once", func(t *testing.T) { lab.checkErrors(ctx, t) })
	t.Run("the ghosts are paired and nothing else is", func(t *testing.T) { lab.checkVerdicts(t) })
	t.Run("the lag is the true one", func(t *testing.T) { lab.checkLags(t) })
	t.Run("Alertmanager has the alert", func(t *testing.T) { lab.checkAlerts(ctx, t) })
	t.Run("a 15 s scrape shows how long connects wait", func(t *testing.T) { lab.checkCoarse(t) })
	t.Run("the right cause is named", func(t *testing.T) { lab.checkCauses(t) })
	t.Run("the doctor sees what there is", func(t *testing.T) { lab.checkDoctor(ctx, t) })
	t.Run("replay gives the same bytes", func(t *testing.T) { lab.checkReplay(ctx, t) })
	lab.summary()
	lab.hold(ctx, t)
}

// setUp starts everything, and has it torn down and its files removed, or named, at the end.
func (l *laboratory) setUp(ctx context.Context, t *testing.T, tools tools) {
	dir, err := os.MkdirTemp("", "ghostpair-lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			l.say("configuration, data, logs and the last findings of this run are in %s", dir)
			if err := os.WriteFile(filepath.Join(dir, "findings.json"), l.raw, 0o600); err != nil {
				t.Error(err)
			}
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	l.say("building ghostpair; starting a black hole, Envoy, Alertmanager, Prometheus and ghostpair")
	if l.stack, err = startStack(ctx, dir, tools); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.stop(); err != nil {
			t.Error(err)
		}
	})
	l.say("everything is up and scraped")
	for _, p := range l.Proxies {
		l.more("Envoy          admin http://%s, connect timeout 5 s by default", p.Admin)
	}
	l.more("black hole     %s: a connect hangs until its own timeout", l.upstreams.hole.Addr())
	l.more("Prometheus     http://%s scrapes them every 15 s (all of it) and every 1 s (a few counters)", l.Prometheus)
	l.more("ghostpair      http://%s/metrics and /api/v1/findings", l.Ghostpair)
	l.more("               http://%s the same, but may read only what is scraped every 15 s", l.Coarse)
	l.more("Alertmanager   http://%s", l.Alertmanager)
}

// live runs the clients until all ghosts are found and Alertmanager knows, and then lets the last
// errors arrive everywhere.
func (l *laboratory) live(ctx context.Context, t *testing.T) {
	file, err := os.Create(filepath.Join(l.dir, "clients.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	l.log = traffic.NewLog(file)
	l.say("clients start (seed %d)", l.seed)
	for _, s := range scenarios() {
		l.more("%-13s %s", s.Name, s.fault)
	}

	clients, stop := context.WithCancel(ctx)
	finished := l.startClients(clients, t)
	for _, step := range []func(context.Context) error{l.restart, l.waitPaired, l.waitAlerts, l.waitSuspected} {
		if err = step(ctx); err != nil {
			break
		}
	}
	stop()
	finished()
	if err != nil {
		t.Error(err)
		l.summary()
		return
	}
	if err := errors.Join(l.log.Err(), l.settle(ctx)); err != nil {
		t.Error(err)
	}
}

// startClients starts every client and a watch over the black hole. The returned function waits
// until all have ended, which they do after ctx.
func (l *laboratory) startClients(ctx context.Context, t *testing.T) (finished func()) {
	client := l.client()
	var running sync.WaitGroup
	for _, c := range callers(l.Proxies, l.seed) {
		running.Go(func() { c.Run(ctx, client, l.log) })
	}
	running.Go(func() {
		probes, err := l.upstreams.hole.Watch(ctx, 5*time.Second)
		if l.probes = probes; err != nil {
			t.Error(err)
		}
	})
	return running.Wait
}

// restart kills ghostpair after the first pairs and starts it again. It must go on from its
// snapshot: the findings at the end have to be those of one that was never killed.
func (l *laboratory) restart(ctx context.Context) error {
	if !sleep(ctx, restartAfter) {
		return context.Cause(ctx)
	}
	before, _, err := findings(ctx, l.Ghostpair)
	if err != nil {
		return err
	}
	l.say("ghostpair is killed, and started again")
	if err := l.restartGhostpair(ctx); err != nil {
		return err
	}
	after, _, err := findings(ctx, l.Ghostpair)
	if err == nil && !after.Origin.Equal(before.Origin) {
		err = fmt.Errorf("the snapshot was not used: origin %v before the restart, %v after", before.Origin, after.Origin)
	}
	return err
}

// hold keeps everything up for as long as LAB_HOLD says, for a look around.
func (l *laboratory) hold(ctx context.Context, t *testing.T) {
	text := os.Getenv("LAB_HOLD")
	if text == "" {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("LAB_HOLD: %v", err)
	}
	l.say("LAB_HOLD: everything stays up for %v, or until Ctrl-C", d)
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

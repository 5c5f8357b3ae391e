package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
	"github.com/ghostpair/ghostpair/finding"
)

const (
	// Eight to eleven pairs reach the threshold, in three and a half to five and a half minutes
	// from the start; this is counted from the restart.
	pairedTimeout = 6 * time.Minute
	alertTimeout  = 2 * time.Minute
	// After this, each ghost has had two pairs.
	restartAfter = 80 * time.Second
	// The last errors are in every view after one more scrape of the 15 s job, and in ghostpair
	// once it has moved past that: 5 s later, at its next evaluation.
	settleTime    = 17 * time.Second
	settleTimeout = 45 * time.Second
	// lagStep is the step of ghostpair's scan over lags: the ends of its intervals are no finer.
	lagStep = 0.05
)

// A laboratory is one run: what is up, what the clients saw, and what it says about it.
type laboratory struct {
	*stack
	tour
	log      *traffic.Log
	document finding.Document // at the end
	raw      []byte           // the same, as the API sent it
	seed     uint64
	probes   int // connects into the black hole that vanished, Envoy's not counted
}

// TestLab is the tour. Its parts are in the order in which they happen; the subtests at the end
// compare what ghostpair, Prometheus and Alertmanager say with what the clients saw.
func TestLab(t *testing.T) {
	tools, err := findTools()
	if err != nil {
		if os.Getenv("LAB") == "required" {
			t.Fatalf("LAB=required, but:\n%v", err)
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
	t.Run("ghostpair counts each error once", func(t *testing.T) { lab.checkErrors(ctx, t) })
	t.Run("the ghosts are paired and nothing else is", func(t *testing.T) { lab.checkVerdicts(t) })
	t.Run("the lag is the true one", func(t *testing.T) { lab.checkLags(t) })
	t.Run("Alertmanager has the alert", func(t *testing.T) { lab.checkAlerts(ctx, t) })
	t.Run("a 15 s scrape cannot tell", func(t *testing.T) { lab.checkCoarse(ctx, t) })
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
	l.more("Envoy          http://%s (admin http://%s), connect timeout 5 s by default", l.Ingress, l.Admin)
	l.more("black hole     %s: a connect hangs until its own timeout", l.hole.Addr())
	l.more("Prometheus     http://%s scrapes Envoy every 15 s (all of it) and every 1 s (a few counters)", l.Prometheus)
	l.more("ghostpair      http://%s/metrics and /api/v1/findings", l.Ghostpair)
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
	l.say("clients start (seed %d); all but the healthy route get three to six errors a minute", l.seed)
	l.more("ghost-client: SYNs vanish, the client calls again after 0–250 ms: two 503s, 5 s apart")
	l.more("ghost-envoy:  SYNs vanish, Envoy tries again: one 503, two connect timeouts, 5 s apart")
	l.more("fast-500:     500s at once, at random. refused: 503s at once, two at a time")

	clients, stop := context.WithCancel(ctx)
	finished := l.startClients(clients, t)
	for _, step := range []func(context.Context) error{l.restart, l.waitPaired, l.waitAlerts} {
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
	for _, c := range callers(l.Ingress, l.seed) {
		running.Go(func() { c.Run(ctx, client, l.log) })
	}
	running.Go(func() {
		probes, err := l.hole.Watch(ctx, 5*time.Second)
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

// waitPaired waits until all ghosts are paired, and says how it goes.
func (l *laboratory) waitPaired(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, pairedTimeout, fmt.Errorf("not all ghosts are paired after %v", pairedTimeout))
	defer cancel()
	said := time.Now()
	return wait(ctx, time.Second, l.alive, func() error {
		var err error
		if l.document, l.raw, err = findings(ctx, l.Ghostpair); err != nil {
			return err
		}
		paired, state := true, make([]string, 0, len(ghosts()))
		for _, g := range ghosts() {
			f, _ := pick(l.document, g.signal, g.route)
			paired = paired && f.Verdict == finding.Paired
			state = append(state, progress(l.document, g.signal, g.route))
		}
		if paired || time.Since(said) > 20*time.Second {
			said = time.Now()
			l.say("%s", strings.Join(state, "; "))
		}
		if !paired {
			return errors.New(strings.Join(state, "; "))
		}
		return nil
	})
}

// waitAlerts waits until Alertmanager has the alerts about all ghosts.
func (l *laboratory) waitAlerts(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, alertTimeout, fmt.Errorf("not all alerts are in Alertmanager after %v", alertTimeout))
	defer cancel()
	return wait(ctx, time.Second, l.alive, func() error {
		held, err := alerts(ctx, l.Alertmanager)
		if err != nil {
			return err
		}
		for _, g := range ghosts() {
			if _, found := pairedAlert(held, g.signal, g.route); !found {
				return fmt.Errorf("no alert about %s of %s yet", g.signal, g.route)
			}
		}
		a, _ := pairedAlert(held, signal5xx, ghostClient)
		l.say("Alertmanager has the alerts about them, such as:")
		l.more("%s\n%s", a.Annotations["summary"], a.Annotations["description"])
		return nil
	})
}

// settle waits until every view and ghostpair have seen the last error, and takes the findings.
func (l *laboratory) settle(ctx context.Context) error {
	end := time.Now()
	l.say("clients have stopped; %d connects of our own into the black hole vanished as well", l.probes)
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, fmt.Errorf("ghostpair is not past the end of the traffic after %v", settleTimeout))
	defer cancel()
	return wait(ctx, time.Second, l.alive, func() (err error) {
		if l.document, l.raw, err = findings(ctx, l.Ghostpair); err != nil {
			return err
		}
		if at := l.document.Window.End; at.Before(end.Add(settleTime)) {
			return fmt.Errorf("findings are of %v", at)
		}
		return nil
	})
}

// summary prints the findings beside the truth.
func (l *laboratory) summary() {
	rows := []string{"signal\troute\terrors\ttrue\tverdict\tlag\ttrue mean\tpairs\tevidence peak"}
	for _, want := range expectations(l.log) {
		f, _ := pick(l.document, want.signal, want.route)
		if want.errors == 0 && f.Errors == 0 {
			continue
		}
		truth := "-"
		if len(want.pairs) > 0 {
			truth = fmt.Sprintf("%.3f s", mean(want.pairs))
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%d\t%d\t%v\t%s\t%s\t%d\t%s", want.signal, want.route, f.Errors, want.errors,
			f.Verdict, interval(f.LagSeconds, " s"), truth, len(want.pairs), power(f.EvidencePeakLog10)))
	}
	l.say("what ghostpair found beside what the clients saw (lag: estimate and 95 %% interval)")
	l.table(rows)
	for _, source := range slices.Sorted(maps.Keys(l.document.ThresholdLog10)) {
		l.more("threshold of %s: %s", source, power(l.document.ThresholdLog10[source]))
	}
	q := l.document.Quality
	l.more("%d samples read; %d births, %d irregular scrape intervals, %d late samples", q.Samples, q.Births, q.Gaps, q.Late)
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

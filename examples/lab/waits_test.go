package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

const (
	// Twenty to thirty pairs on four Envoys reach the threshold, in four to five and a half minutes from
	// the start, and those of look-alikes in seven; this is counted from the restart.
	pairedTimeout     = 6 * time.Minute
	pairedTimeoutFull = 12 * time.Minute
	alertTimeout      = 2 * time.Minute
	// After this, each ghost has had a pair or two on every Envoy.
	restartAfter = 45 * time.Second
	// The last errors are in every view after one more scrape of the 15 s job, and in ghostpair
	// once it has moved past that: 5 s later, at its next evaluation.
	settleTime    = 17 * time.Second
	settleTimeout = 45 * time.Second
	// Counted from when the ghosts are paired. Midnight (UTC) in the run makes the looks start again.
	suspectedTimeout = 6 * time.Minute
)

// waitPaired waits until all ghosts are paired, and says how it goes.
func (l *laboratory) waitPaired(ctx context.Context) error {
	timeout := pairedTimeout
	if full() {
		timeout = pairedTimeoutFull
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not all ghosts are paired after %v", timeout))
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
		if l.coarse, _, err = findings(ctx, l.Coarse); err != nil {
			return err
		}
		for _, d := range []finding.Document{l.document, l.coarse} {
			if at := d.Window.End; at.Before(end.Add(settleTime)) {
				return fmt.Errorf("findings are of %v", at)
			}
		}
		return nil
	})
}

// waitSuspected waits until the ghostpair that reads only the 15 s job suspects what it must.
func (l *laboratory) waitSuspected(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, suspectedTimeout, fmt.Errorf("not all ghosts are suspected at 15 s after %v more", suspectedTimeout))
	defer cancel()
	said := time.Now()
	return wait(ctx, time.Second, l.alive, func() error {
		var err error
		if l.coarse, _, err = findings(ctx, l.Coarse); err != nil {
			return err
		}
		var missing []string
		for _, want := range expectations(l.log) {
			if f, _ := pick(l.coarse, want.signal, want.Name); want.suspected && f.Verdict != finding.Suspected {
				missing = append(missing, fmt.Sprintf("%s %s %s", want.Name, want.signal, dwell(f)))
			}
		}
		if len(missing) == 0 {
			l.say("at 15 s, where the gap cannot be seen, the ghosts are suspected")
			return nil
		}
		if time.Since(said) > 20*time.Second {
			said = time.Now()
			l.say("at 15 s not suspected yet: %s", strings.Join(missing, "; "))
		}
		return errors.New(strings.Join(missing, "; "))
	})
}

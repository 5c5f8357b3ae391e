package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The whole demo, as a user runs it, but for the waiting at its end: ghostpair is built and finds
// what was planted, and nothing else, in a history that Prometheus serves; the alerts fire.
func TestDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds ghostpair and invents a week")
	}
	var out, errs bytes.Buffer
	data := t.TempDir()
	code := exitCode(t.Context(), []string{"--once", "--data=" + data, "--prometheus-port=29090", "--ghostpair-port=29955"}, &out, &errs)
	if code != 0 {
		t.Fatalf("exit code %d: %s\n%s", code, errs.String(), out.String())
	}
	for _, want := range []string{
		`(?m)^httproute/shop/checkout/rule/0 +5xx +5\.[0-9]+ s`,
		`(?m)^httproute/ops/status/rule/0 .* train`,
		`(?m)^\* .*connect_timeout`,
		`FIRING GhostpairPairedErrors`,
		`FIRING GhostpairLookAlike`,
		`/consoles/ghosts.html`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("nothing like %s in\n%s", want, out.String())
		}
	}
	if blocks, err := filepath.Glob(filepath.Join(data, "*", "prometheus", "*", "meta.json")); err != nil || len(blocks) < 9 {
		t.Errorf("%d blocks of history are kept (%v)", len(blocks), err)
	}
}

// An end that is asked for is no error, however early it comes, but it is not what --once promises.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments []string
		want      int
	}{
		{nil, 0},
		{[]string{"--once"}, 1},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out, errs bytes.Buffer
		arguments := append(c.arguments, "--data="+t.TempDir(), "--history=1m", "--ghostpair="+stub(t))
		if got := exitCode(ctx, arguments, &out, &errs); got != c.want {
			t.Errorf("%v: exit code %d, want %d: %s", c.arguments, got, c.want, errs.String())
		}
	}
}

// A ghostpair that ends by itself is an error that shows what it said last.
func TestGhostpairEndsEarly(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	started := time.Now()
	code := exitCode(t.Context(), []string{"--data=" + t.TempDir(), "--history=1m", "--ghostpair=" + stub(t)}, &out, &errs)
	if code != 1 || !strings.Contains(errs.String(), "I refuse") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	if waited := time.Since(started); waited > time.Minute {
		t.Errorf("noticed after %s", waited)
	}
}

// stub is a program in the place of ghostpair that has no rules and does not serve.
func stub(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ghostpair")
	script := "#!/bin/sh\ntest \"$1\" = rules && exit 0\necho I refuse >&2\nexit 7\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		argument string
		want     int
	}{{"--help", 0}, {"--nonsense", 2}, {"surplus", 2}} {
		var out, errs bytes.Buffer
		if got := exitCode(t.Context(), []string{c.argument}, &out, &errs); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.argument, got, c.want)
		}
		if errs.Len() == 0 {
			t.Errorf("%s: nothing is said", c.argument)
		}
	}
}

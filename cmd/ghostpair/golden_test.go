package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ghostpair/ghostpair/internal/goldens"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	os.Setenv("COLUMNS", "100") // of help and text, whatever the terminal of the tests
	os.Exit(m.Run())
}

// runCommand runs the program and returns what it wrote.
func runCommand(args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = run(args, &out, &err)
	return out.String(), err.String(), code
}

// golden runs the program and compares all that it gives with testdata/<name>.golden.
func golden(t *testing.T, name string, args ...string) {
	t.Helper()
	stdout, stderr, code := runCommand(args...)
	got := fmt.Sprintf("exit code %d\n-- stdout\n%s-- stderr\n%s", code, stdout, stderr)
	compare(t, name, got, args)
}

// compare compares what a command line gave with testdata/<name>.golden.
func compare(t *testing.T, name, got string, args []string) {
	t.Helper()
	if !goldens.Check(t, filepath.Join("testdata", name+".golden"), got, *update) {
		t.Logf("it is what ghostpair %q gives", args)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	golden(t, "help", "--help")
	golden(t, "help-help", "help")
	for _, command := range []string{"serve", "backfill", "check", "rules"} {
		golden(t, "help-"+command, command, "--help")
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	golden(t, "usage-command", "sevre")
	golden(t, "usage-flag", "serve", "--no-such-flag")
	golden(t, "usage-nothing")
	golden(t, "usage-both", "check", "--config.file=testdata/good.yml", "--prometheus.url=http://localhost:9090")
	golden(t, "usage-url", "rules", "--prometheus.url=localhost:9090")
	golden(t, "usage-http", "check", "--http.config.file=testdata/http-bad.yml")
	golden(t, "usage-start", "backfill", "--start=yesterday")
	golden(t, "usage-order", "backfill", "--start=1700000000", "--end=1600000000")
	golden(t, "usage-fingerprint", "backfill", "--start=-1d", "--fingerprint=6s..5s")
	golden(t, "usage-fingerprint-unresolvable", "backfill", "--start=-1d", "--fingerprint=1s..9s")
	golden(t, "usage-selector", "backfill", "--start=-1d", "--selector=rate(errors[5m])")
	golden(t, "usage-route-label", "backfill", "--start=-1d", "--route.label=x")
	golden(t, "usage-log", "serve", "--log.level=loud")
	golden(t, "usage-duration", "backfill", "--start=-1d", "--lead-in=soon")
	golden(t, "usage-web", "serve", "--web.config.file=testdata/web-bad.yml")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	golden(t, "check", "check")
	golden(t, "check-good", "check", "--config.file=testdata/good.yml")
	golden(t, "check-print", "check", "--config.file=testdata/good.yml", "--print")
	golden(t, "check-http", "check", "--prometheus.url=https://user:pass@prometheus.example/mimir", "--http.config.file=testdata/http-good.yml", "--print")
	golden(t, "check-bad", "check", "--config.file=testdata/bad.yml")
	golden(t, "check-missing", "check", "--config.file=testdata/none.yml")
}

func TestRules(t *testing.T) {
	t.Parallel()
	golden(t, "rules", "rules")
	golden(t, "rules-slow", "rules", "--config.file=testdata/slow.yml", "--severity=page", "--label=team=edge", "--runbook.url=https://wiki.example/ghostpair")
	golden(t, "rules-label", "rules", "--label=severity=page")
}

// Nothing that the program prints may hold a password.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"check", "--prometheus.url=https://user:hunter2@prometheus.example"},
		{"check", "--print", "--prometheus.url=https://user:hunter2@prometheus.example"},
		{"check", "--prometheus.url=htps://user:hunter2@prometheus.example"},
		{"backfill", "--start=1600000000", "--end=1600000100", "--prometheus.url=http://user:hunter2@127.0.0.1:1"},
	} {
		stdout, stderr, _ := runCommand(args...)
		if bytes.Contains([]byte(stdout+stderr), []byte("hunter2")) {
			t.Errorf("ghostpair %q shows the password:\n%s%s", args, stdout, stderr)
		}
	}
}

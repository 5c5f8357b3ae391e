package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// scratch is a directory that lasts as long as the tests.
var scratch string

func TestMain(m *testing.M) {
	code := 1
	if dir, err := os.MkdirTemp("", "ghostpair-e2e-"); err == nil {
		scratch = dir
		code = m.Run()
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// program is the path of ghostpair, which is built when it is first asked for.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "ghostpair")
	build := exec.Command("go", "build", "-o", path, "./cmd/ghostpair")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ghostpair: %w\n%s", err, out)
	}
	return path, nil
})

// run is a finished process.
type run struct {
	stdout, stderr string
	code           int
}

// command prepares a process of ghostpair.
func command(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return cmd, &stdout, &stderr
}

// ghostpair runs a process to its end.
func ghostpair(t *testing.T, args ...string) run {
	t.Helper()
	cmd, stdout, stderr := command(t, args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return run{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

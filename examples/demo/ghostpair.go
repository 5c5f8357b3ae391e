package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ghostpair is the program under demonstration.
type ghostpair struct {
	binary string
	config string // file
	logs   io.Writer

	done chan error // one error when the process has ended
	stop context.CancelFunc
}

// build compiles ghostpair from the repository that this module belongs to.
func build(ctx context.Context, binary string) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/ghostpair/ghostpair")
	root, err := output(list)
	if err != nil {
		return fmt.Errorf("find ghostpair: %w", err)
	}
	compile := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/ghostpair")
	compile.Dir = strings.TrimSpace(string(root))
	if _, err := output(compile); err != nil {
		return fmt.Errorf("build ghostpair: %w", err)
	}
	return nil
}

// rules asks ghostpair for the rules that Prometheus should load, and writes them to a file.
func (g *ghostpair) rules(ctx context.Context, file string) error {
	text, err := output(exec.CommandContext(ctx, g.binary, "rules", "--config.file="+g.config))
	if err != nil {
		return fmt.Errorf("ask ghostpair for its rules: %w", err)
	}
	return os.WriteFile(file, text, 0o600)
}

// serve starts ghostpair, which keeps its state beside its configuration. It ends when stopped, or with the context.
func (g *ghostpair) serve(ctx context.Context, address string) error {
	ctx, g.stop = context.WithCancel(ctx)
	state := filepath.Join(filepath.Dir(g.config), "state")
	command := exec.CommandContext(ctx, g.binary, "serve", "--config.file="+g.config, "--web.listen-address="+address, "--storage.path="+state)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	command.Stdout, command.Stderr = g.logs, g.logs
	if err := command.Start(); err != nil {
		return fmt.Errorf("start ghostpair: %w", err)
	}
	g.done = make(chan error, 1)
	go func() { g.done <- command.Wait() }()
	return nil
}

// wait waits until ghostpair ends, which it should not, or the context does.
func (g *ghostpair) wait(ctx context.Context) error {
	select {
	case err := <-g.done: // as well when Ctrl-C went to both
		return g.early(err)
	case <-ctx.Done():
		return nil
	}
}

// early is the error of a process that ended by itself.
func (g *ghostpair) early(err error) error {
	g.done = nil
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("ghostpair ended early: %w\n%s", err, g.last())
}

// last is what ghostpair logged last, if that was not shown already.
func (g *ghostpair) last() string {
	if kept, ok := g.logs.(*tail); ok {
		return kept.lines.String()
	}
	return ""
}

// close ends ghostpair and waits for it.
func (g *ghostpair) close() error {
	if g.done == nil {
		return nil
	}
	g.stop()
	if err := <-g.done; err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("ghostpair: %w", err)
	}
	return nil
}

// output runs a command to its end, and puts what it complains of into the error.
func output(command *exec.Cmd) ([]byte, error) {
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(command.Path), err, complaints.String())
	}
	return out, nil
}

// tail keeps the last lines that are written to it, to be shown if something goes wrong.
type tail struct {
	lines bytes.Buffer
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.lines.Write(p)
	if t.lines.Len() > 2*most {
		t.lines.Next(t.lines.Len() - most)
	}
	return len(p), nil
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// tools are the programs that take part. An empty path: not on this machine.
type tools struct {
	work                            string // directory for what is of this run only
	ghostpair, drain, query, inside string // built from this repository
	serve                           string // embedded Prometheus
	prometheus, promtool, vmalert   string // installed
	prometheusVersion               string
}

// findTools builds what is of this repository and looks for the rest.
func findTools(ctx context.Context, work, ghostpair string) (tools, error) {
	t := tools{work: work, ghostpair: ghostpair}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/ghostpair/ghostpair").Output()
	if err != nil {
		return t, fmt.Errorf("find ghostpair: %w", err)
	}
	for program, path := range map[string]*string{"drain": &t.drain, "query": &t.query, "inside": &t.inside, "serve": &t.serve} {
		if *path, err = build(ctx, ".", program, work); err != nil {
			return t, err
		}
	}
	if t.ghostpair == "" {
		if t.ghostpair, err = build(ctx, strings.TrimSpace(string(root)), "cmd/ghostpair", work); err != nil {
			return t, err
		}
	}
	for name, path := range map[string]*string{"prometheus": &t.prometheus, "promtool": &t.promtool, "vmalert": &t.vmalert} {
		*path, _ = exec.LookPath(name)
	}
	t.prometheusVersion = "the embedded Prometheus"
	if t.prometheus != "" {
		text, err := exec.CommandContext(ctx, t.prometheus, "--version").CombinedOutput()
		if err != nil {
			return t, fmt.Errorf("%s --version: %w", t.prometheus, err)
		}
		first, _, _ := bytes.Cut(text, []byte("\n"))
		t.prometheusVersion, _, _ = strings.Cut(string(first), " (")
	}
	return t, nil
}

// build compiles a program of the module in a directory.
func build(ctx context.Context, dir, program, into string) (string, error) {
	path := filepath.Join(into, filepath.Base(program))
	command := exec.CommandContext(ctx, "go", "build", "-o", path, "./"+program)
	command.Dir = dir
	if text, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", program, err, firstLines(string(text)))
	}
	return path, nil
}

// machine says what the figures were measured on.
func machine(t tools) string {
	return fmt.Sprintf("%d CPUs (%s), %s/%s, %s, %s, loopback", runtime.NumCPU(), cpuName(), runtime.GOOS, runtime.GOARCH, runtime.Version(), t.prometheusVersion)
}

func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return "unknown"
}

package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/ghostpair/ghostpair/finding"
)

// moduleRoot is where ghostpair's own module lies, seen from this folder.
const moduleRoot = "../.."

// buildGhostpair builds the program from this checkout.
func buildGhostpair(ctx context.Context, dir string) (path string, err error) {
	path = filepath.Join(dir, "ghostpair")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/ghostpair")
	cmd.Dir = moduleRoot
	if _, err := output(cmd); err != nil {
		return "", err
	}
	return path, nil
}

// output runs cmd and returns what it wrote to stdout; an error holds what it wrote to stderr.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s%s", cmd, err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes(), nil
}

// findings asks a running ghostpair what it has found; raw is the document as it was sent.
func findings(ctx context.Context, ghostpair address) (document finding.Document, raw []byte, err error) {
	var data json.RawMessage
	if err := getData(ctx, ghostpair, "/api/v1/findings", &data); err != nil {
		return document, nil, err
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return document, nil, fmt.Errorf("findings: %w", err)
	}
	return document, data, nil
}

// pick returns the finding about Envoy's connect timeout in one signal of one route.
func pick(d finding.Document, signal, route string) (f finding.Finding, found bool) {
	for _, f := range d.Findings {
		if f.Signal == signal && f.Route == route && f.Fingerprint == fingerprint {
			return f, true
		}
	}
	return f, false
}

// fingerprint is the one that Envoy's default connect timeout leaves.
const fingerprint = "syn-timeout-5s"

// The signals of the default sources.
const (
	signal5xx     = "5xx"
	signalConnect = "connect_timeout"
)

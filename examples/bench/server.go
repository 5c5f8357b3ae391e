package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// server is a Prometheus in a process of its own.
type server struct {
	url     string
	command *exec.Cmd
}

// startServer serves a storage on loopback: with the Prometheus that is installed, or else with the one
// that is embedded in the demo.
func startServer(ctx context.Context, t tools, dir string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	configFile := filepath.Join(t.work, "prometheus.yml")
	if err := os.WriteFile(configFile, nil, 0o600); err != nil {
		return nil, err
	}
	s := &server{url: "http://" + address}
	if t.prometheus != "" {
		s.command = exec.CommandContext(ctx, t.prometheus,
			"--config.file="+configFile, "--storage.tsdb.path="+dir, "--web.listen-address="+address,
			"--storage.tsdb.retention.time=100y", "--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=18h",
			"--web.enable-remote-write-receiver", "--log.level=error")
	} else {
		s.command = exec.CommandContext(ctx, t.serve, dir, address)
	}
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = 20 * time.Second
	s.command.Stderr = os.Stderr
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	if err := waitReady(ctx, s.url); err != nil {
		return nil, errors.Join(fmt.Errorf("prometheus on %s: %w", dir, err), s.stop())
	}
	return s, nil
}

func (s *server) stop() error {
	_ = s.command.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	err := s.command.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return nil
	}
	return err
}

// waitReady waits for the readiness of a server.
func waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/-/ready", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

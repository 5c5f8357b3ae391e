//go:build linux

package blackhole_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/blackhole"
)

// The connects of several clients at once all hang for their own timeout, whatever it is.
func TestHoleSwallowsConnects(t *testing.T) {
	t.Parallel()
	hole := open(t)
	took := make(chan time.Duration)
	const clients, timeout = 4, 300 * time.Millisecond
	for range clients {
		go func() {
			start := time.Now()
			conn, err := net.DialTimeout("tcp", hole.Addr(), timeout)
			if err == nil {
				_ = conn.Close()
				took <- 0
				return
			}
			took <- time.Since(start)
		}()
	}
	for range clients {
		if d := <-took; d < timeout {
			t.Errorf("a connect ended after %v, want it to hang for its timeout of %v", d, timeout)
		}
	}
}

func TestWatchCountsProbes(t *testing.T) {
	t.Parallel()
	hole := open(t)
	// Probes hang for 500 ms each, one after the other: those that begin at about 10 ms and 510 ms
	// count, and the one that is under way at 800 ms, or just over on a slow machine, is the last.
	ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
	defer cancel()
	probes, err := hole.Watch(ctx, 10*time.Millisecond)
	if err != nil || probes < 1 || probes > 2 {
		t.Errorf("Watch = %d, %v; want 1 or 2 probes and no error", probes, err)
	}
}

// A hole that has been closed refuses, and Watch says so instead of counting it as dropped.
func TestWatchSeesAHoleThatCloses(t *testing.T) {
	t.Parallel()
	hole, err := blackhole.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := hole.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = hole.Watch(t.Context(), time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "answered") {
		t.Errorf("Watch on a closed hole = %v, want an error that the connect was answered", err)
	}
}

func TestReservedPortRefuses(t *testing.T) {
	t.Parallel()
	r, err := blackhole.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := net.DialTimeout("tcp", r.Addr(), time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connect to a reserved port: %v, want connection refused", err)
	}
	if l, err := net.Listen("tcp", r.Addr()); err == nil {
		_ = l.Close()
		t.Error("somebody else could listen on a reserved port")
	}
}

func open(t *testing.T) *blackhole.Hole {
	t.Helper()
	hole, err := blackhole.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hole.Close(); err != nil {
			t.Error(err)
		}
	})
	return hole
}

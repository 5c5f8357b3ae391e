package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// A stall is an upstream that accepts connections, takes what it is sent, and never says anything: a
// TLS handshake with it hangs until somebody loses patience.
type stall struct {
	addr     address
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	open    map[net.Conn]bool
	stopped bool
}

func startStall() (*stall, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stalling upstream: %w", err)
	}
	addr, err := parseAddress(l.Addr().String())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &stall{addr: addr, listener: l, open: make(map[net.Conn]bool)}
	s.running.Go(s.accept)
	return s, nil
}

// accept ends when the listener is closed.
func (s *stall) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.running.Go(func() {
			if s.keep(conn) {
				_, _ = io.Copy(io.Discard, conn) // until Envoy or stop closes it
			}
			s.drop(conn)
		})
	}
}

// keep notes a connection for stop to close. It is false when that was done already.
func (s *stall) keep(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[conn] = true
	return !s.stopped
}

func (s *stall) drop(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	_ = conn.Close() // stop may have closed it
}

func (s *stall) stop() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.stopped = true
	for conn := range s.open {
		_ = conn.Close() // how it ends does not matter
	}
	s.mu.Unlock()
	s.running.Wait()
	return err
}

// Package blackhole makes addresses on loopback that fail the way a broken network does, without
// privileges, firewall rules or containers.
//
// A Hole drops SYNs in silence: nothing comes back, as behind a load balancer whose packets get
// lost, and a connect hangs until whoever tries it loses patience. It is a listening socket whose
// accept queue is full. Linux drops a SYN for such a socket without a word, and keeps dropping as
// long as nobody accepts.
//
// A Reserved port is the opposite: every connect is refused at once, because nobody listens there,
// and nobody else can start to, because the port is taken.
package blackhole

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// ProbeTimeout is how long a connect to a Hole must hang to count as dropped. An answer on
// loopback, accepting or refusing, takes well under a millisecond.
const ProbeTimeout = 500 * time.Millisecond

// maxFill bounds how many connections Open makes to fill the accept queue. Linux takes one more
// than the backlog, which is 0; the rest is for systems that round it up.
const maxFill = 16

// A Hole is an address whose SYNs vanish.
type Hole struct {
	addr   string
	socket socket
	filler []net.Conn // the connections that fill the accept queue
}

// Open makes a Hole on a free port of 127.0.0.1 and proves that it swallows a connect.
func Open(ctx context.Context) (*Hole, error) {
	s, err := listen(0)
	if err != nil {
		return nil, fmt.Errorf("black hole: %w", err)
	}
	h := &Hole{addr: s.addr(), socket: s}
	if err := h.fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("black hole on %s: %w", h.addr, err), h.Close())
	}
	return h, nil
}

// fill connects until a connect hangs: then the queue is full.
func (h *Hole) fill(ctx context.Context) error {
	for range maxFill {
		conn, err := dial(ctx, h.addr)
		switch {
		case err == nil:
			h.filler = append(h.filler, conn)
		case isTimeout(err):
			return h.Probe(ctx)
		default:
			return err
		}
	}
	return fmt.Errorf("still accepts after %d connections: this system does not drop SYNs when an accept queue is full", maxFill)
}

// Addr is the host:port of the Hole.
func (h *Hole) Addr() string { return h.addr }

// Probe connects once. It returns nil when the connect hung for ProbeTimeout, as it must, and
// otherwise says what happened instead.
func (h *Hole) Probe(ctx context.Context) error {
	conn, err := dial(ctx, h.addr)
	switch {
	case err == nil:
		_ = conn.Close() // the leak is the finding; how it closes does not matter
		return errors.New("a connect got through")
	case isTimeout(err):
		return nil
	default:
		return fmt.Errorf("a connect was answered: %w", err)
	}
}

// Watch probes every so often until ctx is done. It returns the number of connects that vanished,
// and the first that did not as an error.
func (h *Hole) Watch(ctx context.Context, every time.Duration) (probes int, err error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		if ctx.Err() != nil { // also where both are ready
			return probes, nil
		}
		// A probe that has begun ends by itself: cut short, it would look like a dropped SYN.
		if err := h.Probe(context.WithoutCancel(ctx)); err != nil {
			return probes, fmt.Errorf("black hole on %s after %d probes: %w", h.addr, probes, err)
		}
		probes++
	}
}

// Close gives the port back.
func (h *Hole) Close() error {
	errs := []error{h.socket.close()}
	for _, c := range h.filler {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func dial(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: ProbeTimeout, KeepAlive: -1}
	return d.DialContext(ctx, "tcp", addr)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// A Reserved port refuses every connect for as long as it is held.
type Reserved struct {
	address string
	socket  socket
}

// Reserve takes a free port of 127.0.0.1 without listening on it.
func Reserve() (*Reserved, error) {
	s, err := bind()
	if err != nil {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	return &Reserved{address: s.addr(), socket: s}, nil
}

// Addr is the host:port that refuses.
func (r *Reserved) Addr() string { return r.address }

// Close gives the port back.
func (r *Reserved) Close() error { return r.socket.close() }

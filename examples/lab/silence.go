package lab

import (
	"errors"
	"fmt"
	"net"
)

// A silence is a DNS server that never answers: a UDP port that nobody reads. The kernel takes what
// comes until its buffer is full, and drops the rest.
type silence struct {
	addr address
	conn net.PacketConn
}

func openSilence() (*silence, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("silent DNS server: %w", err)
	}
	addr, err := parseAddress(conn.LocalAddr().String())
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &silence{addr, conn}, nil
}

func (s *silence) close() error { return s.conn.Close() }

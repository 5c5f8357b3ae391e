package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// An address is a port of loopback that a process is told to listen on.
type address struct{ Port int }

func (a address) String() string { return fmt.Sprintf("127.0.0.1:%d", a.Port) }

// Ports are taken from below the range that Linux gives to outgoing connections: one of those could
// take a port between its choice and its use.
const (
	lowestPort = 20000
	portRange  = 12000
)

// freeAddresses finds n different free ports. They are held until all are found; between then and
// their use somebody else could take one, which its process would report.
func freeAddresses(n int) (free []address, err error) {
	for _, offset := range rand.Perm(portRange) {
		if len(free) == n {
			return free, nil
		}
		a := address{Port: lowestPort + offset}
		l, err := net.Listen("tcp", a.String())
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("free port: %w", err)
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		free = append(free, a)
	}
	return nil, fmt.Errorf("no %d free ports from %d on", n, lowestPort)
}

func parseAddress(hostPort string) (address, error) {
	tcp, err := net.ResolveTCPAddr("tcp", hostPort)
	if err != nil {
		return address{}, fmt.Errorf("address: %w", err)
	}
	return address{Port: tcp.Port}, nil
}

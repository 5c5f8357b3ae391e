package lab

import (
	"errors"
	"fmt"
	"net"
)

// An address is a port of loopback that a process is told to listen on.
type address struct{ Port int }

func (a address) String() string { return fmt.Sprintf("127.0.0.1:%d", a.Port) }

// freeAddresses finds n different free ports. They are held until all are found; between then and
// their use somebody else could take one, which its process would report.
func freeAddresses(n int) (free []address, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("free port: %w", err)
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		a, err := parseAddress(l.Addr().String())
		if err != nil {
			return nil, err
		}
		free = append(free, a)
	}
	return free, nil
}

func parseAddress(hostPort string) (address, error) {
	tcp, err := net.ResolveTCPAddr("tcp", hostPort)
	if err != nil {
		return address{}, fmt.Errorf("address: %w", err)
	}
	return address{Port: tcp.Port}, nil
}

package blackhole

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// A socket is a bound TCP socket that the Go runtime does not know: net.Listen would choose the
// backlog itself.
type socket struct {
	fd, port int
}

// bind makes a socket on a free port of 127.0.0.1.
func bind() (socket, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return socket{}, fmt.Errorf("socket: %w", err)
	}
	s := socket{fd: fd}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return socket{}, errors.Join(fmt.Errorf("bind: %w", err), s.close())
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return socket{}, errors.Join(fmt.Errorf("getsockname: %w", err), s.close())
	}
	inet, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return socket{}, errors.Join(fmt.Errorf("getsockname: %T is no IPv4 address", name), s.close())
	}
	s.port = inet.Port
	return s, nil
}

// listen makes a socket that listens with the given backlog.
func listen(backlog int) (socket, error) {
	s, err := bind()
	if err != nil {
		return socket{}, err
	}
	if err := syscall.Listen(s.fd, backlog); err != nil {
		return socket{}, errors.Join(fmt.Errorf("listen: %w", err), s.close())
	}
	return s, nil
}

func (s socket) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

func (s socket) close() error { return syscall.Close(s.fd) }

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// portsTried is how many ports are tried in a row.
const portsTried = 50

// listen takes the first free port on loopback from one on, and says which it had to step over.
func listen(out io.Writer, what string, port int) (net.Listener, error) {
	for p := port; p < port+portsTried; p++ {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
		switch {
		case err == nil:
			return listener, nil
		case errors.Is(err, syscall.EADDRINUSE):
			fmt.Fprintf(out, "Port %d is taken, %s takes a later one.\n", p, what)
		default:
			return nil, fmt.Errorf("port for %s: %w", what, err)
		}
	}
	return nil, fmt.Errorf("port for %s: all of %d to %d are taken", what, port, port+portsTried-1)
}

func portOf(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }

// free finds a free port for another process, which will listen on it soon.
func free(out io.Writer, what string, port int) (address string, err error) {
	listener, err := listen(out, what, port)
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

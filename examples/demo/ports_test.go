package main

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestListenStepsOverTakenPorts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := portOf(taken)
	var said bytes.Buffer
	next, err := listen(&said, "Prometheus", port)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if got := portOf(next); got <= port {
		t.Errorf("port %d, want one after %d", got, port)
	}
	if want := fmt.Sprintf("Port %d is taken", port); !strings.Contains(said.String(), want) {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}

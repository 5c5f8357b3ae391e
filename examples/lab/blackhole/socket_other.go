//go:build !linux

package blackhole

import (
	"errors"
	"fmt"
)

// What happens to a SYN when the accept queue is full differs between systems; only Linux is
// known to drop it in silence.
type socket struct{}

func bind() (socket, error) { return socket{}, fmt.Errorf("needs Linux: %w", errors.ErrUnsupported) }

func listen(int) (socket, error) { return bind() }

func (socket) addr() string { return "" }

func (socket) close() error { return nil }

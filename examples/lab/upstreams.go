package lab

import (
	"context"
	"errors"
	"slices"

	"github.com/ghostpair/ghostpair/examples/lab/blackhole"
)

// A kind is what an upstream does with what Envoy sends it.
type kind int

// The kinds of upstreams.
const (
	answers   kind = iota // works, see service
	vanishes              // SYNs vanish
	refuses               // connects are refused
	stalls                // TLS handshakes hang
	isUnknown             // it has a name, which cannot be looked up
)

// upstreams are the ends that Envoy's clusters point at, one of each kind.
type upstreams struct {
	at      map[kind]address
	dns     address // asked for the names of those that have one
	hole    *blackhole.Hole
	closers []func() error // in order of opening; closed in reverse
}

// open opens all of them. After an error, close closes what was opened.
func (u *upstreams) open(ctx context.Context) error {
	service, err := startService()
	if err != nil {
		return err
	}
	u.closers = append(u.closers, service.stop)
	stall, err := startStall()
	if err != nil {
		return err
	}
	u.closers = append(u.closers, stall.stop)
	silence, err := openSilence()
	if err != nil {
		return err
	}
	u.closers = append(u.closers, silence.close)
	u.dns = silence.addr
	u.at = map[kind]address{answers: service.addr, stalls: stall.addr, isUnknown: {Port: 80}}
	return u.openFaults(ctx)
}

// openFaults opens those that no connect ever reaches.
func (u *upstreams) openFaults(ctx context.Context) (err error) {
	if u.hole, err = blackhole.Open(ctx); err != nil {
		return err
	}
	u.closers = append(u.closers, u.hole.Close)
	reserved, err := blackhole.Reserve()
	if err != nil {
		return err
	}
	u.closers = append(u.closers, reserved.Close)
	if u.at[vanishes], err = parseAddress(u.hole.Addr()); err != nil {
		return err
	}
	u.at[refuses], err = parseAddress(reserved.Addr())
	return err
}

func (u *upstreams) close() error {
	var errs []error
	for _, c := range slices.Backward(u.closers) {
		errs = append(errs, c())
	}
	u.closers = nil
	return errors.Join(errs...)
}

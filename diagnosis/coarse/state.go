package coarse

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/diagnosis"
)

// stateVersion is that of the format below.
const stateVersion = 4

// errState is a state that cannot be taken over.
var errState = errors.New("not a state that this version wrote")

// state is all that lasts from piece to piece. JSON sorts the keys of maps, so that equal states
// give equal bytes.
type state struct {
	Version    int
	Targets    map[string]*target
	Routes     map[string]*route
	NextTarget int32
	Firsts     [roles]int64
	Gone       []gone
}

// MarshalBinary returns the state. Equal states give equal bytes.
func (c *Collector) MarshalBinary() ([]byte, error) {
	err := c.eachAccount(func(a *account) (err error) {
		a.State, err = a.Account.MarshalBinary()
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.eachAccount(func(a *account) error { a.State = nil; return nil }) }()
	return json.Marshal(state{stateVersion, c.targets, c.routes, c.nextTarget, c.firsts, c.gone})
}

// UnmarshalBinary replaces the state by one that MarshalBinary wrote for the same fingerprints. After
// an error the collector is unchanged.
func (c *Collector) UnmarshalBinary(data []byte) error {
	fresh := New(c.options)
	s := state{Targets: fresh.targets, Routes: fresh.routes}
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("state of companions: %w: %w", errState, err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("state of companions of version %d: %w", s.Version, errState)
	}
	fresh.targets, fresh.routes, fresh.nextTarget, fresh.firsts = s.Targets, s.Routes, s.NextTarget, s.Firsts
	fresh.gone = s.Gone
	if err := fresh.restore(); err != nil {
		return fmt.Errorf("state of companions: %w", err)
	}
	*c = *fresh
	return nil
}

// restore makes the parts whole again.
func (c *Collector) restore() error {
	for _, t := range c.targets {
		if t == nil {
			return errState
		}
		if t.Series == nil {
			t.Series = make(map[string][]*series)
		}
		if t.Histograms == nil {
			t.Histograms = make(map[string][]sample)
		}
	}
	for _, r := range c.routes {
		if r == nil || len(r.Accounts) != len(c.options.Fingerprints) || len(r.Shown) != len(r.Accounts) {
			return errState
		}
	}
	for _, r := range c.routes {
		for f, list := range slices.Concat(r.Accounts, r.Shown) {
			for i := range list {
				if err := list[i].restore(c.options.Fingerprints[f%len(c.options.Fingerprints)]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (a *account) restore(fp score.Fingerprint) error {
	fresh, err := diagnosis.NewAccount(diagnosis.AccountOptions{DeltaMillis: a.DeltaMillis, Fingerprint: fp})
	if err != nil {
		return err
	}
	err = fresh.UnmarshalBinary(a.State)
	a.Account, a.State = fresh, nil
	return err
}

// eachAccount visits all accounts until the first error.
func (c *Collector) eachAccount(visit func(*account) error) error {
	for _, r := range c.routes {
		for _, list := range slices.Concat(r.Accounts, r.Shown) {
			for i := range list {
				if err := visit(&list[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

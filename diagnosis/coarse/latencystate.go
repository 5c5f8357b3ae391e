package coarse

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// latencyStateVersion is that of the format below.
const latencyStateVersion = 1

type latencyState struct {
	Version     int
	SinceMillis int64
	Views       []latencyViewState // by target, then view
}

type latencyViewState struct {
	Target, View string
	At           int64
	Last         map[string]reading
	Logs         []stretchesState
}

// MarshalBinary returns the state. Equal states give equal bytes.
func (l *Latency) MarshalBinary() ([]byte, error) {
	s := latencyState{Version: latencyStateVersion, SinceMillis: l.sinceMillis}
	for _, target := range slices.Sorted(maps.Keys(l.views)) {
		for _, view := range slices.Sorted(maps.Keys(l.views[target])) {
			s.Views = append(s.Views, l.views[target][view].state(target, view))
		}
	}
	return json.Marshal(s)
}

func (v *latencyView) state(target, view string) latencyViewState {
	s := latencyViewState{Target: target, View: view, At: v.at, Last: v.last}
	for f := range v.logs {
		s.Logs = append(s.Logs, v.logs[f].state())
	}
	return s
}

// UnmarshalBinary replaces the state by one that MarshalBinary wrote for the same fingerprints. After an
// error it is unchanged.
func (l *Latency) UnmarshalBinary(data []byte) error {
	var s latencyState
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("state of latencies: %w: %w", errState, err)
	}
	if s.Version != latencyStateVersion {
		return fmt.Errorf("state of latencies of version %d: %w", s.Version, errState)
	}
	fresh := &Latency{windows: l.windows, sinceMillis: s.SinceMillis, views: make(map[string]map[string]*latencyView)}
	for _, x := range s.Views {
		v, err := x.restore(len(l.windows))
		if err != nil {
			return fmt.Errorf("state of latencies of target %q: %w", x.Target, err)
		}
		fresh.add(viewKey{x.Target, x.View}, v)
	}
	*l = *fresh
	return nil
}

func (x *latencyViewState) restore(fingerprints int) (*latencyView, error) {
	if len(x.Logs) != fingerprints {
		return nil, errState
	}
	v := &latencyView{at: x.At, last: x.Last}
	for _, r := range x.Last {
		if len(r) != fingerprints {
			return nil, errState
		}
	}
	for i := range x.Logs {
		log, err := x.Logs[i].restore()
		if err != nil {
			return nil, err
		}
		v.logs = append(v.logs, log)
	}
	return v, nil
}

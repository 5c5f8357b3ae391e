package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/finding"
)

// recorder keeps what a backfill shows besides the findings at its end: how they came about. It is
// the recorder of one source.
type recorder struct {
	explain      string // route whose meetings are kept; empty: none
	fingerprints []config.Fingerprint

	kept recorded
}

// recorded is what lasts when a run is resumed.
type recorded struct {
	Tracks   []track           // in the order in which they were first seen
	Meetings [][]meeting       // by fingerprint, in the order of time
	Dropped  []int             // older ones that are no longer kept, by fingerprint
	Recent   map[string][]cell // cells that may still meet a later one, by route
}

// track is what was known of one stream at several instants.
type track struct {
	Key   finding.Key
	Steps []step
}

type step struct {
	AtMillis int64
	Verdict  finding.Verdict
	Evidence float64 // log10; NaN: none
	Errors   int64
}

var _ engine.Recorder = (*recorder)(nil)

func newRecorder(explain string, fingerprints []config.Fingerprint) *recorder {
	return &recorder{explain: explain, fingerprints: fingerprints, kept: recorded{
		Meetings: make([][]meeting, len(fingerprints)), Dropped: make([]int, len(fingerprints)),
		Recent: make(map[string][]cell),
	}}
}

// Piece looks for errors that lie at a fingerprint's lag.
func (r *recorder) Piece(p *observe.Piece) {
	if r.explain == "" {
		return
	}
	for i := range p.Events {
		e := &p.Events[i]
		if e.Kind == observe.Cell && (r.explain == e.Unit.Route || r.explain == finding.PooledRoute) {
			r.cell(e)
		}
	}
}

// Sample notes what is known of every stream.
func (r *recorder) Sample(at time.Time, findings []finding.Finding) {
	index := make(map[finding.Key]int, len(r.kept.Tracks))
	for i := range r.kept.Tracks {
		index[r.kept.Tracks[i].Key] = i
	}
	for i := range findings {
		f := &findings[i]
		n, ok := index[f.Key]
		if !ok {
			n = len(r.kept.Tracks)
			r.kept.Tracks = append(r.kept.Tracks, track{Key: f.Key})
		}
		r.kept.Tracks[n].Steps = append(r.kept.Tracks[n].Steps, stepOf(f, at))
	}
}

func stepOf(f *finding.Finding, at time.Time) step {
	s := step{AtMillis: at.UnixMilli(), Verdict: f.Verdict, Evidence: math.NaN(), Errors: f.Errors}
	if f.EvidenceLog10 != nil {
		s.Evidence = *f.EvidenceLog10
	}
	return s
}

// MarshalBinary writes what was recorded.
func (r *recorder) MarshalBinary() ([]byte, error) {
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(&r.kept); err != nil {
		return nil, fmt.Errorf("what was recorded: %w", err)
	}
	return out.Bytes(), nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (r *recorder) UnmarshalBinary(data []byte) error {
	var kept recorded
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&kept); err != nil {
		return fmt.Errorf("what was recorded: %w", err)
	}
	if len(kept.Meetings) != len(r.fingerprints) || len(kept.Dropped) != len(r.fingerprints) {
		return fmt.Errorf("what was recorded is of %d fingerprints, not %d", len(kept.Meetings), len(r.fingerprints))
	}
	if kept.Recent == nil {
		kept.Recent = make(map[string][]cell)
	}
	r.kept = kept
	return nil
}

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// A snapshot is the state of all timing sources between two advances:
//
//	magic, version, configuration hash, origin, number of sources,
//	for each: name, watermark, quality, baseline, what was skipped, warnings, observer, detector, recorder, minutes with errors, companions, latency,
//	CRC-32C of all that
//
// Numbers are big-endian, texts and blocks have their length in front. What is shown and not
// decided upon (gauges, failures, the size of pieces) is not part of it.
const (
	snapshotMagic   = "ghostpair-state\n"
	snapshotVersion = 5
)

// Why a snapshot is not taken over.
var (
	// ErrSnapshotOther is a snapshot that is whole but of another version or configuration.
	ErrSnapshotOther = errors.New("snapshot does not fit")
	// ErrSnapshotBusy is a state that cannot be had yet: a source is still being read that was not slow
	// before.
	ErrSnapshotBusy = errors.New("it is still being read")
	// ErrSnapshotDamaged is a snapshot that cannot be read.
	ErrSnapshotDamaged = errors.New("snapshot is damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// MarshalBinary returns the snapshot of the state. Equal states give equal bytes.
func (e *Engine) MarshalBinary() ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := writer(snapshotMagic)
	w.number(snapshotVersion)
	w.text(e.options.ConfigHash)
	w.number(e.options.Origin.UnixMilli())
	w.number(int64(len(e.timing)))
	for _, t := range e.timing {
		if err := t.save(&w); err != nil {
			return nil, fmt.Errorf("snapshot of source %q: %w", t.Name, err)
		}
	}
	return binary.BigEndian.AppendUint32(w, crc32.Checksum(w, castagnoli)), nil
}

// UnmarshalBinary replaces the state by that of a snapshot. An error wraps ErrSnapshotOther or
// ErrSnapshotDamaged and leaves the engine as it was. It must come before the first Advance.
func (e *Engine) UnmarshalBinary(data []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, err := openSnapshot(data, e.options.ConfigHash)
	if err != nil {
		return err
	}
	origin := r.number()
	if n := r.number(); r.err == nil && n != int64(len(e.timing)) {
		return fmt.Errorf("%w: it has %d sources, the configuration %d", ErrSnapshotOther, n, len(e.timing))
	}
	fresh := make([]*timing, len(e.timing))
	for i, t := range e.timing {
		fresh[i] = newTiming(t.Source, e.options)
		if err := fresh[i].unmarshal(r, &e.options); err != nil {
			return err
		}
	}
	if r.err != nil || len(r.rest) > 0 {
		return fmt.Errorf("%w: it does not end where it should", ErrSnapshotDamaged)
	}
	e.timing = fresh
	e.takeOrigin(instant(origin))
	e.resetShared()
	return nil
}

// takeOrigin moves the origin, and the start of the window where that was the origin.
func (e *Engine) takeOrigin(origin time.Time) {
	if e.options.Start.Equal(e.options.Origin) {
		e.options.Start = origin
	}
	e.options.Origin = origin
}

// openSnapshot checks what stands before the state and after it.
func openSnapshot(data []byte, configHash string) (*parser, error) {
	body, ok := checked(data, snapshotMagic)
	if !ok {
		return nil, ErrSnapshotDamaged
	}
	r := &parser{rest: body[len(snapshotMagic):]}
	if v := r.number(); r.err == nil && v != snapshotVersion {
		return nil, fmt.Errorf("%w: it has version %d, this program writes %d", ErrSnapshotOther, v, snapshotVersion)
	}
	if hash := r.text(); r.err == nil && hash != configHash {
		return nil, fmt.Errorf("%w: sources, fingerprints or the false-alarm budget of the configuration have changed since", ErrSnapshotOther)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshotDamaged, r.err)
	}
	return r, nil
}

// checked returns data without its checksum, and whether that and the magic are right.
func checked(data []byte, magic string) (body []byte, ok bool) {
	at := len(data) - crc32.Size
	if at < len(magic) || string(data[:len(magic)]) != magic {
		return nil, false
	}
	body = data[:at]
	return body, crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(data[at:])
}

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"sync"

	"github.com/ghostpair/ghostpair/durable"
)

// Fact is something that the result of a run depends on, such as its end or a selector.
type Fact struct{ Name, Value string }

// Journal is a file that makes a long run resumable: what the run is about, and the state of every
// source after its latest piece. It is written whole, under another name, and renamed, so that the
// file at its path is that of the latest piece or of the one before, whenever the process ends.
//
//	magic, version, number of facts, for each: name, value,
//	number of sources, for each: name, how long pieces may be, state as in a snapshot,
//	CRC-32C of all that
type Journal struct {
	path  string
	facts []Fact

	mu     sync.Mutex
	names  []string // of sources, in the order of their first piece
	states map[string][]byte
	failed bool // the latest write
}

const (
	journalMagic   = "ghostpair-journal\n"
	journalVersion = 4
)

// ErrJournalDamaged is a file that is no journal, or not the whole of one.
var ErrJournalDamaged = errors.New("it is no journal of ghostpair, or not the whole of one")

// NewJournal makes a journal without any piece and writes it, so that an error comes before the work.
func NewJournal(path string, facts []Fact) (*Journal, error) {
	j := &Journal{path: path, facts: facts, states: make(map[string][]byte)}
	if err := durable.Replace(path, j.encode()); err != nil {
		return nil, fmt.Errorf("write journal: %w", err)
	}
	return j, nil
}

// ReadJournal reads a journal. The error wraps os.ErrNotExist when there is none.
func ReadJournal(path string) (*Journal, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = ErrJournalDamaged
	}
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	j := &Journal{path: path, states: make(map[string][]byte)}
	if err := j.decode(data); err != nil {
		return nil, fmt.Errorf("read journal %s: %w", path, err)
	}
	return j, nil
}

// Facts returns what the run of the journal is about.
func (j *Journal) Facts() []Fact { return j.facts }

// Remove deletes the file.
func (j *Journal) Remove() error { return os.Remove(j.path) }

// Resume takes over the state of the journal. It must come before the first Advance. Options must be
// those of the run that wrote it, which its facts are to make sure of; an error wraps
// ErrSnapshotOther or ErrSnapshotDamaged.
func (e *Engine) Resume(j *Journal) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, t := range e.timing {
		state, ok := j.states[t.Name]
		if !ok {
			continue
		}
		fresh := newTiming(t.Source, e.options)
		r := &parser{rest: state}
		fresh.pieces.roomMillis = r.number()
		if err := fresh.unmarshal(r, &e.options); err != nil {
			return fmt.Errorf("resume from %s: %w", j.path, err)
		}
		e.timing[i] = fresh
	}
	e.resetShared()
	return nil
}

// update notes the state of a source after a piece. A write that fails does not end the run: the
// result is worth more than the means to resume.
func (j *Journal) update(t *timing, logger *slog.Logger) {
	if j == nil {
		return
	}
	var state writer
	state.number(t.pieces.roomMillis) // so that a resumed run cuts time as this one does
	err := t.marshal(&state)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		if _, known := j.states[t.Name]; !known {
			j.names = append(j.names, t.Name)
		}
		j.states[t.Name] = state
		err = durable.Replace(j.path, j.encode())
	}
	if err != nil && !j.failed {
		logger.Error("Writing the journal; the run goes on, and would be resumed from before", "file", j.path, "err", err)
	}
	j.failed = err != nil
}

func (j *Journal) encode() []byte {
	w := writer(journalMagic)
	w.number(journalVersion)
	w.number(int64(len(j.facts)))
	for _, f := range j.facts {
		w.text(f.Name)
		w.text(f.Value)
	}
	w.number(int64(len(j.names)))
	for _, name := range j.names {
		w.text(name)
		w.block(j.states[name])
	}
	return binary.BigEndian.AppendUint32(w, crc32.Checksum(w, castagnoli))
}

func (j *Journal) decode(data []byte) error {
	body, ok := checked(data, journalMagic)
	if !ok {
		return ErrJournalDamaged
	}
	r := &parser{rest: body[len(journalMagic):]}
	if v := r.number(); r.err == nil && v != journalVersion {
		return fmt.Errorf("it has version %d, this program writes %d", v, journalVersion)
	}
	for n := r.number(); n > 0 && r.err == nil; n-- {
		j.facts = append(j.facts, Fact{Name: r.text(), Value: r.text()})
	}
	for n := r.number(); n > 0 && r.err == nil; n-- {
		name := r.text()
		j.names = append(j.names, name)
		j.states[name] = r.block()
	}
	if r.err != nil || len(r.rest) > 0 {
		return ErrJournalDamaged
	}
	return nil
}

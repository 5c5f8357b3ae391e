package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var facts = []Fact{{"--start", "-7d"}, {"fingerprints", "[5s, 6.5s]"}}

// copies keeps what the journal was after every piece: what a process that is killed leaves behind.
func copies(t *testing.T, path string) (contents [][]byte, outcome outcome) {
	t.Helper()
	j, err := NewJournal(path, facts)
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	contents = append(contents, first)
	o := journalled(j)
	o.Concurrency = 1
	o.Progress = func(Progress) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		contents = append(contents, data)
	}
	e := newEngine(t, o)
	advance(t, e, end)
	return contents, outcomeOf(t, e)
}

func journalled(j *Journal, readers ...Reader) Options {
	if readers == nil {
		fine, coarse := twoSources(nil)
		readers = []Reader{fine, coarse}
	}
	o := options(readers...)
	o.MaxPiece, o.Journal = 3*time.Hour, j
	return o
}

// Wherever it was killed, it goes on from the piece at hand, and the outcome is the same.
func TestResumeAnywhere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	contents, want := copies(t, path)
	if len(contents) < 8 {
		t.Fatalf("%d pieces are no test", len(contents))
	}
	for i, data := range contents {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := ReadJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(j.Facts(), facts) {
			t.Errorf("facts = %v, want %v", j.Facts(), facts)
		}
		fine, coarse := twoSources(nil)
		e := newEngine(t, journalled(j, fine, coarse))
		if err := e.Resume(j); err != nil {
			t.Fatal(err)
		}
		advance(t, e, end)
		// Every piece but the ones that are in the journal is read, and none of those.
		if got, want := len(fine.reads)+len(coarse.reads), len(contents)-1-i; got != want {
			t.Errorf("after %d pieces: %d reads, want %d", i, got, want)
		}
		want.check(t, fmt.Sprintf("after %d pieces", i), outcomeOf(t, e))
		if err := j.Remove(); err != nil {
			t.Error(err)
		}
	}
}

// What was skipped and what the server warned of is in the document of a resumed run, too.
func TestResumeKeepsWhatWasSkipped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j, err := NewJournal(path, facts)
	if err != nil {
		t.Fatal(err)
	}
	run := func(j *Journal, resume bool, to time.Time) *Engine {
		fine, coarse := twoSources(nil)
		fine.broken = func(from, _ int64) error {
			if from < start.Add(3*time.Hour).UnixMilli() {
				return reasoned("bad_data")
			}
			return nil
		}
		o := journalled(j, fine, coarse)
		o.MaxPiece, o.Persistence.Skip = time.Hour, time.Hour
		e := newEngine(t, o)
		if resume {
			if err := e.Resume(j); err != nil {
				t.Fatal(err)
			}
		}
		advance(t, e, to)
		return e
	}
	whole := run(nil, false, end)
	half := run(j, false, start.Add(5*time.Hour))
	half.timing[0].warnings = []string{"the server warned"}
	j.update(half.timing[0], half.options.Logger)
	if j, err = ReadJournal(path); err != nil {
		t.Fatal(err)
	}
	resumed := run(j, true, end).Evaluation().Document
	if len(resumed.FailedWindows) != 1 || len(resumed.Warnings) != 1 {
		t.Errorf("failed windows %+v, warnings %q", resumed.FailedWindows, resumed.Warnings)
	}
	resumed.Warnings = []string{}
	if got, want := mustJSON(t, resumed), mustJSON(t, whole.Evaluation().Document); got != want {
		t.Errorf("resumed:\n%s\nwant\n%s", got, want)
	}
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	contents, _ := copies(t, path)
	whole := contents[len(contents)-1]
	random := rand.New(rand.NewPCG(4, 4))
	bad := [][]byte{nil, []byte("a text that happens to be there\n"), whole[1:]}
	for range 50 {
		bad = append(bad, whole[:random.IntN(len(whole))])
		flipped := slices.Clone(whole)
		flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
		bad = append(bad, flipped)
	}
	for _, data := range bad {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJournal(path); !errors.Is(err, ErrJournalDamaged) {
			t.Fatalf("a journal of %d bytes, in place of %d: %v, want that it is damaged", len(data), len(whole), err)
		}
	}
	if _, err := ReadJournal(os.DevNull); !errors.Is(err, ErrJournalDamaged) {
		t.Errorf("a device: %v, want that it is no journal", err)
	}
	if _, err := ReadJournal(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}

// A disk that is full from some time on costs the means to resume, not the result.
func TestJournalOnAFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	path := filepath.Join(t.TempDir(), "journal")
	j, err := NewJournal(path, facts)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(path)
	for range 2 { // a failed write removes its temporary file
		if err := os.Symlink("/dev/full", path+".tmp"); err != nil {
			t.Fatal(err)
		}
		e := newEngine(t, journalled(j))
		e.options.MaxPiece = 24 * time.Hour
		advance(t, e, start.Add(time.Hour))
		now, err := os.ReadFile(path)
		if err != nil || len(now) == 0 {
			t.Errorf("the journal is gone: %v", err)
		}
		if _, err := ReadJournal(path); err != nil {
			t.Errorf("the journal is damaged (it had %d bytes): %v", len(old), err)
		}
		_ = os.Remove(path + ".tmp")
	}
	if _, err := NewJournal(filepath.Join(t.TempDir(), "no", "such", "directory"), facts); err == nil {
		t.Error("a journal where none can be written was made")
	}
}

// Whatever stands in a file whose checksum is right, reading it ends, and what is read is written the
// same.
func FuzzJournal(f *testing.F) {
	j := &Journal{facts: facts, names: []string{"fine"}, states: map[string][]byte{"fine": []byte("state")}}
	f.Add(j.encode()[len(journalMagic):])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append([]byte(journalMagic), body...)
		data = binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
		read := &Journal{states: make(map[string][]byte)}
		if read.decode(data) != nil {
			return
		}
		again := &Journal{states: make(map[string][]byte)}
		if err := again.decode(read.encode()); err != nil || !slices.Equal(again.facts, read.facts) || !slices.Equal(again.names, read.names) {
			t.Errorf("read %+v, written and read %+v, %v", read, again, err)
		}
	})
}

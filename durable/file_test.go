package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A file is replaced whole and leaves nothing beside it; where it cannot be, the old one stays.
func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	for _, data := range []string{"a long first state", "short"} {
		if err := Replace(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Fatalf("read %q, %v, want %q", got, err, data)
		}
	}
	if err := os.Mkdir(path+TemporarySuffix, 0o700); err != nil { // in the way of the temporary file
		t.Fatal(err)
	}
	if err := Replace(path, []byte("third")); err == nil {
		t.Error("a temporary file that cannot be written: no error")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "short" {
		t.Errorf("after a failure: %q, %v, want the state before", got, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left beside the state: %v, %v", entries, err)
	}
}

// A stream is whole or not there, too: a file whose writing fails leaves the one before, and nothing
// beside it.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	broken := errors.New("broken off")
	for _, c := range []struct {
		text string
		err  error
		want string
	}{{"first", nil, "first"}, {"second, but", broken, "first"}, {"third", nil, "third"}} {
		err := Write(path, 0o644, func(w io.Writer) error {
			_, err := io.WriteString(w, c.text)
			return errors.Join(err, c.err)
		})
		if !errors.Is(err, c.err) {
			t.Errorf("writing %q: %v, want %v", c.text, err, c.err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
			t.Errorf("after %q there is %q, %v, want %q", c.text, got, err, c.want)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left beside it: %v, %v", entries, err)
	}
	if err := Write(filepath.Join(dir, "none", "report"), 0o644, nil); err == nil {
		t.Error("no directory: no error")
	}
}

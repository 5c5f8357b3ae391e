package durable

import (
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

package goldens

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A recorder takes the place of a test, and notes what it is told.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// What was written is right, and anything else is an error.
func TestCheck(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	Check(t, path, "one\ntwo\n", true)
	for got, wrong := range map[string]bool{"one\ntwo\n": false, "one\nthree\n": true, "one\ntwo": true, "one\ntwo\n\n": true, "": true} {
		r := &recorder{TB: t}
		if same := Check(r, path, got, false); same == wrong || (len(r.errors) > 0) != wrong {
			t.Errorf("Check(%q) = %v with %d errors, want one: %v", got, same, len(r.errors), wrong)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "one\ntwo\n" {
		t.Errorf("comparing wrote %q, %v", text, err)
	}
}

func TestParting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		line int
	}{{"x", "y", 1}, {"a\nb", "a\nc", 2}, {"a", "a\nb", 2}, {"a\nb\n", "a\nb", 3}} {
		if line, _, _ := parting(c.a, c.b); line != c.line {
			t.Errorf("parting(%q, %q) = line %d, want %d", c.a, c.b, line, c.line)
		}
	}
}

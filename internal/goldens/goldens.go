// Package goldens compares what a test got with a file of the repository. Every package that uses it
// has a flag -update of its own; `make golden` sets them all.
package goldens

import (
	"os"
	"strings"
	"testing"
)

// Check fails the test where got is not what the file at path holds, and shows where they part and all
// that was got. With update it writes the file instead. It returns whether they are the same.
func Check(t testing.TB, path, got string, update bool) bool {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return true
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	if got != want {
		line, gotLine, wantLine := parting(got, want)
		t.Errorf("%s differs in line %d:\n got %q\nwant %q\nLook at it, then run `make golden`. All that was got:\n%s", path, line, gotLine, wantLine, got)
	}
	return got == want
}

// parting returns the first line in which two texts differ.
func parting(a, b string) (number int, ofA, ofB string) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(as), len(bs)) {
		ofA, ofB = "", ""
		if i < len(as) {
			ofA = as[i]
		}
		if i < len(bs) {
			ofB = bs[i]
		}
		if ofA != ofB {
			return i + 1, ofA, ofB
		}
	}
	return len(as), "", ""
}

package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse: nothing panics, and what was accepted prints as something that is accepted and prints
// the same.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yml", "testdata/bad/*.yml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("testdata/good/fuzz.yml", data)
		if err != nil {
			return
		}
		printed, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("fuzz.yml", printed)
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		twice, err := again.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(printed, twice) {
			t.Fatalf("printed:\n%s\nthen:\n%s", printed, twice)
		}
	})
}

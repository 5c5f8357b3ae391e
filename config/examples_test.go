package config

import (
	"path/filepath"
	"testing"
)

// Every shipped example is a valid configuration that reads what its comments say.
func TestExamples(t *testing.T) {
	t.Parallel()
	timing := map[string]int{"envoy-gateway.yml": 2, "envoy.yml": 2, "ha.yml": 2, "istio.yml": 2, "nlb.yml": 2}
	paths := files(t, "../examples/config/*.yml")
	if len(paths) != len(timing) {
		t.Errorf("%d examples, want %d", len(paths), len(timing))
	}
	for _, path := range paths {
		c, err := Load(path)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if len(c.Warnings()) > 0 {
			t.Errorf("%s warns: %v", path, c.Warnings())
		}
		n := 0
		for _, s := range c.Sources {
			if s.Timing() {
				n++
			}
		}
		if want := timing[filepath.Base(path)]; n != want {
			t.Errorf("%s: %d timing sources, want %d", path, n, want)
		}
	}
}

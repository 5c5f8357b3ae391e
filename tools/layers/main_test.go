package main

import "testing"

// The rules themselves: a package, what it depends on, and whether that is a problem.
func TestForbidden(t *testing.T) {
	for _, test := range []struct {
		from, to string
		bad      bool
	}{
		{"detector", "gonum.org/v1/gonum/mathext", false},
		{"detector", "github.com/prometheus/common/model", true},
		{"detector", module + "/finding", false},
		{"detector/score", module + "/sources", true},
		{"sources", module + "/detector/observe", false},
		{"sources", module + "/engine", true},
		{"sources/frame", module + "/sources", false}, // a part of the same edge
		{"engine", "github.com/prometheus/common/model", false},
		{"cmd/ghostpair", module + "/engine", false},
		{"web", module + "/cmd/ghostpair", true},
		{"jobs", module + "/durable", false},
		{"durable", module + "/finding", true},
		{"detector", module + "/durable", true},
		{"chart", "gonum.org/v1/plot", false},
		{"chart", "github.com/ajstarks/svgo", false}, // of gonum/plot
		{"chart", "github.com/prometheus/common/model", true},
		{"slo", "gonum.org/v1/plot", true},
		{"chart", module + "/web", true},
	} {
		path := module + "/" + test.from
		if got := forbidden(path, layerOf(path), test.to) != ""; got != test.bad {
			t.Errorf("%s depends on %s: forbidden = %t, want %t", test.from, test.to, got, test.bad)
		}
	}
}

func TestCoreDoesNoIO(t *testing.T) {
	p := listed{path: module + "/slo", imports: []string{"os", "time"}}
	if got := check(p); len(got) != 1 {
		t.Errorf("a core package that imports os: %d problems, want 1", len(got))
	}
}

package config

import (
	"strings"
	"testing"
)

// A name that is taken does not hide what else is wrong with a fingerprint.
func TestFingerprintWithTwoProblems(t *testing.T) {
	t.Parallel()
	_, err := Parse("ghostpair.yml", []byte("fingerprints:\n- {name: a, lag: [5s, 6s]}\n- {name: a, lag: [1s, 9s]}\n"))
	if len(Problems(err)) != 2 || !strings.Contains(err.Error(), "cannot be told from bursts") || !strings.Contains(err.Error(), "is taken by line 2") {
		t.Errorf("problems are: %v, want the name and the lag", err)
	}
}

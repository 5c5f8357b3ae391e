package score

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const referencePath = "../testdata/reference/tables.json"

func referenceTables(t testing.TB) []*Table {
	t.Helper()
	file, err := os.Open(filepath.FromSlash(referencePath))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tables, err := ReadReference(file)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// The exact solver must reproduce the reference, which solved the same problem with scipy's NNLS and
// wrote eight decimals.
func TestSolveMatchesReference(t *testing.T) {
	t.Parallel()
	for _, want := range referenceTables(t) {
		start := time.Now()
		got, err := Solve(want.DeltaMillis, want.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(want.DeltaMillis, want.Fingerprint, time.Since(start))
		worst := 0.0
		for k := range want.Scores {
			for r := range want.Scores[k] {
				for i, h := range want.Scores[k][r] {
					worst = max(worst, math.Abs(h-got.Scores[k][r][i]))
				}
			}
		}
		if worst > 1e-6 {
			t.Errorf("%d ms, [%v, %v]: scores differ by up to %g", want.DeltaMillis, want.Fingerprint.Lo, want.Fingerprint.Hi, worst)
		}
		t.Log(worst)
	}
}

var _ = json.Marshal

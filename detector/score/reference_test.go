package score

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

const referencePath = "../testdata/reference/tables.json"

func referenceTables(t testing.TB) []*Table {
	t.Helper()
	file, err := os.Open(referencePath)
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

// scanRow is what the reference says about one fingerprint and scrape interval beside the scores.
type scanRow struct {
	DeltaMillis int64        `json:"delta_ms"`
	Lo          float64      `json:"lo"`
	Hi          float64      `json:"hi"`
	First       int          `json:"l0"`
	Last        int          `json:"l1"`
	Kernels     [][2]float64 `json:"kernels"`
	GrowthSame  float64      `json:"growth_same"`
	GrowthAny   float64      `json:"growth_cross"`
	Resolvable  bool         `json:"resolvable"`
}

type referenceFile struct {
	Rhos    []float64    `json:"rhos"`
	Stakes  [][2]float64 `json:"stakes"`
	Tables  []scanRow    `json:"tables"`
	Scan    []scanRow    `json:"scan"`
	Display []struct {
		DeltaMillis int64     `json:"delta_ms"`
		Lo          float64   `json:"lo"`
		Hi          float64   `json:"hi"`
		K           []int     `json:"k"`
		Same        []float64 `json:"same"`
		Any         []float64 `json:"any"`
	} `json:"display_kernels"`
}

func reference(t testing.TB) referenceFile {
	t.Helper()
	data, err := os.ReadFile(referencePath)
	if err != nil {
		t.Fatal(err)
	}
	var file referenceFile
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// The exact solver must reproduce the reference, which solves the same problems with the NNLS of
// scipy and writes eight decimals.
func TestSolveMatchesReference(t *testing.T) {
	t.Parallel()
	for _, want := range referenceTables(t) {
		got, err := Solve(want.DeltaMillis, want.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if worst := difference(t, got, want); worst > 1e-6 {
			t.Errorf("%d ms, [%v, %v]: scores differ by up to %g", want.DeltaMillis, want.Fingerprint.Lo, want.Fingerprint.Hi, worst)
		}
	}
}

// difference returns the largest difference between two tables' scores.
func difference(t *testing.T, got, want *Table) float64 {
	t.Helper()
	if err := got.checkShape(); err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for k := range want.Scores {
		for r := range want.Scores[k] {
			for i, h := range want.Scores[k][r] {
				worst = max(worst, math.Abs(h-got.Scores[k][r][i]))
			}
		}
	}
	return worst
}

// Window, kernels, growth and resolvability over the scrape intervals in use. The growth is not
// monotone in the interval: a grid may fit a lag well or badly.
func TestResolvabilityMatchesReference(t *testing.T) {
	t.Parallel()
	file := reference(t)
	for _, want := range append(file.Tables, file.Scan...) {
		fp := Fingerprint{Lo: seconds(want.Lo), Hi: seconds(want.Hi)}
		got, err := Solve(want.DeltaMillis, fp)
		if err != nil {
			t.Fatal(err)
		}
		if got.FirstSlot != want.First || got.LastSlot != want.Last {
			t.Errorf("%d ms, [%v, %v]: window %d..%d, want %d..%d",
				want.DeltaMillis, fp.Lo, fp.Hi, got.FirstSlot, got.LastSlot, want.First, want.Last)
		}
		if math.Abs(got.GrowthSame-want.GrowthSame) > 1e-7 || math.Abs(got.GrowthAny-want.GrowthAny) > 1e-7 {
			t.Errorf("%d ms, [%v, %v]: growth %v / %v, want %v / %v",
				want.DeltaMillis, fp.Lo, fp.Hi, got.GrowthSame, got.GrowthAny, want.GrowthSame, want.GrowthAny)
		}
		if got.Resolvable() != want.Resolvable {
			t.Errorf("%d ms, [%v, %v]: resolvable %v", want.DeltaMillis, fp.Lo, fp.Hi, got.Resolvable())
		}
		if alone, err := growthSame(want.DeltaMillis, fp); err != nil || math.Abs(alone-got.GrowthSame) > 1e-9 {
			t.Errorf("%d ms, [%v, %v]: growth alone %v (%v), want %v", want.DeltaMillis, fp.Lo, fp.Hi, alone, err, got.GrowthSame)
		}
		for k, bounds := range want.Kernels {
			if got.Kernels[k].Lo != bounds[0] || got.Kernels[k].Hi != bounds[1] {
				t.Errorf("%d ms: kernel %d is %v, want %v", want.DeltaMillis, k, got.Kernels[k], bounds)
			}
		}
	}
}

func TestAccountsMatchReference(t *testing.T) {
	t.Parallel()
	file := reference(t)
	rhos, stakes := Rhos(), Stakes()
	if len(file.Rhos) != len(rhos) || len(file.Stakes) != len(stakes) {
		t.Fatalf("%d rhos and %d stakes, want %d and %d", len(rhos), len(stakes), len(file.Rhos), len(file.Stakes))
	}
	for i, rho := range file.Rhos {
		if rhos[i] != rho {
			t.Errorf("rho %d is %v, want %v", i, rhos[i], rho)
		}
	}
	for i, stake := range file.Stakes {
		if float64(stakes[i].Rho) != stake[0] || stakes[i].Share != stake[1] {
			t.Errorf("stake %d is %v, want %v", i, stakes[i], stake)
		}
	}
}

func TestDisplayKernelsMatchReference(t *testing.T) {
	t.Parallel()
	for _, want := range reference(t).Display {
		kernel := Kernel{Lo: want.Lo, Hi: want.Hi}
		delta := float64(want.DeltaMillis) / 1000
		for i, k := range want.K {
			lag := float64(k) * delta
			if got := kernel.At(lag, delta); math.Abs(got-want.Same[i]) > 1e-9 {
				t.Errorf("[%v, %v] at %v s, bin %d: same %v, want %v", want.Lo, want.Hi, delta, k, got, want.Same[i])
			}
			if got := kernel.AtAnyPhase(lag, delta); math.Abs(got-want.Any[i]) > 1e-9 {
				t.Errorf("[%v, %v] at %v s, bin %d: any %v, want %v", want.Lo, want.Hi, delta, k, got, want.Any[i])
			}
		}
	}
}

func TestReadReferenceRejects(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":         `{`,
		"other phases":    `{"phases":4}`,
		"bad fingerprint": `{"phases":8,"tables":[{"delta_ms":1000,"lo":6,"hi":5}]}`,
		"bad interval":    `{"phases":8,"tables":[{"delta_ms":0,"lo":5,"hi":6}]}`,
		"no scores":       `{"phases":8,"tables":[{"delta_ms":1000,"lo":5,"hi":6}]}`,
		"short scores":    `{"phases":8,"tables":[{"delta_ms":1000,"lo":5,"hi":5.3,"H":[[[1],[1],[1],[1]]]}]}`,
	} {
		if _, err := ReadReference(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

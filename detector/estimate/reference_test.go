package estimate

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

func readReference(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "reference", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// shapeRow is the shape of a histogram in the reference files.
type shapeRow struct {
	Name  string  `json:"name"`
	Level string  `json:"level"`
	Delta float64 `json:"delta_s"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Hist  []int   `json:"hist"`
	Cells int     `json:"n_cells"`
}

func levelOf(name string) Level {
	if name == Same.String() {
		return Same
	}
	return Any
}

func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond
}

func (r shapeRow) shape() Shape {
	return Shape{
		Level: levelOf(r.Level), DeltaMillis: duration(r.Delta).Milliseconds(),
		Fingerprint: score.Fingerprint{Lo: duration(r.Lo), Hi: duration(r.Hi)},
	}
}

type estimateRow struct {
	Lag        float64    `json:"lag"`
	LagCI      [2]float64 `json:"lag_ci"`
	HalfWidth  float64    `json:"half_width"`
	Pairs      int        `json:"n_pairs_in_window"`
	Share      float64    `json:"mate_share"`
	ShareCI    [2]float64 `json:"mate_share_ci"`
	LogLik     float64    `json:"loglik"`
	Ratio      float64    `json:"pair_fraction"`
	RatioCI    [2]float64 `json:"pair_fraction_ci"`
	Bins       []int      `json:"bins"`
	Fitted     []float64  `json:"fitted"`
	Background []float64  `json:"background"`
}

type binomialRow struct {
	Hot      int     `json:"hot"`
	Harmonic int     `json:"harmonic"`
	Side     int     `json:"side"`
	Share    float64 `json:"q"`
	P        float64 `json:"p"`
}

type estimatesFile struct {
	Cases []struct {
		shapeRow
		Hours    [][3]int     `json:"hours"`
		Scrapes  int64        `json:"n_scrapes"`
		Estimate *estimateRow `json:"estimate"`
		Sideband *binomialRow `json:"sideband"`
		Train    *binomialRow `json:"train"`
		Clear    *struct {
			Cells     int      `json:"n"`
			Hot       int      `json:"y"`
			Right     int      `json:"z"`
			Kappa     float64  `json:"kappa"`
			Occupancy float64  `json:"occupancy"`
			Upper     *float64 `json:"pair_fraction_upper"`
		} `json:"clear"`
	} `json:"cases"`
	Needed []struct {
		N      int     `json:"n"`
		Hot    int     `json:"y"`
		Right  int     `json:"z"`
		Kappa  float64 `json:"kappa"`
		Limit  float64 `json:"limit"`
		Expect *int    `json:"expect"`
	} `json:"errors_needed"`
	EBH []struct {
		E      []float64 `json:"e"`
		Alpha  float64   `json:"alpha"`
		Tests  int       `json:"n_tests"`
		Expect []int     `json:"expect"`
	} `json:"e_bh"`
}

// near fails the test when got differs from want by more than the absolute tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// nearly is near with a tolerance of 1e-6 of the value.
func nearly(t *testing.T, what string, got, want float64) {
	t.Helper()
	near(t, what, got, want, 1e-6*math.Abs(want)+1e-300)
}

// Tolerances: a step of the lag grid, 1e-4 nats, 1e-3 of a share. The half width is not compared,
// since both may fit equally well.
func TestLagMatchesReference(t *testing.T) {
	t.Parallel()
	var file estimatesFile
	readReference(t, "estimates.json", &file)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, ok := Lag(c.Hist, c.shape(), c.Cells)
			if want := c.Estimate; ok != (want != nil) {
				t.Fatalf("ok %v", ok)
			} else if ok {
				compareEstimate(t, got, want)
				compareShare(t, got, want, c.shapeRow)
			}
		})
	}
}

func compareEstimate(t *testing.T, got Estimate, want *estimateRow) {
	t.Helper()
	near(t, "lag", got.Lag, want.Lag, scanStep+1e-9)
	near(t, "lag, lower", got.LagLower, want.LagCI[0], scanStep+1e-9)
	near(t, "lag, upper", got.LagUpper, want.LagCI[1], scanStep+1e-9)
	near(t, "log-likelihood", got.LogLikelihood, want.LogLik, 1e-4)
	near(t, "share, lower", got.MateShareLower, want.ShareCI[0], 1e-3)
	near(t, "share, upper", got.MateShareUpper, want.ShareCI[1], 1e-3)
	near(t, "ratio, lower", got.PairRatioLower, want.RatioCI[0], 1e-3)
	near(t, "ratio, upper", got.PairRatioUpper, want.RatioCI[1], 1e-3)
	if got.Pairs != want.Pairs || got.FirstBin != want.Bins[0] || len(got.Fitted) != len(want.Bins) || len(got.Background) != len(want.Bins) {
		t.Fatalf("%d pairs in %d bins from %d, want %d in %v", got.Pairs, len(got.Fitted), got.FirstBin, want.Pairs, want.Bins)
	}
	for i := range want.Fitted {
		near(t, "fitted", got.Fitted[i], want.Fitted[i], 1e-3*float64(want.Pairs))
	}
}

// compareShare compares the share and the background. In two of the cases, at 2 s, the few bins are
// fitted exactly by a range of shares, of which the reference happens to return either end. There it
// is enough that its share is no likelier than ours, and that ours is the smallest.
func compareShare(t *testing.T, got Estimate, want *estimateRow, c shapeRow) {
	t.Helper()
	if math.Abs(got.MateShare-want.Share) > 1e-3 {
		fit := newLagFit(c.Hist, c.shape())
		fit.best, _, _ = fit.scan()
		there, _ := fit.at(want.Share)
		below, _ := fit.at(got.MateShare - 1e-3)
		if got.MateShare > want.Share || c.Delta < 2 || math.Abs(there-got.LogLikelihood) > 1e-6 || below > got.LogLikelihood-1e-6 {
			t.Errorf("share %v, want %v; log-likelihood %v, there %v, below %v", got.MateShare, want.Share, got.LogLikelihood, there, below)
		}
		return
	}
	near(t, "ratio", got.PairRatio, want.Ratio, 1e-3)
	for i := range want.Background {
		near(t, "background", got.Background[i], want.Background[i], 1e-3*float64(want.Pairs))
	}
}

func TestBinomialTestsMatchReference(t *testing.T) {
	t.Parallel()
	var file estimatesFile
	readReference(t, "estimates.json", &file)
	for _, c := range file.Cases {
		got, ok := Sideband(c.Hist, c.shape())
		compareBinomial(t, c.Name+": sideband", got, ok, c.Sideband)
		if c.Estimate != nil {
			got, ok = Chain(c.Hist, c.shape(), c.Estimate.Lag)
			compareBinomial(t, c.Name+": chain", got, ok, c.Train)
		}
	}
}

func compareBinomial(t *testing.T, what string, got BinomialTest, ok bool, want *binomialRow) {
	t.Helper()
	if ok != (want != nil) {
		t.Errorf("%s: ok %v", what, ok)
		return
	}
	if !ok {
		return
	}
	if hits := want.Hot + want.Harmonic; got.Hits != hits || got.Beside != want.Side {
		t.Errorf("%s: %d against %d, want %d against %d", what, got.Hits, got.Beside, hits, want.Side)
	}
	nearly(t, what+": share", got.Share, want.Share)
	nearly(t, what+": p-value", got.PValue, want.P)
}

func TestUpperBoundMatchesReference(t *testing.T) {
	t.Parallel()
	var file estimatesFile
	readReference(t, "estimates.json", &file)
	compared := 0
	for _, c := range file.Cases {
		var hours []HourCounts
		for _, h := range c.Hours {
			hours = append(hours, HourCounts{Cells: h[0], Hot: h[1], Right: h[2]})
		}
		got, ok := NewBounder(c.shape(), new(Quantiles)).Upper(hours, c.Scrapes)
		if want := c.Clear; ok != (want != nil && want.Upper != nil) {
			t.Errorf("%s: ok %v", c.Name, ok)
		} else if ok {
			compared++
			if got.Cells != want.Cells || got.Hot != want.Hot || got.Right != want.Right {
				t.Errorf("%s: counts %+v, want %+v", c.Name, got, want)
			}
			nearly(t, c.Name+": kappa", got.Kappa, want.Kappa)
			nearly(t, c.Name+": occupancy", got.Occupancy, want.Occupancy)
			nearly(t, c.Name+": upper bound", got.PairRatioUpper, *want.Upper)
		}
	}
	if compared == 0 {
		t.Error("nothing compared")
	}
}

func TestErrorsNeededMatchesReference(t *testing.T) {
	t.Parallel()
	var file estimatesFile
	readReference(t, "estimates.json", &file)
	for _, c := range file.Needed {
		got, ok := ErrorsNeeded(c.N, c.Hot, c.Right, c.Kappa, c.Limit)
		if ok != (c.Expect != nil) || ok && got != *c.Expect {
			t.Errorf("%+v: %d, %v", c, got, ok)
		}
	}
}

func TestEBHMatchesReference(t *testing.T) {
	t.Parallel()
	var file estimatesFile
	readReference(t, "estimates.json", &file)
	for _, c := range file.EBH {
		if got := EBH(c.E, c.Alpha, c.Tests); !slices.Equal(got, c.Expect) {
			t.Errorf("%v: %v, want %v", c.E, got, c.Expect)
		}
	}
}

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
	"github.com/ghostpair/ghostpair/finding"
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
		got, ok := UpperBound(hours, c.Scrapes, c.shape())
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

type labelsFile struct {
	Cases []struct {
		shapeRow
		Estimate   estimateRow `json:"estimate"`
		TrainShare *struct {
			Period, Mates, Noise, Share float64
			Train                       bool
		} `json:"train_share"`
		HalfStep *struct {
			Bin, At, Beside int
			P               float64
			Half            bool
		} `json:"half_step"`
		Fast []*struct {
			Upper float64
			Fast  bool
		} `json:"fast"`
		Rows []struct {
			Stepped float64 `json:"stepped_cells"`
			Mates   int     `json:"mates"`
			Slow    *int    `json:"slow"`
			Expect  struct {
				Labels    []string `json:"labels"`
				LookAlike bool     `json:"look_alike"`
			} `json:"expect"`
		} `json:"rows"`
	} `json:"cases"`
	Stepped []struct {
		Name        string          `json:"name"`
		Times       []int64         `json:"times"`
		DeltaMillis int64           `json:"delta_ms"`
		Expect      *float64        `json:"expect"`
		Hits        map[string]bool `json:"hits"`
	} `json:"stepped"`
	SteppedShare []struct {
		Periods []*float64 `json:"periods"`
		Cells   []int      `json:"cells"`
		Level   string     `json:"level"`
		Lo      float64    `json:"lo"`
		Hi      float64    `json:"hi"`
		Expect  float64    `json:"expect"`
	} `json:"stepped_share"`
}

// given is the estimate as the reference labels had it.
func (r estimateRow) given() Estimate {
	return Estimate{
		Lag: r.Lag, LagLower: r.LagCI[0], LagUpper: r.LagCI[1], Pairs: r.Pairs,
		MateShare: r.Share, MateShareLower: r.ShareCI[0], MateShareUpper: r.ShareCI[1],
	}
}

func TestLabelTestsMatchReference(t *testing.T) {
	t.Parallel()
	var file labelsFile
	readReference(t, "labels.json", &file)
	for _, c := range file.Cases {
		name := c.Name + " at " + duration(c.Delta).String()
		if len(c.Hist) != LongBins(c.shape().DeltaMillis, c.shape().Fingerprint) {
			t.Errorf("%s: LongBins differs from %d", name, len(c.Hist))
		}
		train, ok := TrainShare(c.Hist, c.shape(), c.Estimate.given())
		if want := c.TrainShare; ok != (want != nil) || ok && train.Train != want.Train {
			t.Errorf("%s: train %+v, %v", name, train, ok)
		} else if ok {
			nearly(t, name+": period", train.Period, want.Period)
			near(t, name+": mates", train.Mates, want.Mates, 1e-6*math.Abs(want.Mates)+1e-9)
			nearly(t, name+": noise", train.Noise, want.Noise)
			near(t, name+": share", train.Share, want.Share, 1e-6*math.Abs(want.Share)+1e-9)
		}
		half, ok := HalfStep(c.Hist, c.shape().DeltaMillis, c.Estimate.given())
		if want := c.HalfStep; ok != (want != nil) || ok && (half.Bin != want.Bin || half.At != want.At || half.Beside != want.Beside || half.Half != want.Half) {
			t.Errorf("%s: half step %+v, %v", name, half, ok)
		} else if ok {
			nearly(t, name+": half step", half.PValue, want.P)
		}
		for i, slow := range []int{0, c.Rows[0].Mates} {
			fast, ok := Fast(c.Rows[0].Mates, slow, c.Estimate.given())
			if want := c.Fast[i]; ok != (want != nil) || ok && fast.Fast != want.Fast {
				t.Errorf("%s: fast %+v, %v", name, fast, ok)
			} else if ok {
				nearly(t, name+": fast", fast.SlowShareUpper, want.Upper)
			}
		}
	}
}

// The labels from the given estimates, and from our own.
func TestLabelsMatchReference(t *testing.T) {
	t.Parallel()
	var file labelsFile
	readReference(t, "labels.json", &file)
	for _, c := range file.Cases {
		own, ok := Lag(c.Hist, c.shape(), c.Cells)
		if !ok {
			t.Errorf("%s: no estimate", c.Name)
		}
		hot, _ := c.shape().HotRight(c.Hist)
		for _, row := range c.Rows {
			if hot != row.Mates {
				t.Errorf("%s: %d mates, want %d", c.Name, hot, row.Mates)
			}
			in := LabelInput{Histogram: c.Hist, Shape: c.shape(), SteppedShare: row.Stepped, Mates: row.Mates}
			if row.Slow != nil {
				in.Latency, in.Slow = true, *row.Slow
			}
			for _, in.Estimate = range []Estimate{c.Estimate.given(), own} {
				got := Labels(in)
				if !slices.Equal(got, row.Expect.Labels) {
					t.Errorf("%s at %v s: %v, want %v", c.Name, c.Delta, got, row.Expect.Labels)
				}
				if alike := slices.ContainsFunc(got, finding.LookAlike); alike != row.Expect.LookAlike {
					t.Errorf("%s at %v s: look-alike %v", c.Name, c.Delta, alike)
				}
			}
		}
	}
}

func TestSteppedMatchesReference(t *testing.T) {
	t.Parallel()
	var file labelsFile
	readReference(t, "labels.json", &file)
	fingerprints := map[string]score.Fingerprint{
		"5-6.5":   {Lo: 5 * time.Second, Hi: 6500 * time.Millisecond},
		"10-11.5": {Lo: 10 * time.Second, Hi: 11500 * time.Millisecond},
	}
	for _, c := range file.Stepped {
		period, ok := StepPeriod(c.Times, c.DeltaMillis)
		if ok != (c.Expect != nil) || ok && period != duration(*c.Expect) {
			t.Errorf("%s: %v, %v", c.Name, period, ok)
		}
		if !ok {
			period = 0
		}
		for name, want := range c.Hits {
			if got := StepHits(period, fingerprints[name]); got != want {
				t.Errorf("%s: hits %s %v", c.Name, name, got)
			}
		}
	}
	for _, c := range file.SteppedShare {
		var periods []time.Duration
		for _, p := range c.Periods {
			if p == nil {
				periods = append(periods, 0)
			} else {
				periods = append(periods, duration(*p))
			}
		}
		fp := score.Fingerprint{Lo: duration(c.Lo), Hi: duration(c.Hi)}
		near(t, "stepped share", SteppedShare(periods, c.Cells, levelOf(c.Level), fp), c.Expect, 1e-12)
	}
}

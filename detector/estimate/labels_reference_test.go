package estimate

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/finding"
)

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
		mates := c.Rows[0].Mates
		for i, slow := range []float64{0, float64(mates)} {
			fast, ok := Fast(mates, float64(mates), slow, c.Estimate.given())
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
			in := LabelInput{Histogram: c.Hist, Shape: c.shape(), SteppedShare: row.Stepped}
			for _, in.Estimate = range []Estimate{c.Estimate.given(), own} {
				got := Labels(in)
				if row.Slow != nil {
					if fast, _ := Fast(row.Mates, float64(row.Mates), float64(*row.Slow), in.Estimate); fast.Fast {
						got = finding.WithLabel(got, finding.LabelFast)
					}
				}
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

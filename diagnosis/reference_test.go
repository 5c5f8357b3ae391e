package diagnosis

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/detector/score"
)

// The reference vectors come from an independent implementation with scipy.
type reference struct {
	Dwell []struct {
		N        int64   `json:"n"`
		Hits     int64   `json:"hits"`
		Interval float64 `json:"interval_s"`
		Base     float64 `json:"base"`
		Expect   struct {
			Wait float64    `json:"wait"`
			CI   [2]float64 `json:"ci"`
			P    float64    `json:"p"`
		} `json:"expect"`
	} `json:"dwell"`
	Association []struct {
		Name    string `json:"name"`
		N       int    `json:"n"`
		Stratum int    `json:"stratum"`
		Dilate  bool   `json:"dilate"`
		X       []int  `json:"x"`
		Y       []int  `json:"y"`
		Expect  struct {
			Coincidences   int64      `json:"coincidences"`
			ErrorIntervals int64      `json:"error_intervals"`
			Expected       float64    `json:"expected"`
			P              float64    `json:"p"`
			Share          float64    `json:"share"`
			ShareCI        [2]float64 `json:"share_ci"`
		} `json:"expect"`
	} `json:"association"`
	CountPairing []struct {
		Interval float64    `json:"interval_s"`
		Length   int        `json:"length"`
		Nonzero  [][2]int64 `json:"nonzero"`
		Expect   struct {
			Fano *float64 `json:"fano"`
			Cov1 float64  `json:"cov1"`
			Lag  *float64 `json:"lag"`
		} `json:"expect"`
	} `json:"count_pairing"`
	TimeoutShare []struct {
		Fails    int64 `json:"fails"`
		Timeouts int64 `json:"timeouts"`
		Expect   struct {
			Share float64    `json:"share"`
			CI    [2]float64 `json:"ci"`
		} `json:"expect"`
	} `json:"timeout_share"`
	Suspected []struct {
		Alpha       float64   `json:"alpha"`
		Lo          float64   `json:"lo"`
		Hi          float64   `json:"hi"`
		Dwell       []float64 `json:"dwell"`
		Association int       `json:"association_case"`
		Timeouts    *[2]int64 `json:"timeouts"`
		Expect      bool      `json:"expect"`
	} `json:"suspected"`
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("../detector/testdata/reference/coarse.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// near compares to one part in a million, the precision of the vectors.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-6*math.Abs(want)+1e-300 {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

func TestDwellReference(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t).Dwell {
		got, ok := NewDwell(c.N, c.Hits, c.Interval, c.Base)
		if !ok {
			t.Fatalf("%+v: not ok", c)
		}
		near(t, "wait", got.WaitSeconds, c.Expect.Wait)
		near(t, "lower", got.LowerSeconds, c.Expect.CI[0])
		near(t, "upper", got.UpperSeconds, c.Expect.CI[1])
		near(t, "p", got.PValue, c.Expect.P)
	}
}

func marks(n int, places []int) []bool {
	b := make([]bool, n)
	for _, i := range places {
		b[i] = true
	}
	return b
}

func TestAssociationReference(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t).Association {
		got, ok := newAssociation(marks(c.N, c.X), marks(c.N, c.Y), c.Stratum, c.Dilate)
		if !ok || got.Coincidences != c.Expect.Coincidences || got.ErrorIntervals != c.Expect.ErrorIntervals {
			t.Errorf("%s: %+v, %v", c.Name, got, ok)
		}
		near(t, c.Name+": expected", got.Expected, c.Expect.Expected)
		near(t, c.Name+": p", got.PValue, c.Expect.P)
		near(t, c.Name+": share", got.Share.Estimate, c.Expect.Share)
		near(t, c.Name+": lower", got.Share.Lower, c.Expect.ShareCI[0])
		near(t, c.Name+": upper", got.Share.Upper, c.Expect.ShareCI[1])
	}
}

func TestCountPairingReference(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t).CountPairing {
		counts := make([]int64, c.Length)
		for _, n := range c.Nonzero {
			counts[n[0]] = n[1]
		}
		got, ok := countMoments(counts).Pairing(c.Interval)
		if !ok || got.LagSeconds == nil || c.Expect.Lag == nil {
			t.Fatalf("%+v, %v", got, ok)
		}
		near(t, "fano", got.Fano, *c.Expect.Fano)
		near(t, "covariance", got.Covariance, c.Expect.Cov1)
		near(t, "lag", *got.LagSeconds, *c.Expect.Lag)
	}
}

func TestTimeoutShareReference(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t).TimeoutShare {
		got, ok := TimeoutShare(c.Fails, c.Timeouts)
		if !ok {
			t.Fatalf("%+v: not ok", c)
		}
		near(t, "share", got.Estimate, c.Expect.Share)
		near(t, "lower", got.Lower, c.Expect.CI[0])
		near(t, "upper", got.Upper, c.Expect.CI[1])
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestSuspectedReference(t *testing.T) {
	t.Parallel()
	r := readReference(t)
	for _, c := range r.Suspected {
		var e Evidence
		if c.Dwell != nil {
			d, _ := NewDwell(int64(c.Dwell[0]), int64(c.Dwell[1]), c.Dwell[2], 0)
			e.Dwell = &d
		}
		ac := r.Association[c.Association]
		a, _ := newAssociation(marks(ac.N, ac.X), marks(ac.N, ac.Y), ac.Stratum, ac.Dilate)
		e.Association = &a
		if c.Timeouts != nil {
			s, _ := TimeoutShare(c.Timeouts[0], c.Timeouts[1])
			e.TimeoutShare = &s
		}
		fingerprint := score.Fingerprint{Lo: seconds(c.Lo), Hi: seconds(c.Hi)}
		if got := e.Suspected(c.Alpha, fingerprint); got != c.Expect {
			t.Errorf("%+v: %v, want %v", c, got, c.Expect)
		}
	}
}

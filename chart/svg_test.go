package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/internal/goldens"
	"github.com/ghostpair/ghostpair/slo"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// drawings is one of each kind of chart, on data that is small enough to be checked by eye.
func drawings(c Caption) map[string][]byte {
	start := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	values, marked := make([]float64, 168), make([]float64, 168)
	left := make([]float64, 224)
	for i := range values {
		values[i], marked[i] = float64(i%24), float64(i%24/3)
	}
	for i := range left {
		left[i] = 1 - float64(i)/150
		if i < 20 {
			left[i] = math.NaN()
		}
	}
	week := slo.Span{From: start, To: start.AddDate(0, 0, 7)}
	return map[string][]byte{
		"histogram": Histogram(c, finding.Histogram{
			BinSeconds: 1, FirstLagSeconds: 1, Observed: []int{31, 28, 25, 24, 80, 45, 21, 20}, Expected: []float64{31, 28, 26, 24, 23, 22, 21, 20},
		}, Range{5, 6.5}),
		"timeline":  Timeline{Start: start, Step: time.Hour, Errors: values, Paired: marked, Absent: []slo.Span{{From: start.Add(30 * time.Hour), To: start.Add(40 * time.Hour)}}}.SVG(c),
		"burndown":  BurnDown{Start: start.AddDate(0, 0, -21), Step: 3 * time.Hour, Remaining: left, WithoutPairs: left, Period: week}.SVG(c),
		"sparkline": Sparkline(c, values[:30], marked[:30]),
		"columns":   Columns(c, []Column{{"W45", 0, 0, false}, {"W46", 1.5, 0.3, true}, {"W47", 0.4, 0, true}}),
	}
}

func TestDrawings(t *testing.T) {
	t.Parallel()
	for name, got := range drawings(Caption{"Errors", "what there is to see"}) {
		path := filepath.Join("testdata", name+".svg")
		goldens.Check(t, path, string(got), *update)
	}
}

// Whatever a caption holds, a drawing is well-formed XML with a description, without fixed colours,
// fonts or numbers that are none.
func TestDrawingsAreSafe(t *testing.T) {
	t.Parallel()
	const odd = "<b> & \"quoted\" 'x' \x00\x1b \xff ünïcode"
	for name, drawn := range drawings(Caption{odd, odd}) {
		text := string(drawn)
		for _, bad := range []string{"#", "font-family", "NaN", "Inf", "<b>"} {
			if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, "&#34;", ""), "&#39;", ""), bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		if !strings.Contains(text, `role="img" aria-label="&lt;b&gt; &amp; `) {
			t.Errorf("%s has no description: %.300s", name, text)
		}
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
}

// Nothing to draw is drawn, too.
func TestEmptyDrawings(t *testing.T) {
	t.Parallel()
	for _, drawn := range [][]byte{
		Histogram(Caption{}, finding.Histogram{}, Range{}), Timeline{}.SVG(Caption{}), BurnDown{}.SVG(Caption{}),
		Sparkline(Caption{}, nil, nil), Columns(Caption{}, nil),
	} {
		if !strings.HasSuffix(string(drawn), "</svg>") || strings.Contains(string(drawn), "NaN") {
			t.Errorf("%s", drawn)
		}
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, to time.Time
		want     string
	}{
		{time.Date(2026, 10, 19, 0, 0, 0, 0, berlin), time.Date(2026, 10, 26, 0, 0, 0, 0, berlin), "Mon 19,Tue 20,Wed 21,Thu 22,Fri 23,Sat 24,Sun 25"}, // 169 hours
		{time.Date(2026, 11, 1, 0, 0, 0, 0, berlin), time.Date(2026, 12, 1, 0, 0, 0, 0, berlin), "1 Nov,8 Nov,15 Nov,22 Nov,29 Nov"},
		{time.Date(2026, 11, 1, 3, 0, 0, 0, berlin), time.Date(2026, 11, 1, 22, 0, 0, 0, berlin), "06:00,12:00,18:00"},
	} {
		var got []string
		for _, tick := range timeTicks(test.from, test.to) {
			got = append(got, tick.Label)
		}
		if strings.Join(got, ",") != test.want {
			t.Errorf("%s to %s: %q, want %q", test.from, test.to, got, test.want)
		}
	}
	for top, want := range map[float64]int{1: 2, 4: 5, 100: 3, 12345: 3} { // 0..1; 0..4; 0,50,100; 0,5k,10k
		if got := countTicks(top); len(got) != want {
			t.Errorf("up to %v: %v, want %d ticks", top, got, want)
		}
	}
}

package observe

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// ingestCase is one counter on one target with its expected intervals [at, regular, increment].
type ingestCase struct {
	Name    string
	DeltaMS int64 `json:"delta_ms"`
	Scrapes []int64
	Samples [][2]any
	Expect  [][3]any
}

func readIngest(t *testing.T) []ingestCase {
	t.Helper()
	data, err := os.ReadFile("../testdata/reference/ingest.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []ingestCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestReference checks every case of the reference: each expected increment is one event of the right
// kind, and Coverage after each scrape starts at the last irregular one.
func TestReference(t *testing.T) {
	t.Parallel()
	for _, c := range readIngest(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			testReference(t, c)
		})
	}
}

func testReference(t *testing.T, c ingestCase) {
	o := New(Options{ScrapeInterval: millis(c.DeltaMS)})
	o.Begin(0, 20_000)
	o.Scrapes(TargetView{Target: "pod"}, ups(c.Scrapes...))
	o.Series(&SeriesID{Route: "r", Target: "pod", Counter: "c"}, c.runs())
	piece := o.End()
	var got, want []Event
	for _, e := range piece.Events {
		if e.Kind != Break {
			got = append(got, Event{AtMillis: e.AtMillis, Kind: e.Kind, Increment: e.Increment})
		}
	}
	for _, x := range c.Expect {
		at, regular, increment := int64(x[0].(float64)), x[1].(bool), x[2].(float64)
		kind := Growth
		if regular {
			kind = Cell
		}
		if increment > 0 {
			want = append(want, Event{AtMillis: at, Kind: kind, Increment: increment})
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	// Coverage of the series: what the target covers, cut at the breaks of the unit.
	covered := int64(0)
	for _, x := range c.Expect {
		at, regular := int64(x[0].(float64)), x[1].(bool)
		if !regular {
			covered = at
		}
		from, last, ok := o.Coverage(0, at+1)
		for _, e := range piece.Events {
			if e.Kind == Break && e.AtMillis <= at {
				from = max(from, e.AtMillis)
			}
		}
		if !ok || last != at || from != covered {
			t.Errorf("coverage at %d: [%d, %d] %v, want [%d, %d]", at, from, last, ok, covered, at)
		}
	}
}

// runs returns the samples in time order; the first of equal times comes first.
func (c ingestCase) runs() []Run {
	var out []Run
	for _, s := range c.Samples {
		value := math.NaN()
		switch v := s[1].(type) {
		case float64:
			value = v
		case string:
			if v == "inf" {
				value = math.Inf(1)
			}
		}
		out = append(out, Run{FirstMillis: int64(s[0].(float64)), Count: 1, Value: value})
	}
	slices.SortStableFunc(out, func(a, b Run) int { return int(a.FirstMillis - b.FirstMillis) })
	return out
}

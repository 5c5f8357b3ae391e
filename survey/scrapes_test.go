package survey

import (
	"testing"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// nothing is a sink that takes everything.
type nothing struct{}

func (nothing) Scrapes(observe.TargetView, []observe.Run) {}
func (nothing) Series(*observe.SeriesID, []observe.Run)   {}

func record(from, to int64, view string, runs ...observe.Run) []Job {
	r := newRecorder(nothing{}, from, to)
	r.Scrapes(observe.TargetView{Target: "a", View: view}, runs)
	return r.jobs()
}

func TestJobs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		runs []observe.Run
		want Job
	}{
		{
			// Ten scrapes 15 s apart, of which one failed: nine distances, all alike.
			"regular",
			[]observe.Run{{FirstMillis: 15_000, StepMillis: 15_000, Count: 9, Value: 1}, {FirstMillis: 150_000, Count: 1}},
			Job{Targets: 1, Scrapes: 10, Failed: 1, IntervalSeconds: 15, Regular: 1, LongestSeconds: 15, Intervals: 1},
		},
		{
			// A gap of a minute among ten distances: nine are regular.
			"a gap",
			[]observe.Run{{FirstMillis: 1000, StepMillis: 1000, Count: 10, Value: 1}, {FirstMillis: 70_000, Count: 1, Value: 1}},
			Job{Targets: 1, Scrapes: 11, IntervalSeconds: 1, Regular: 0.9, LongestSeconds: 60, Intervals: 1},
		},
		{
			// Jitter of a few milliseconds is no other interval.
			"jitter",
			[]observe.Run{{FirstMillis: 1003, Count: 1, Value: 1}, {FirstMillis: 1998, Count: 1, Value: 1}, {FirstMillis: 3002, Count: 1, Value: 1}},
			Job{Targets: 1, Scrapes: 3, IntervalSeconds: 1, Regular: 1, LongestSeconds: 1.004, Intervals: 1},
		},
		{
			// (0, 200 s] cuts the run at both ends: 15, 30, ..., 195 s.
			"cut at the window",
			[]observe.Run{{FirstMillis: -30_000, StepMillis: 15_000, Count: 100, Value: 1}},
			Job{Targets: 1, Scrapes: 13, IntervalSeconds: 15, Regular: 1, LongestSeconds: 15, Intervals: 1},
		},
		{"one scrape", []observe.Run{{FirstMillis: 1000, Count: 1, Value: 1}}, Job{Targets: 1, Scrapes: 1}},
		{"outside", []observe.Run{{FirstMillis: 200_001, Count: 1, Value: 1}, {FirstMillis: 0, Count: 1, Value: 1}}, Job{Targets: 1}},
	} {
		got := record(0, 200_000, "job=envoy, instance=a:1", test.runs...)
		if len(got) != 1 {
			t.Fatalf("%s: %d jobs", test.name, len(got))
		}
		test.want.Name = "envoy"
		if got[0].Fingerprints != nil {
			t.Errorf("%s: fingerprints before they are known", test.name)
		}
		if a, b := got[0], test.want; a.Name != b.Name || a.Targets != b.Targets || a.Scrapes != b.Scrapes || a.Failed != b.Failed ||
			a.IntervalSeconds != b.IntervalSeconds || a.Regular != b.Regular || a.LongestSeconds != b.LongestSeconds || a.Intervals != b.Intervals {
			t.Errorf("%s: %+v, want %+v", test.name, a, b)
		}
	}
}

// A run is the same as its samples one by one, wherever the window cuts.
func TestRunsAreSamples(t *testing.T) {
	t.Parallel()
	run := observe.Run{FirstMillis: 7_000, StepMillis: 15_000, Count: 20, Value: 1}
	var single []observe.Run
	for i := range run.Count {
		single = append(single, observe.Run{FirstMillis: run.FirstMillis + i*run.StepMillis, Count: 1, Value: 1})
	}
	for from := int64(0); from < 60_000; from += 1000 {
		for to := from; to < 320_000; to += 5000 {
			whole, parts := record(from, to, "", run)[0], record(from, to, "", single...)[0]
			if whole.Scrapes != parts.Scrapes || whole.IntervalSeconds != parts.IntervalSeconds {
				t.Fatalf("(%d, %d]: %+v as a run, %+v as samples", from, to, whole, parts)
			}
		}
	}
}

func TestRoundSpacing(t *testing.T) {
	t.Parallel()
	for spacing, want := range map[int64]int64{
		15_000: 15_000, 15_013: 15_000, 14_950: 15_000, // within a tenth of a second
		1003: 1000, 1500: 1500, 1490: 1500, 250: 250, 500: 500,
		2600: 2600, // a multiple of 50, and of nothing rounder
		7:    7,    // 5 % of nothing
	} {
		if got := roundSpacing(spacing); got != want {
			t.Errorf("roundSpacing(%d) = %d, want %d", spacing, got, want)
		}
	}
}

func TestJobOf(t *testing.T) {
	t.Parallel()
	for view, want := range map[string]string{
		"job=envoy, instance=a:1": "envoy",
		"instance=a:1, job=b":     "b",
		"instance=a:1":            "",
		"":                        "",
	} {
		if got := jobOf(view); got != want {
			t.Errorf("jobOf(%q) = %q, want %q", view, got, want)
		}
	}
}

package report

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/slo"
)

func written(t *testing.T, r *Report, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whatever a label holds, a page holds no script and nothing that is fetched.
func TestPageIsInert(t *testing.T) {
	t.Parallel()
	page := strings.ToLower(written(t, Build(shop(t).in), "html"))
	for _, forbidden := range []string{"<script", "javascript:", "onload=", "<img", "<link", "@import", "url(", "zgotmplz"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page has %q", forbidden)
		}
	}
	if !strings.Contains(page, "&lt;script&gt;alert(&#39;1&#39;)") {
		t.Error("the odd route is not shown escaped")
	}
	// every stand-in of a colour must have become a variable
	if strings.Contains(page, "#0102") {
		t.Error("a chart has a fixed colour")
	}
}

func TestFormulaCannotRun(t *testing.T) {
	t.Parallel()
	if csv := written(t, Build(shop(t).in), "csv"); !strings.Contains(csv, `"'=HYPERLINK`) {
		t.Error("a route that looks like a formula is not disarmed")
	}
}

// A week has 167 or 169 hours when the clock changes, and all of them count, in any time zone.
func TestWeeksWithAChangeOfTheClock(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone, week string
		hours      float64
	}{
		{"Europe/Berlin", "2026-W43", 169}, // 25 October
		{"Europe/Berlin", "2026-W13", 167}, // 29 March
		{"America/New_York", "2026-W44", 169},
		{"Australia/Lord_Howe", "2026-W40", 167.5}, // half an hour
		{"Asia/Kathmandu", "2026-W40", 168},        // 5:45 ahead
		{"UTC", "2026-W43", 168},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		week, err := slo.ParsePeriod(test.week, zone)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(week, week.Start)
		w.serve("a", 100, time.Time{})
		w.fail("a", week.Start, week.Start.Add(time.Second), week.End, week.End.Add(time.Second)) // the first and the last are outside
		r := Build(w.in)
		if got, want := *r.Routes[0].Requests, int64(100*4*test.hours); got != want {
			t.Errorf("%s %s: %d requests, want %d", test.zone, test.week, got, want)
		}
		if r.Routes[0].Errors != 2 {
			t.Errorf("%s %s: %d errors, want the two inside", test.zone, test.week, r.Routes[0].Errors)
		}
		if got, want := len(r.Routes[0].Hours.Errors), int(math.Ceil(test.hours)); got != want {
			t.Errorf("%s %s: %d hours in the timeline, want %d", test.zone, test.week, got, want)
		}
	}
}

func TestNoData(t *testing.T) {
	t.Parallel()
	week := weekOf(t, "UTC")
	w := newWorld(week, week.End.Add(time.Hour))
	r := Build(w.in)
	for _, format := range Formats() {
		written(t, r, format)
	}
	if got := r.Headline; len(got) != 1 || !strings.Contains(got[0], "no data of this week") {
		t.Errorf("headline %q", got)
	}
	if r.Period.CoveredRatio != 0 || len(r.Quality.Missing) != 1 {
		t.Errorf("covered %v, missing %v", r.Period.CoveredRatio, r.Quality.Missing)
	}
}

// A week that is not over is counted as far as it goes, and says so.
func TestPartial(t *testing.T) {
	t.Parallel()
	week := weekOf(t, "UTC")
	w := newWorld(week, week.Start)
	w.serve("a", 10, time.Time{})
	w.in.Now = week.Start.Add(36 * time.Hour)
	r := Build(w.in)
	if !r.Period.Partial || *r.Routes[0].Requests != 36*40 {
		t.Errorf("partial %v, %d requests, want those of 36 hours", r.Period.Partial, *r.Routes[0].Requests)
	}
	if !strings.Contains(strings.Join(r.Quality.Notes, " "), "has not ended") || !strings.Contains(written(t, r, "markdown"), "partial") {
		t.Errorf("nothing says that the week is not over: %q", r.Quality.Notes)
	}
}

// A Prometheus that keeps less than the week must not pass for one that kept it all.
func TestRetention(t *testing.T) {
	t.Parallel()
	week := weekOf(t, "UTC")
	from := week.Start.Add(60 * time.Hour)
	w := newWorld(week, from)
	w.serve("a", 10, from)
	r := Build(w.in)
	if !r.Period.CoveredFrom.Equal(from) || !strings.Contains(strings.Join(r.Quality.Notes, " "), "2026-11-18 12:00 UTC") {
		t.Errorf("covered from %s, notes %q", r.Period.CoveredFrom, r.Quality.Notes)
	}
	if b := r.Routes[0].Budget; math.Abs(b.WindowCoveredRatio-108.0/672) > 1e-9 {
		t.Errorf("covered share of the window %v, want 108 of 672 hours", b.WindowCoveredRatio)
	}
}

// The edge cases of objectives: all requests must succeed; no objective; no requests known.
func TestObjectives(t *testing.T) {
	t.Parallel()
	week := weekOf(t, "UTC")
	w := newWorld(week, week.Start)
	w.serve("all", 10, time.Time{})
	w.serve("none", 10, time.Time{})
	w.fail("all", week.Start.Add(time.Hour))
	w.in.Objectives = []Objective{
		{Pattern: "all", Match: func(r string) bool { return r == "all" }, Objective: slo.Objective{Target: 1, Window: 28 * 24 * time.Hour}},
		{Pattern: "a.*", Match: func(r string) bool { return r[0] == 'a' }, Objective: slo.Objective{Target: 0.5, Window: 28 * 24 * time.Hour}},
	}
	r := Build(w.in)
	for _, route := range r.Routes {
		switch b := route.Budget; {
		case route.Route == "none" && b != nil:
			t.Error("a route without an objective has a budget")
		case route.Route == "all" && (b.Target != 1 || b.Met || b.BurnRate != nil || b.RemainingRatio != nil):
			t.Errorf("one error at 100 %%: %+v", b)
		}
	}
	for _, format := range Formats() {
		written(t, r, format) // infinite rates are in no format
	}
	w.in.Sources[0].Requests = nil
	if r := Build(w.in); r.Routes[0].Requests != nil || r.Routes[0].Budget != nil {
		t.Error("requests that are not known are counted")
	}
}

// The parts add up: errors of all hours are those of the route, and JSON reads back.
func TestPartsAddUp(t *testing.T) {
	t.Parallel()
	r := Build(shop(t).in)
	sum := int64(0)
	for _, route := range r.Routes {
		hours := 0.0
		for _, n := range route.Hours.Errors {
			hours += n
		}
		if int64(hours) != route.RawErrors {
			t.Errorf("%s: %v errors in the hours, %d in all", route.Route, hours, route.RawErrors)
		}
		sum += route.Errors
	}
	if sum != r.Totals.Errors {
		t.Errorf("%d errors on the routes, %d in all", sum, r.Totals.Errors)
	}
	var back Report
	if err := json.Unmarshal([]byte(written(t, r, "json")), &back); err != nil || back.Totals.Errors != r.Totals.Errors {
		t.Errorf("JSON does not read back: %v", err)
	}
}

// Of look-alikes nobody is told to look for a dropped connection.
func TestLookAlikes(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.in.Findings.Findings[0].Labels = []string{finding.LabelChain, finding.LabelTrain}
	r := Build(w.in)
	if r.Totals.PairedErrors.Estimate != 0 {
		t.Errorf("look-alikes count as pairs: %v", r.Totals.PairedErrors)
	}
	for _, step := range r.Steps {
		if strings.Contains(step.Title, "dropped in silence") {
			t.Errorf("step %q for a probe", step.Title)
		}
	}
	if !strings.Contains(strings.Join(r.Headline, " "), "look like something else (a periodic probe or poller)") {
		t.Errorf("headline %q", r.Headline)
	}
}

// Text fits any terminal, but for names and words that are longer than it.
func TestTextFits(t *testing.T) {
	t.Parallel()
	r := Build(shop(t).in)
	for _, columns := range []int{0, 80, 200} {
		var out bytes.Buffer
		if err := r.Text(&out, columns); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > max(columns, leastColumn) && !strings.Contains(line, "HYPERLINK") {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line)
			}
			if line != strings.TrimRight(line, " ") {
				t.Errorf("%d columns: blanks at the end of %q", columns, line)
			}
		}
		for _, want := range []string{"WHAT TO DO NEXT", "WHAT MADE THEM", "undecided → suspected"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%d columns: no %q", columns, want)
			}
		}
	}
}

// Steps link to headings that the runbook has.
func TestStepsHaveARunbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			headings[strings.ReplaceAll(strings.ToLower(strings.TrimSpace(heading)), " ", "-")] = true
		}
	}
	w := shop(t)
	linked := 0
	for range 2 { // with causes, and without
		for _, step := range Build(w.in).Steps {
			if step.Anchor == "" {
				continue
			}
			linked++
			if !headings[step.Anchor] {
				t.Errorf("step %q links to #%s, which is no heading", step.Title, step.Anchor)
			}
		}
		for i := range w.in.Findings.Findings {
			w.in.Findings.Findings[i].Checks, w.in.Findings.Findings[i].Causes = nil, nil
		}
	}
	if linked < 5 {
		t.Errorf("%d links are no test", linked)
	}
}

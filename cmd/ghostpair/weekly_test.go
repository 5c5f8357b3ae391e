package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/report"
	"github.com/ghostpair/ghostpair/simulate"
	"github.com/ghostpair/ghostpair/slo"
)

// A report is written once when a week has ended and its last samples are there; after a failure it is
// tried again, and a service that comes back later writes what it missed.
func TestWeekly(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 1, 12, 0, 0, 0, 0, time.UTC)
	prometheus := newFakePrometheus(t, ghosts(monday.Add(-2*time.Hour)))
	c := config.Default()
	c.Prometheus.URL = prometheus.URL
	directory := filepath.Join(t.TempDir(), "reports")
	open := func() *weekly {
		w, err := newWeekly(directory, func() *config.Config { return c }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := open()
	written := func() bool {
		_, err := os.Stat(filepath.Join(directory, "2026-W02.html"))
		return err == nil
	}
	if w.step(t.Context(), monday.Add(5*time.Minute)); written() {
		t.Fatal("a report before its last samples are there")
	}
	prometheus.away.Store(true)
	if again := w.step(t.Context(), monday.Add(12*time.Minute)); written() || again != reportRetries {
		t.Fatalf("a report of nothing; again in %s", again)
	}
	prometheus.away.Store(false)
	w = open() // it was down for two days
	if end, _ := w.budgets(); !end.IsZero() {
		t.Error("budgets before the first report")
	}
	w.step(t.Context(), monday.Add(48*time.Hour))
	if !written() {
		t.Fatal("no report after the week")
	}
	asked := prometheus.asked.Load()
	w = open()
	if w.step(t.Context(), monday.Add(23*time.Hour)); prometheus.asked.Load() != asked {
		t.Error("a report that is there is made again")
	}
	if end, budgets := w.budgets(); !end.Equal(monday) || len(budgets) == 0 || budgets[0].Objective != 0.999 {
		t.Errorf("budgets of the week until %s: %v", end, budgets)
	}
	for path, want := range map[string]string{
		"/reports/": `<a href="2026-W02.html">`, "/reports/current.html": "<h1>Week 2 of 2026</h1>", "/reports/2026-W02.html": "<h1>Week 2 of 2026</h1>", "/reports/2026-W02.json": `"2026-W02"`,
		"/reports/2026-W01.html": "404", "/reports/../weekly.go": "404",
	} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest("GET", "/", nil)
		request.URL.Path = path
		w.handler().ServeHTTP(recorder, request)
		if body := recorder.Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s, want %q", path, recorder.Code, body, want)
		}
	}
}

// quiet is a pod that is scraped every five minutes, with a single error now and then: little to read, for
// long stretches.
func quiet(start time.Time) *simulate.Fleet {
	return &simulate.Fleet{
		Seed: 5, StartMillis: start.UnixMilli(), Targets: simulate.Pods(5, 1, simulate.Grid{Interval: 5 * time.Minute}),
		Routes: []simulate.Route{{Name: "httproute/shop/cart/rule/0", Processes: []simulate.Process{simulate.Poisson{PerHour: 0.5}}, Eager: true}},
	}
}

// A service that comes back after weeks writes what it missed, the oldest first, as far as there is data;
// after that, and then every day, come the budgets of the latest seven days.
func TestWeeklyAfterAnOutage(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	now := monday.Add(8 * time.Hour)                                     // the last complete week is W09
	prometheus := newFakePrometheus(t, quiet(monday.AddDate(0, 0, -18))) // data begin on a Thursday, in W07
	c := config.Default()
	c.Prometheus.URL = prometheus.URL
	directory := filepath.Join(t.TempDir(), "reports")
	var log strings.Builder
	open := func() *weekly {
		w, err := newWeekly(directory, func() *config.Config { return c }, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := open()
	for _, test := range []struct{ last, first string }{{"2025-W40", "2026-W02"}, {"2026-W05", "2026-W06"}} { // eight at most
		week, err := slo.ParsePeriod(test.last, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.shelf.Put(&report.Report{Version: report.DocumentVersion, Period: report.Period{Name: week.Name, Start: week.Start, End: week.End}}); err != nil {
			t.Fatal(err)
		}
		if weeks := w.missing(now, now); weeks[0].Name != test.first || weeks[len(weeks)-1].Name != "2026-W09" {
			t.Fatalf("missing since %s: %v", test.last, weeks)
		}
	}
	w = open()
	var order []string
	for range 4 {
		before := w.shelf.Names()
		w.step(t.Context(), now)
		if after := w.shelf.Names(); len(after) > len(before) {
			order = append(order, after[0])
		}
	}
	if got := strings.Join(order, " "); got != "2026-W07 2026-W08 2026-W09" {
		t.Errorf("written: %s, want the weeks of which there are data", got)
	}
	if n := strings.Count(log.String(), "no remote read"); n != 1 { // of all reports of a service
		t.Errorf("that there is no remote read is logged %d times, want once:\n%s", n, log.String())
	}
	asked := prometheus.asked.Load()
	if w.step(t.Context(), now); prometheus.asked.Load() != asked { // the last week is the latest seven days
		t.Error("something is made again")
	}
	for _, test := range []struct {
		at  time.Time
		end time.Time
	}{
		{monday.Add(24*time.Hour + 5*time.Minute), monday}, // not settled
		{monday.Add(24*time.Hour + 12*time.Minute), monday.Add(24 * time.Hour)},
		{monday.Add(47 * time.Hour), monday.Add(24 * time.Hour)},
	} {
		w.step(t.Context(), test.at)
		if end, budgets := w.budgets(); !end.Equal(test.end) || len(budgets) == 0 {
			t.Errorf("at %s: %d budgets as of %s, want %s", test.at, len(budgets), end, test.end)
		}
		w = open() // a restart changes nothing
	}
	if n := len(w.shelf.Names()); n != 5 {
		t.Errorf("%d weeks on the shelf, want those three and the two old ones", n)
	}
}

// What cannot be had is given up in the end, so that it holds up nothing else; the last week never is.
func TestWeeklyGivesUp(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	prometheus := httptest.NewServer(http.NotFoundHandler()) // which is no use to ask again
	t.Cleanup(prometheus.Close)
	c := config.Default()
	c.Prometheus.URL = prometheus.URL
	w, err := newWeekly(t.TempDir(), func() *config.Config { return c }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	days, week := slo.Days(monday.Add(time.Hour), 7), slo.Week(monday.Add(-time.Hour))
	w.failed[days.Name], w.failed[week.Name] = reportTries, reportTries
	w.write(t.Context(), c, days, monday.Add(time.Hour), false)
	w.write(t.Context(), c, week, monday.Add(time.Hour), true)
	if w.due(days) || !w.due(slo.Days(monday.Add(25*time.Hour), 7)) {
		t.Error("days that cannot be read are tried for ever, or the next are not")
	}
	if weeks := w.missing(monday.Add(time.Hour), monday.Add(time.Hour)); len(weeks) != 1 {
		t.Errorf("missing: %v, want the last week", weeks)
	}
}

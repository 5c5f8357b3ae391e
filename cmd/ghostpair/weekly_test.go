package main

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
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
	if again := w.step(t.Context(), monday.Add(5*time.Minute)); written() || again != reportLooks {
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
	if w.step(t.Context(), monday.Add(72*time.Hour)); prometheus.asked.Load() != asked {
		t.Error("a report that is there is made again")
	}
	if end, budgets := w.budgets(); !end.Equal(monday) || len(budgets) == 0 || budgets[0].Objective != 0.999 {
		t.Errorf("budgets of the week until %s: %v", end, budgets)
	}
	for path, want := range map[string]string{
		"/reports/": `<a href="2026-W02.html">`, "/reports/2026-W02.html": "<h1>Week 2 of 2026</h1>", "/reports/2026-W02.json": `"2026-W02"`,
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

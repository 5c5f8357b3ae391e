package main

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// parsePage reads a page of an Envoy as Prometheus does.
func parsePage(t *testing.T, page []byte) map[string]float64 {
	t.Helper()
	parser := textparse.NewPromParser(page, labels.NewSymbolTable(), false)
	values := map[string]float64{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry == textparse.EntrySeries {
			var l labels.Labels
			_, _, value := parser.Series()
			parser.Labels(&l)
			values[l.String()] = value
		}
	}
}

// What an Envoy shows at a time must be what the history says of that time, series for series.
func TestExporterGoesOnWithTheHistory(t *testing.T) {
	t.Parallel()
	fleet := shop()
	at := time.UnixMilli(1_780_000_000_000)
	window := fleet.Record(at.Add(-30*time.Hour).UnixMilli(), at.UnixMilli())
	envoy := &exporter{fleet: fleet}
	for target := range fleet.Targets {
		own := map[string]string{}
		for _, label := range fleet.TargetLabels(target) {
			own[label.Name] = label.Value
		}
		want := map[string]float64{}
		var scrape int64
		for _, s := range series(window) {
			if s.Labels.Get("pod") != own["pod"] || s.Labels.Get("__name__") == "up" {
				continue
			}
			for at, value := range s.Samples { // the last one stays
				b := labels.NewBuilder(s.Labels)
				for name := range own {
					b.Del(name)
				}
				want[b.Labels().String()], scrape = value, at
			}
		}
		page, up := envoy.page(target, time.UnixMilli(scrape))
		got := parsePage(t, page)
		if !up || len(got) != len(want) {
			t.Errorf("%s: up %v, %d series, want %d", own["pod"], up, len(got), len(want))
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s = %v, in the history %v", own["pod"], name, got[name], value)
			}
		}
	}
}

func TestExporterRestarts(t *testing.T) {
	t.Parallel()
	fleet := shop()
	restarts := fleet.Targets[0].Restarts
	down := time.UnixMilli(0).Add(1000*restarts.Every + restarts.At)
	envoy := &exporter{fleet: fleet}
	for _, c := range []struct {
		after time.Duration
		up    bool
	}{{-time.Second, true}, {time.Second, false}, {restarts.Down + time.Second, true}} {
		page, up := envoy.page(0, down.Add(c.after))
		if up != c.up {
			t.Errorf("%s after the restart: up %v, want %v", c.after, up, c.up)
		}
		if c.after > 0 && up {
			for name, value := range parsePage(t, page) {
				if value > 100 {
					t.Errorf("%s after the restart: %s = %v, want it to start again", c.after, name, value)
				}
			}
		}
	}
}

// The counter of requests must not fall but at a restart.
func TestRequestsGrow(t *testing.T) {
	t.Parallel()
	fleet := shop()
	start := int64(1_780_000_000_000)
	falls, last := 0, 0.
	for at := start; at < start+4*67*3600*1000; at += 10_000 {
		value := succeeded(fleet, 0, 0, at)
		if value < last {
			falls++
		}
		last = value
	}
	if falls != 4 {
		t.Errorf("%d restarts in four times the time between two, want 4", falls)
	}
}

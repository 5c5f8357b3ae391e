package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/detector/observe"
	"github.com/ghostpair/ghostpair/detector/score"
	"github.com/ghostpair/ghostpair/engine"
	"github.com/ghostpair/ghostpair/simulate"
)

// simulated reads a fleet as if Prometheus had scraped it.
type simulated struct {
	fleet  *simulate.Fleet
	signal string
}

func (s simulated) Read(_ context.Context, from, to int64, _ bool, sink observe.Sink) (observe.ReadStats, error) {
	return s.fleet.Record(from, to).Feed(s.signal, sink), nil
}

// The week must show what the demo promises, whichever week it is.
func TestCastIsFound(t *testing.T) {
	t.Parallel()
	defaults := config.Default()
	options := engine.Options{FalseAlarmsPerMonth: defaults.FalseAlarmsPerMonth, ClearBelow: defaults.ClearBelow}
	for _, f := range defaults.Fingerprints {
		options.Fingerprints = append(options.Fingerprints, score.Fingerprint{Name: f.Name, Lo: f.Lo, Hi: f.Hi})
	}
	for _, s := range defaults.Sources {
		if s.Timing() {
			reader := simulated{shop(), s.Signal}
			options.Sources = append(options.Sources, engine.Source{Name: s.Name, Signal: s.Signal, Reader: reader})
		}
	}
	options.Tables = score.NewCache()
	weeks := 2
	switch {
	case os.Getenv("GHOSTPAIR_LONG") != "":
		weeks = 52
	case testing.Short():
		weeks = 1
	}
	for week := range weeks {
		end := time.UnixMilli(1_780_000_000_000).Add(time.Duration(week) * 7 * 24 * time.Hour)
		t.Run(fmt.Sprint(week), func(t *testing.T) {
			t.Parallel()
			options := options
			options.Origin = end.Add(-7 * 24 * time.Hour)
			e, err := engine.New(options)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Advance(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			document := e.Evaluation().Document
			if err := check(cast(), &document); err != nil {
				t.Error(err)
			}
			d := demo{out: t.Output(), fleet: shop()}
			d.printFindings(&document)
		})
	}
}

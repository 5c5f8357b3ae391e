package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

// exporter is the Envoys as they go on: it answers for the present what the history says of the past.
type exporter struct {
	fleet *simulate.Fleet

	mu     sync.Mutex
	record *simulate.Record // covers now and the time to come; drawn anew when that is used up
}

const (
	horizon = 6 * time.Hour   // what is drawn at once
	slack   = 2 * time.Minute // a clock that is set back by this much is no harm
)

// at gives a record that covers a time.
func (e *exporter) at(now time.Time) *simulate.Record {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.record != nil {
		from, to := e.record.Window()
		if now.UnixMilli() > from && now.UnixMilli() <= to {
			return e.record
		}
	}
	e.record = e.fleet.Record(now.Add(-slack).UnixMilli(), now.Add(horizon).UnixMilli())
	return e.record
}

// handler is the admin port of one Envoy.
func (e *exporter) handler(target int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats/prometheus", func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		page, up := e.page(target, now)
		if !up {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(page) // the scrape was given up
	})
	return mux
}

// page is what an Envoy shows of its counters. Not up: it restarts.
func (e *exporter) page(target int, now time.Time) (page []byte, up bool) {
	record, at := e.at(now), now.UnixMilli()
	if !e.fleet.Targets[target].Serves(at) {
		return nil, false
	}
	var out bytes.Buffer
	metric := ""
	for _, s := range record.Series() { // sorted by signal
		if s.Target != target {
			continue
		}
		own := e.fleet.Labels(s)
		if own[0].Value != metric {
			metric = own[0].Value
			fmt.Fprintf(&out, "# TYPE %s counter\n", metric)
		}
		if s.Signal == simulate.Signal5xx {
			fmt.Fprintf(&out, "%s%s %v\n", metric, braces(own, "2"), succeeded(e.fleet, s.Route, target, at))
		}
		if value, ok := record.Value(s, at); ok {
			fmt.Fprintf(&out, "%s%s %v\n", metric, braces(own, ""), value)
		}
	}
	return out.Bytes(), true
}

// braces writes the labels that Envoy itself gives to a series, of another response class if one is
// given.
func braces(all []simulate.Label, class string) string {
	var parts []string
	for _, label := range all {
		if !strings.HasPrefix(label.Name, "envoy_") {
			continue
		}
		if label.Name == classLabel && class != "" {
			label.Value = class
		}
		parts = append(parts, fmt.Sprintf("%s=%q", label.Name, label.Value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

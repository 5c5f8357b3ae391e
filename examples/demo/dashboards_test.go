package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
)

// Every panel of the dashboards has data: in the demo, or, where the demo has nothing to show, when a
// page of ghostpair with load balancers and budgets is scraped.
func TestDashboards(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds ghostpair and invents two days")
	}
	d := &demo{
		options: options{data: t.TempDir(), history: 48 * time.Hour, prometheus: 39090, ghostpair: 39955, patience: 3 * time.Minute},
		out:     io.Discard, logs: io.Discard, logger: promslog.NewNopLogger(), fleet: shop(),
	}
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := d.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.findingsReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.prometheus.Apply(t.Context(), d.prometheusConfig()+recordedJob(t)); err != nil {
		t.Fatal(err)
	}
	waiting := d.queries(t)
	if len(waiting) < 60 {
		t.Fatalf("%d queries only", len(waiting))
	}
	started := time.Now()
	err := d.poll(t.Context(), func() error { // rates need two scrapes
		var empty []query
		for _, q := range waiting {
			if !d.answered(t, q) {
				empty = append(empty, q)
			}
		}
		waiting = empty
		if len(waiting) > 0 && time.Since(started) < time.Minute {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range waiting {
		t.Errorf("%s: %s has no data:\n%s", q.file, q.panel, q.expr)
	}
}

// recorded are the panels of which the demo has nothing: it has no load balancer, and no weekly report.
var recorded = map[string]bool{
	"Error budgets": true, "Least budget left": true, "Burned by pairs": true, "Report of the week until": true,
	"Resets": true, "Hosts out of order": true, "Other signals": true, "Age of the values": true,
}

// A query of a panel.
type query struct{ file, panel, expr string }

func (d *demo) queries(t *testing.T) []query {
	t.Helper()
	paths, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	var all []query
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(text, &dashboard); err != nil {
			t.Fatal(err)
		}
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				all = append(all, query{filepath.Base(path), panel.Title, target.Expr})
			}
		}
	}
	return all
}

// answered asks as Grafana would, for each route of which some panel has something to show.
func (d *demo) answered(t *testing.T, q query) bool {
	t.Helper()
	job := "ghostpair"
	if recorded[q.panel] {
		job = "recorded"
	}
	for _, route := range []string{"httproute/shop/checkout/rule/0", "httproute/ops/status/rule/0", "httproute/shop/search/rule/0"} {
		expr := strings.NewReplacer(
			"$__rate_interval", "30s", "$__range", "10m", "$job", job, "$instance", ".+",
			"$source", "envoy", "$signal", "5xx", "$fingerprint", fiveSeconds, "$route", route,
		).Replace(q.expr)
		now := time.Now()
		ends := url.Values{
			"query": {expr}, "step": {"5"},
			"start": {strconv.FormatInt(now.Add(-10*time.Minute).Unix(), 10)}, "end": {strconv.FormatInt(now.Unix(), 10)},
		}
		var data struct {
			Result []json.RawMessage `json:"result"`
		}
		if err := ask(t.Context(), d.prometheus.URL()+"/api/v1/query_range?"+ends.Encode(), &data); err != nil {
			t.Fatalf("%s: %s: %v", q.file, q.panel, err)
		}
		if len(data.Result) > 0 {
			return true
		}
	}
	return false
}

// recordedJob is a scrape job of a page with all that ghostpair can show: the golden files of package
// alert, and a signal that is in none of them.
func recordedJob(t *testing.T) string {
	t.Helper()
	var page []byte
	for _, name := range []string{"collector.prom", "instruments.prom"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "alert", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		page = append(page, text...)
	}
	page = append(page, "ghostpair_nlb_signal{load_balancer=\"net/shop/1\",metric=\"port_allocation_error_count_sum\"} 0\n"...)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(page) // the scrape was given up
	}))
	t.Cleanup(server.Close)
	return fmt.Sprintf("  - job_name: recorded\n    static_configs: [{targets: [%q]}]\n", server.Listener.Addr())
}

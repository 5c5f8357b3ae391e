package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
)

// realWith is a Prometheus process over a fleet and gauges that are 1 every minute.
func realWith(t *testing.T, fleet *simulate.Fleet, to time.Time, gauges []fakeGauge) *realPrometheus {
	t.Helper()
	var text bytes.Buffer
	if err := fleet.Record(fleet.StartMillis, to.UnixMilli()).WriteOpenMetrics(&text); err != nil {
		t.Fatal(err)
	}
	text.Truncate(text.Len() - len("# EOF\n"))
	slices.SortStableFunc(gauges, func(a, b fakeGauge) int { return strings.Compare(a.labels["__name__"], b.labels["__name__"]) })
	for _, g := range gauges {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(g.labels)) {
			if name != "__name__" {
				pairs = append(pairs, fmt.Sprintf("%s=%q", name, g.labels[name]))
			}
		}
		for at := fleet.StartMillis; at < to.UnixMilli(); at += 60_000 {
			fmt.Fprintf(&text, "%s{%s} 1 %d.%03d\n", g.labels["__name__"], strings.Join(pairs, ","), at/1000, at%1000)
		}
	}
	text.WriteString("# EOF\n")

	p := realOver(t, func(w io.Writer) error {
		_, err := text.WriteTo(w)
		return err
	})
	p.start()
	return p
}

// TestSurveysOnRealPrometheus runs both against a real Prometheus with the labels of Envoy Gateway and a
// cluster: every expression is PromQL to it, and what it says of the data is true.
func TestSurveysOnRealPrometheus(t *testing.T) {
	t.Parallel()
	to := time.Now()
	fleet := ghosts(to.Add(-2 * time.Hour))
	fleet.Targets = simulate.Pods(5, 2, simulate.Grid{Interval: 15 * time.Second})
	beside := slices.DeleteFunc(envoys(t, []string{shopCheckout, shopCart}, pod0, pod1), func(g fakeGauge) bool { // those of the fleet
		return g.labels["__name__"] == "up" || g.labels["envoy_response_code_class"] == "5"
	})
	prometheus := realWith(t, fleet, to, slices.Concat(beside, gauges(t, cluster)))
	url := "--prometheus.url=http://" + prometheus.address

	stdout, stderr, code := runCommand("doctor", url, "--window=1h", "--runs=2", "--output=json", "--fail-on=problem")
	if code != exitFound {
		t.Fatalf("doctor = %d: %s", code, stderr)
	}
	var found struct {
		Server struct {
			ExternalLabels map[string]string `json:"external_labels"`
		}
		Proxies struct{ Kind string }
		Sources []struct {
			StretchProtocol string `json:"stretch_protocol"`
			TickProtocol    string `json:"tick_protocol"`
			Errors          float64
			Jobs            []struct {
				Targets         int
				IntervalSeconds float64 `json:"scrape_interval_seconds"`
			}
		}
		Checks   []struct{ Possible bool }
		Failures []string
	}
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatal(err)
	}
	envoy := found.Sources[0]
	if envoy.StretchProtocol != "remote_read_streamed" || envoy.TickProtocol != "remote_read_samples" || envoy.Errors < 10 {
		t.Errorf("source envoy: %+v", envoy)
	}
	if len(envoy.Jobs) != 1 || envoy.Jobs[0].Targets != 2 || envoy.Jobs[0].IntervalSeconds != 15 {
		t.Errorf("jobs: %+v", envoy.Jobs)
	}
	if found.Server.ExternalLabels["replica"] != "a" || found.Proxies.Kind != "envoy-gateway" || len(found.Failures) > 0 || len(found.Checks) == 0 {
		t.Errorf("%+v", found)
	}

	stdout, stderr, code = runCommand("preflight", url, "--clients=shop/web-.*", "--target-type=ip", "--protocol=TCP", "--cross-zone=on", "--target-group=gw", "--fail-on=hairpin", "--output=json")
	if err := json.Unmarshal([]byte(stdout), &map[string]any{}); err != nil {
		t.Fatalf("preflight = %d: %s", code, stderr)
	}
	if code != exitFound || !strings.Contains(stdout, `"upper": 0.25`) || strings.Contains(stdout, `"load_balancer": null`) || !strings.Contains(stdout, `"problems": []`) {
		t.Errorf("preflight = %d: %s", code, stdout)
	}
}

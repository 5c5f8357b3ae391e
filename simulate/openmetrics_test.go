package simulate

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// Prometheus's own parser must read back every sample.
func TestOpenMetricsParses(t *testing.T) {
	t.Parallel()
	fleet := messy()
	fleet.Routes[0].Name = "httproute/shop/a \"b\"\\c/rule/0"
	record := fleet.Record(start, start+hourMillis)
	var text bytes.Buffer
	if err := record.WriteOpenMetrics(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(text.String(), "\n# EOF\n") {
		t.Errorf("ends with %q, want # EOF", text.String()[text.Len()-20:])
	}
	got := parse(t, text.Bytes())
	want := 0
	for target := range fleet.Targets {
		want += int(count(record.Up(target)))
	}
	if got["up"] != want {
		t.Errorf("%d samples of up, want %d", got["up"], want)
	}
	for _, s := range record.Series() {
		samples := int(count(record.Counter(s, record.Up(s.Target))))
		key := fleet.Labels(s)[0].Value + " " + fleet.Routes[s.Route].Name + " " + fleet.Targets[s.Target].Name
		if got[key] != samples {
			t.Errorf("%s: %d samples, want %d", key, got[key], samples)
		}
	}
}

// parse counts the samples of each series.
func parse(t *testing.T, text []byte) map[string]int {
	t.Helper()
	parser := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	got := map[string]int{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, at, value := parser.Series()
		if at == nil || *at <= start || value < 0 {
			t.Fatalf("sample at %v: %v", at, value)
		}
		var lset labels.Labels
		parser.Labels(&lset)
		key := lset.Get("__name__")
		if route := lset.Get("envoy_cluster_name"); route != "" {
			key += " " + route + " " + lset.Get("pod")
		}
		got[key]++
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestOpenMetricsReportsWriteErrors(t *testing.T) {
	t.Parallel()
	fleet := &Fleet{StartMillis: start, Targets: Pods(1, 1, Grid{Interval: time.Second})}
	if err := fleet.Record(start, start+hourMillis).WriteOpenMetrics(full{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v, want %v", err, io.ErrShortWrite)
	}
}

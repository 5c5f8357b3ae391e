package promtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/simulate"
	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const start = int64(1_780_000_000_000)

// fleet is two pods with two routes.
func fleet() *simulate.Fleet {
	processes, _ := simulate.Scenario("bursty")
	return &simulate.Fleet{
		Seed: 1, StartMillis: start, Targets: simulate.Pods(1, 2, simulate.Grid{Interval: time.Second}),
		Routes: []simulate.Route{{Name: "a", Processes: processes}, {Name: "b", Processes: processes}},
	}
}

// serve starts a server that ends with the test.
func serve(t *testing.T, options Options) *Server {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	server, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// query gives the values of an instant query, by pod.
func query(t *testing.T, server *Server, promQL string, at time.Time) map[string]string {
	t.Helper()
	q := url.Values{"query": {promQL}, "time": {at.Format(time.RFC3339Nano)}}
	response, err := http.Get(server.URL() + "/api/v1/query?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Status != "success" {
		t.Fatalf("query %s: %s", promQL, answer.Error)
	}
	values := map[string]string{}
	for _, r := range answer.Data.Result {
		values[r.Metric["pod"]] = r.Value[1].(string)
	}
	return values
}

// The history must come back as it was written, in several blocks, by PromQL and by both forms of
// remote read.
func TestHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := start + 40*time.Hour.Milliseconds() // three blocks
	f := fleet()
	f.Targets = f.Targets[:1]
	f.Routes = f.Routes[:1]
	total, err := WriteFleet(dir, f, start, end)
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, Options{Dir: dir})
	record := f.Record(start, end)
	want := 0
	for _, s := range FleetSeries(record) {
		n := 0
		for range s.Samples {
			n++
		}
		want += n
		// an instant query with a range selector of 40 h and a bit reaches back to the start
		got := query(t, server, fmt.Sprintf("count_over_time(%s[41h])", s.Labels), time.UnixMilli(end))
		if got["envoy-0"] != fmt.Sprint(n) {
			t.Errorf("%s: %v samples, want %d", s.Labels, got, n)
		}
	}
	if total != want {
		t.Errorf("wrote %d samples, want %d", total, want)
	}
	if blocks := len(server.DB().Blocks()); blocks != 3 {
		t.Errorf("%d blocks, want 3", blocks)
	}
	for _, kind := range []prompb.ReadRequest_ResponseType{prompb.ReadRequest_SAMPLES, prompb.ReadRequest_STREAMED_XOR_CHUNKS} {
		if got := remoteRead(t, server, kind, start, end); got != want {
			t.Errorf("remote read %s: %d samples, want %d", kind, got, want)
		}
	}
}

// remoteRead counts the samples of everything in a window.
func remoteRead(t *testing.T, server *Server, kind prompb.ReadRequest_ResponseType, from, to int64) int {
	t.Helper()
	request := prompb.ReadRequest{
		AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{kind},
		Queries: []*prompb.Query{{
			StartTimestampMs: from, EndTimestampMs: to,
			Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_RE, Name: "__name__", Value: ".+"}},
		}},
	}
	body, err := request.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(server.URL()+"/api/v1/read", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, body)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("remote read: %s: %s", response.Status, text)
	}
	if kind == prompb.ReadRequest_SAMPLES {
		return countSamples(t, response.Body)
	}
	return countChunks(t, response.Body)
}

func countSamples(t *testing.T, body io.Reader) int {
	t.Helper()
	packed, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	data, err := snappy.Decode(nil, packed)
	if err != nil {
		t.Fatal(err)
	}
	var answer prompb.ReadResponse
	if err := answer.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, series := range answer.Results[0].Timeseries {
		n += len(series.Samples)
	}
	return n
}

func countChunks(t *testing.T, body io.Reader) int {
	t.Helper()
	reader := remote.NewChunkedReader(body, 1<<24, nil)
	n := 0
	for {
		var frame prompb.ChunkedReadResponse
		err := reader.NextProto(&frame)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, series := range frame.ChunkedSeries {
			for _, c := range series.Chunks {
				chunk, err := chunkenc.FromData(chunkenc.EncXOR, c.Data)
				if err != nil {
					t.Fatal(err)
				}
				n += chunk.NumSamples()
			}
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	server := serve(t, Options{})
	series := labels.FromStrings("__name__", "errors", "pod", "x")
	for i := range int64(10) {
		if err := server.Append(t.Context(), []Sample{{Labels: series, AtMillis: start + i*1000, Value: float64(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := query(t, server, "errors", time.UnixMilli(start+9000)); got["x"] != "9" {
		t.Errorf("errors = %v, want 9", got)
	}
	if err := server.Append(t.Context(), []Sample{{Labels: series, AtMillis: start, Value: 5}}); err == nil {
		t.Error("an old sample was taken")
	}
}

// until asks again and again until the answer is as wanted.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within 20 s", what)
		case <-tick.C:
		}
	}
}

// A scraped target, a rule on it, and the alert in the hands of an Alertmanager.
func TestScrapeRuleAlert(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "temperature 40")
	}))
	defer target.Close()
	alerts := make(chan string, 100)
	alertmanager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		select {
		case alerts <- string(body):
		default:
		}
	}))
	defer alertmanager.Close()
	rules := filepath.Join(t.TempDir(), "rules.yml")
	text := "groups: [{name: g, rules: [{alert: Hot, expr: temperature > 30}]}]"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serve(t, Options{Config: fmt.Sprintf(`
global: {scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 100ms}
rule_files: [%q]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
  - job_name: oven
    static_configs: [{targets: [%q], labels: {pod: a, instance: fixed}}]
`, rules, alertmanager.Listener.Addr(), target.Listener.Addr())})
	until(t, "scrape", func() bool { return query(t, server, `up{job="oven",instance="fixed"}`, time.Now())["a"] == "1" })
	until(t, "alert", func() bool { return len(alerts) > 0 })
	if got := <-alerts; !bytes.Contains([]byte(got), []byte("Hot")) {
		t.Errorf("alert %s", got)
	}
}

// What is wrong is said, and nothing stays behind.
func TestStartRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), Options{Dir: t.TempDir(), Config: "nonsense: 1"}); err == nil {
		t.Error("bad configuration: no error")
	}
	server := serve(t, Options{})
	if _, err := Start(t.Context(), Options{Dir: t.TempDir(), Listen: server.listener.Addr().String()}); err == nil {
		t.Error("taken port: no error")
	}
}

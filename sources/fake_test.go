package sources

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/ghostpair/ghostpair/detector/observe"
)

type point struct {
	t int64
	v float64
}

type stored struct {
	set    labels.Labels
	points []point
}

// fakeServer answers like Prometheus, as far as a Source asks, from series held in memory. before may
// answer in its place.
type fakeServer struct {
	*httptest.Server
	series      []stored
	external    map[string]string
	closedLeft  bool // range selectors as in Prometheus 2
	samplesOnly bool // no streaming
	chunkSize   int  // samples in a chunk
	frameChunks int  // chunks in a frame
	before      func(w http.ResponseWriter, r *http.Request) bool

	mu    sync.Mutex
	calls []string // path, or path and selectors
}

func newFakeServer(t testing.TB, series ...stored) *fakeServer {
	t.Helper()
	f := &fakeServer{series: series, chunkSize: 7, frameChunks: 2}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) log(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

func (f *fakeServer) asked(prefix string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

func (f *fakeServer) serve(w http.ResponseWriter, r *http.Request) {
	if f.before != nil && f.before(w, r) {
		f.log("%s intercepted", r.URL.Path)
		return
	}
	switch r.URL.Path {
	case "/api/v1/read":
		f.read(w, r)
	case "/api/v1/query":
		f.query(w, r)
	case "/api/v1/label/job/values":
		f.jobs(w, r)
	case "/api/v1/status/config":
		f.config(w)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeServer) config(w http.ResponseWriter) {
	var text strings.Builder
	text.WriteString("global:\n  scrape_interval: 15s\n")
	if len(f.external) > 0 {
		text.WriteString("  external_labels:\n")
		for name, v := range f.external {
			fmt.Fprintf(&text, "    %s: %s\n", name, v)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]string{"yaml": text.String()}})
}

func (f *fakeServer) jobs(w http.ResponseWriter, r *http.Request) {
	f.log("%s %s", r.URL.Path, r.FormValue("match[]"))
	matchers, err := ParseSelector(r.FormValue("match[]"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	start, _ := strconv.ParseFloat(r.FormValue("start"), 64)
	names := map[string]bool{}
	for _, s := range f.matching(matchers) {
		if s.points[len(s.points)-1].t >= int64(start*1000) {
			names[s.set.Get("job")] = true
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": slices.Sorted(maps.Keys(names))})
}

func (f *fakeServer) matching(matchers []*labels.Matcher) (out []stored) {
next:
	for _, s := range f.series {
		for _, m := range matchers {
			if !m.Matches(s.set.Get(m.Name)) {
				continue next
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b stored) int { return labels.Compare(a.set, b.set) })
	return out
}

func (s stored) within(lo, hi int64) (out []point) {
	for _, p := range s.points {
		if p.t >= lo && p.t <= hi {
			out = append(out, p)
		}
	}
	return out
}

func (f *fakeServer) read(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	plain, err := snappy.Decode(nil, body)
	var req prompb.ReadRequest
	if err == nil {
		err = req.Unmarshal(plain)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	streamed := !f.samplesOnly && req.AcceptedResponseTypes[0] == prompb.ReadRequest_STREAMED_XOR_CHUNKS
	f.log("/api/v1/read streamed=%v queries=%d", streamed, len(req.Queries))
	resp := prompb.ReadResponse{}
	if streamed {
		w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
	}
	for i, q := range req.Queries {
		result := &prompb.QueryResult{}
		for _, s := range f.matching(f.pbMatchers(q.Matchers)) {
			// A real server may return whole chunks: one sample more on either side.
			points := s.within(q.StartTimestampMs, q.EndTimestampMs)
			if len(points) == 0 {
				continue
			}
			if streamed {
				f.streamSeries(w, i, s.set, points)
			} else {
				result.Timeseries = append(result.Timeseries, &prompb.TimeSeries{Labels: f.merged(s.set), Samples: pbSamples(points)})
			}
		}
		resp.Results = append(resp.Results, result)
	}
	if !streamed {
		message, _ := resp.Marshal()
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(snappy.Encode(nil, message))
	}
}

func (f *fakeServer) pbMatchers(in []*prompb.LabelMatcher) (out []*labels.Matcher) {
	for _, m := range in {
		v := m.Value
		if m.Type == prompb.LabelMatcher_EQ && v != "" && f.external[m.Name] == v {
			v = ""
		}
		out = append(out, labels.MustNewMatcher(labels.MatchType(m.Type), m.Name, v))
	}
	return out
}

func (f *fakeServer) merged(set labels.Labels) (out []prompb.Label) {
	all := set.Map()
	for name, v := range f.external {
		if all[name] == "" {
			all[name] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, prompb.Label{Name: name, Value: all[name]})
	}
	return out
}

func pbSamples(points []point) (out []prompb.Sample) {
	for _, p := range points {
		out = append(out, prompb.Sample{Timestamp: p.t, Value: p.v})
	}
	return out
}

func (f *fakeServer) streamSeries(w io.Writer, query int, set labels.Labels, points []point) {
	var chunks []prompb.Chunk
	for part := range slices.Chunk(points, f.chunkSize) {
		chunks = append(chunks, xorChunk(part))
	}
	for part := range slices.Chunk(chunks, f.frameChunks) {
		_, _ = w.Write(frameOf(query, f.merged(set), part))
	}
}

func xorChunk(points []point) prompb.Chunk {
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	if err != nil {
		panic(err)
	}
	for _, p := range points {
		app.Append(0, p.t, p.v)
	}
	return prompb.Chunk{MinTimeMs: points[0].t, MaxTimeMs: points[len(points)-1].t, Type: prompb.Chunk_XOR, Data: c.Bytes()}
}

// someHistogram has requests of 10 ms and some of 5 s.
func someHistogram(slow int64) *histogram.Histogram {
	return &histogram.Histogram{
		Schema: 0, ZeroThreshold: 0.5, Count: uint64(10 + slow), Sum: float64(100 + 5000*slow),
		PositiveSpans: []histogram.Span{{Offset: 4, Length: 1}, {Offset: 8, Length: 1}}, PositiveBuckets: []int64{10, slow - 10},
	}
}

// histogramChunk has as many samples of native histograms, a second apart.
func histogramChunk(samples int, slow int64) prompb.Chunk {
	c := chunkenc.NewHistogramChunk()
	app, err := c.Appender()
	for i := range int64(samples) {
		if err == nil {
			_, _, app, err = app.AppendHistogram(nil, 0, 1000*i, someHistogram(slow+i), false)
		}
	}
	if err != nil {
		panic(err)
	}
	return prompb.Chunk{MaxTimeMs: 1000 * int64(samples-1), Type: prompb.Chunk_HISTOGRAM, Data: c.Bytes()}
}

func frameOf(query int, set []prompb.Label, chunks []prompb.Chunk) []byte {
	message, err := (&prompb.ChunkedReadResponse{
		ChunkedSeries: []*prompb.ChunkedSeries{{Labels: set, Chunks: chunks}}, QueryIndex: int64(query),
	}).Marshal()
	if err != nil {
		panic(err)
	}
	frame := binary.AppendUvarint(nil, uint64(len(message)))
	frame = binary.BigEndian.AppendUint32(frame, crc32.Checksum(message, crc32.MakeTable(crc32.Castagnoli)))
	return append(frame, message...)
}

// scrapeTimes answers sum(timestamp(up{...}) - seconds).
func (f *fakeServer) scrapeTimes(w http.ResponseWriter, sum *parser.AggregateExpr, seconds float64) {
	difference := sum.Expr.(*parser.BinaryExpr)
	up := difference.LHS.(*parser.Call).Args[0].(*parser.VectorSelector)
	at := int64(math.Round(1000 * seconds))
	total, result := 0.0, []any{}
	for _, s := range f.matching(up.LabelMatchers) {
		if points := s.within(at-300_000+1, at); len(points) > 0 {
			total += float64(points[len(points)-1].t)/1000 - difference.RHS.(*parser.NumberLiteral).Val
		}
	}
	if total != 0 {
		result = append(result, map[string]any{"metric": struct{}{}, "value": [2]any{seconds, strconv.FormatFloat(total, 'f', -1, 64)}})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": "success", "data": map[string]any{"resultType": "vector", "result": result},
	})
}

func (f *fakeServer) query(w http.ResponseWriter, r *http.Request) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.PostFormValue("query"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	seconds, _ := strconv.ParseFloat(r.PostFormValue("time"), 64)
	if sum, ok := expr.(*parser.AggregateExpr); ok {
		f.scrapeTimes(w, sum, seconds)
		return
	}
	f.log("/api/v1/query %s", r.PostFormValue("query"))
	matrix := expr.(*parser.MatrixSelector)
	hi := int64(math.Round(seconds * 1000))
	lo := hi - matrix.Range.Milliseconds()
	if !f.closedLeft {
		lo++
	}
	type result struct {
		Metric map[string]string `json:"metric"`
		Values [][2]any          `json:"values"`
	}
	results := []result{}
	for _, s := range f.matching(matrix.VectorSelector.(*parser.VectorSelector).LabelMatchers) {
		var values [][2]any
		for _, p := range s.within(lo, hi) {
			if !value.IsStaleNaN(p.v) {
				values = append(values, [2]any{json.Number(strconv.FormatFloat(float64(p.t)/1000, 'f', -1, 64)), strconv.FormatFloat(p.v, 'f', -1, 64)})
			}
		}
		if len(values) > 0 {
			results = append(results, result{s.set.Map(), values})
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": "success", "data": map[string]any{"resultType": "matrix", "result": results},
	})
}

// record is a sink that keeps everything.
type record struct {
	scrapes map[observe.TargetView][]point
	series  map[observe.SeriesID][]point
	early   []string // series that came before the scrapes of their view
}

func newRecord() *record {
	return &record{scrapes: map[observe.TargetView][]point{}, series: map[observe.SeriesID][]point{}}
}

func (r *record) Scrapes(view observe.TargetView, runs []observe.Run) {
	r.scrapes[view] = append(r.scrapes[view], expand(runs)...)
}

func (r *record) Series(id *observe.SeriesID, runs []observe.Run) {
	if _, ok := r.scrapes[observe.TargetView{Target: id.Target, View: id.View}]; !ok {
		r.early = append(r.early, id.Route+" of "+id.Target)
	}
	r.series[*id] = append(r.series[*id], expand(runs)...)
}

func expand(runs []observe.Run) (out []point) {
	for _, r := range runs {
		for i := range r.Count {
			out = append(out, point{r.FirstMillis + i*r.StepMillis, r.Value})
		}
	}
	return out
}

func (r *record) String() string {
	var lines []string
	for view, points := range r.scrapes {
		lines = append(lines, fmt.Sprintf("up %q: %v", view, points))
	}
	for id, points := range r.series {
		lines = append(lines, fmt.Sprintf("%q: %v", id, points))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// testServer connects to a fake with short pauses.
func testServer(t testing.TB, url, protocol string) *Server {
	t.Helper()
	s, err := NewServer(ServerOptions{URL: url, Protocol: protocol, Timeout: 5 * time.Second, Limiter: NewLimiter(1), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.backOff = time.Millisecond
	return s
}

var envoyOptions = Options{
	Name:         "envoy",
	Selector:     `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`,
	RouteLabels:  []string{"envoy_cluster_name"},
	TargetLabels: []string{"cluster", "namespace", "pod"},
	ViewLabels:   []string{"job", "instance", "endpoint", "container", "service", "prometheus", "prometheus_replica", "replica"},
	Exclude:      map[string]string{"envoy_cluster_name": "prometheus_stats|xds_cluster|admin"},
}

func testSource(t testing.TB, server *Server, change func(*Options)) *Source {
	t.Helper()
	o := envoyOptions
	o.Server = server
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, s *Source, from, to int64, live bool) (*record, observe.ReadStats) {
	t.Helper()
	r := newRecord()
	stats, err := s.Read(t.Context(), from, to, live, r)
	if err != nil {
		t.Fatal(err)
	}
	return r, stats
}

// every makes n samples of one value.
func every(first, step int64, n int, v float64) (out []point) {
	for i := range n {
		out = append(out, point{first + int64(i)*step, v})
	}
	return out
}

func series(text string, points ...point) stored {
	matchers, err := ParseSelector(text)
	if err != nil {
		panic(err)
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, m := range matchers {
		b.Set(m.Name, m.Value)
	}
	return stored{b.Labels(), points}
}

package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/ghostpair/ghostpair/detector/observe"
)

type nowhere struct{}

func (nowhere) Scrapes(observe.TargetView, []observe.Run) {}
func (nowhere) Series(*observe.SeriesID, []observe.Run)   {}

// envoyLike is a counter as real Envoys give it: 2 % of scrapes a little off, 0.1 % missed, an error
// in 0.4 % of them.
func envoyLike(seed uint64, n int, step int64) (out []point) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	v := 0.0
	for i := range n {
		if rnd.IntN(1000) == 0 {
			continue
		}
		t := int64(i+1) * step
		if rnd.IntN(50) == 0 {
			t += rnd.Int64N(8)
		}
		if rnd.IntN(250) == 0 {
			v++
		}
		out = append(out, point{t, v})
	}
	return out
}

func benchStream(points []point, seriesCount int) []byte {
	f := &fakeServer{chunkSize: 120, frameChunks: 500}
	var b bytes.Buffer
	for i := range seriesCount {
		f.streamSeries(&b, 0, series(fmt.Sprintf(`x_total{job="j",instance="a",route="%d"}`, i)).set, points)
	}
	return b.Bytes()
}

func perSample(b *testing.B, samples int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(samples), "ns/sample")
}

// BenchmarkStreamToRuns decodes a streamed answer into runs; BenchmarkStreamBare only iterates over
// the same chunks, through prompb.
func BenchmarkStreamToRuns(b *testing.B) {
	for name, points := range map[string][]point{
		"envoy": envoyLike(1, 5760, 15_000), "flat": every(1, 15_000, 5760, 3),
	} {
		b.Run(name, func(b *testing.B) {
			stream := benchStream(points, 50)
			var buffer []byte
			b.ReportAllocs()
			for b.Loop() {
				d := &chunkDecoder{out: discard{}, lo: 0, hi: math.MaxInt64, queries: 1}
				var err error
				if buffer, err = d.stream(bytes.NewReader(stream), buffer); err != nil {
					b.Fatal(err)
				}
			}
			perSample(b, 50*len(points))
		})
	}
}

func BenchmarkStreamBare(b *testing.B) {
	points := envoyLike(1, 5760, 15_000)
	stream := benchStream(points, 50)
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		frames := newFrameReader(bytes.NewReader(stream), buffer)
		sum := 0.0
		var it chunkenc.Iterator
		for {
			message, err := frames.next()
			if errors.Is(err, io.EOF) {
				break
			}
			var r prompb.ChunkedReadResponse
			if err != nil || r.Unmarshal(message) != nil {
				b.Fatal(err)
			}
			for _, c := range r.ChunkedSeries[0].Chunks {
				chunk, _ := chunkenc.FromData(chunkenc.EncXOR, c.Data)
				for it = chunk.Iterator(it); it.Next() != chunkenc.ValNone; {
					_, v := it.At()
					sum += v
				}
			}
		}
	}
	perSample(b, 50*len(points))
}

func BenchmarkSamplesToRuns(b *testing.B) {
	r := prompb.ReadResponse{Results: []*prompb.QueryResult{{}}}
	for i := range 1000 {
		set := (&fakeServer{}).merged(series(fmt.Sprintf(`x_total{job="j",instance="a",route="%d"}`, i)).set)
		r.Results[0].Timeseries = append(r.Results[0].Timeseries, &prompb.TimeSeries{Labels: set, Samples: pbSamples(every(1000, 15_000, 5, 3))})
	}
	message := must(r.Marshal())
	b.ReportAllocs()
	for b.Loop() {
		d := &sampleDecoder{out: discard{}, lo: 0, hi: math.MaxInt64}
		if err := d.response(message, 1); err != nil {
			b.Fatal(err)
		}
	}
	perSample(b, 5000)
}

func BenchmarkJSONToRuns(b *testing.B) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/query", strings.NewReader(url.Values{"query": {"{job=\"j\"}[86400s]"}, "time": {"86400"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	points := envoyLike(1, 5760, 15_000)
	(&fakeServer{series: []stored{series(`x{job="j"}`, points...)}}).query(w, r)
	b.ReportAllocs()
	for b.Loop() {
		d := &matrixDecoder{out: discard{}, lo: 0, hi: math.MaxInt64, scan: newScanner(bytes.NewReader(w.Body.Bytes()))}
		if err := d.answer(); err != nil {
			b.Fatal(err)
		}
	}
	perSample(b, len(points))
}

// BenchmarkLiveTick is the client's part of a tick over 10,000 known series of 100 targets.
func BenchmarkLiveTick(b *testing.B) {
	up, counters := &prompb.QueryResult{}, &prompb.QueryResult{}
	f := &fakeServer{}
	for p := range 100 {
		target := fmt.Sprintf(`namespace="envoy-gateway-system",pod="envoy-%d",container="envoy",endpoint="metrics",job="proxy",instance="10.0.0.%d:19001"`, p, p)
		points := pbSamples(every(240_000+int64(p)*100, 15_000, 5, 1))
		up.Timeseries = append(up.Timeseries, &prompb.TimeSeries{Labels: f.merged(series("up{" + target + "}").set), Samples: points})
		for r := range 100 {
			set := f.merged(series(fmt.Sprintf(`envoy_cluster_upstream_rq_xx{%s,envoy_response_code_class="5",envoy_cluster_name="httproute/shop/route-%d/rule/0"}`, target, r)).set)
			counters.Timeseries = append(counters.Timeseries, &prompb.TimeSeries{Labels: set, Samples: points})
		}
	}
	answer := snappy.Encode(nil, must((&prompb.ReadResponse{Results: []*prompb.QueryResult{up, counters}}).Marshal()))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case remoteReadPath:
			w.Header().Set("Content-Type", "application/x-protobuf")
			_, _ = w.Write(answer)
		case "/api/v1/label/job/values":
			_ = json.NewEncoder(w).Encode(map[string][]string{"data": {"proxy"}})
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	s := testSource(b, testServer(b, server.URL, ProtocolAuto), nil)
	b.ReportAllocs()
	for b.Loop() {
		stats, err := s.Read(b.Context(), 300_000, 315_000, true, nowhere{})
		if err != nil || stats.Series != 10_000 {
			b.Fatal(stats, err)
		}
	}
	b.ReportMetric(float64(len(answer)), "bytes/tick")
}

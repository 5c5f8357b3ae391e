package sources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/prometheus/prometheus/prompb"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// collect is a handler that keeps everything.
type collect struct {
	lines    []string
	buckets  []string // of native histograms
	warnings int
}

func (c *collect) series(query int, set labelSet, runs []observe.Run, samples int64) error {
	l, err := set.labels()
	c.lines = append(c.lines, fmt.Sprint(query, l, expand(runs), samples))
	return err
}

func (c *collect) natives(query int, set labelSet, all []native) error {
	l, err := set.labels()
	for i := range all {
		all[i].cumulate(windows(5000, 6500, 1, 2), func(bound, count float64) { c.buckets = append(c.buckets, fmt.Sprint(query, l, bound, count)) })
	}
	return err
}
func (c *collect) wantsNatives() bool { return true }
func (c *collect) warn(string)        { c.warnings++ }

// FuzzFrames: no stream makes the decoder panic, whole frames are read whatever follows them, and a
// stream that is cut anywhere but between frames is an error.
func FuzzFrames(f *testing.F) {
	set := []prompb.Label{{Name: "__name__", Value: "up"}, {Name: "job", Value: "j"}}
	one := frameOf(0, set, []prompb.Chunk{xorChunk(every(1000, 1000, 50, 1)), xorChunk(every(60_000, 900, 5, math.NaN()))})
	two := frameOf(1, set, []prompb.Chunk{{Type: prompb.Chunk_XOR2, Data: []byte{0, 5, 0, 1, 2, 3, 4}}})
	f.Add(one, 10)
	f.Add(two, 0)
	f.Add(append(bytes.Clone(one), two...), 3)
	f.Add([]byte("the server gave up"), 1)
	f.Add(frameOf(0, nil, []prompb.Chunk{{Type: prompb.Chunk_HISTOGRAM, Data: []byte{1}, MaxTimeMs: 5}}), 0)
	f.Add(frameOf(0, set, []prompb.Chunk{histogramChunk(5, 2)})[5:], 0) // without length and checksum
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		decode := func(stream []byte) (collect, error) {
			var c collect
			d := &chunkDecoder{out: &c, lo: -1, hi: math.MaxInt64, queries: 2}
			_, err := d.stream(bytes.NewReader(stream), nil)
			return c, err
		}
		_, _ = decode(data)
		if cut >= 0 {
			stream := append(bytes.Clone(one), one[:cut%len(one)]...)
			_, err := decode(stream)
			if (err == nil) != (cut%len(one) == 0) {
				t.Fatalf("cut after %d of %d: %v", cut%len(one), len(one), err)
			}
		}
		// The message behind a right checksum is arbitrary, too.
		var c collect
		d := &chunkDecoder{out: &c, lo: -1, hi: math.MaxInt64, queries: 2}
		_ = d.frame(data)
		_ = d.close()
	})
}

// FuzzSamples: what the decoder makes of a message is what prompb makes of it.
func FuzzSamples(f *testing.F) {
	response := prompb.ReadResponse{Results: []*prompb.QueryResult{{Timeseries: []*prompb.TimeSeries{{
		Labels: []prompb.Label{{Name: "a", Value: "b"}}, Samples: []prompb.Sample{{Timestamp: 5, Value: 1}, {Timestamp: 9, Value: math.Inf(1)}},
	}}}}}
	f.Add(must(response.Marshal()))
	response.Results[0].Timeseries[0].Histograms = []prompb.Histogram{prompb.FromIntHistogram(7, someHistogram(3))}
	f.Add(must(response.Marshal()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want collect
		d := &sampleDecoder{out: &got, lo: -1, hi: 1000}
		err := d.response(data, 1)
		var oracle prompb.ReadResponse
		if oracle.Unmarshal(data) != nil || err != nil || len(oracle.Results) != 1 {
			return
		}
		for _, s := range oracle.Results[0].Timeseries {
			set := labelSet{}
			for _, l := range s.Labels {
				set.appendLabel(must(l.Marshal()))
			}
			var k compressor
			k.reset(-1, 1000)
			for _, p := range s.Samples {
				k.add(p.Timestamp, p.Value)
			}
			if runs := k.finish(); len(runs) > 0 {
				if want.series(0, set, runs, k.samples) != nil {
					return
				}
			}
		}
		if fmt.Sprint(got.lines) != fmt.Sprint(want.lines) {
			t.Fatalf("got %v, want %v", got.lines, want.lines)
		}
	})
}

// FuzzMatrix: no JSON makes the scanner panic, and what it takes is what encoding/json takes.
func FuzzMatrix(f *testing.F) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/api/v1/query", bytes.NewBufferString("query=x[60s]&time=60"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	(&fakeServer{series: []stored{series(`x{a="\"ü\n"}`, every(0, 1500, 30, 2)...)}}).query(w, r)
	f.Add(w.Body.Bytes())
	f.Add([]byte(`{"status":"success","data":{"result":[{"values":[[1.5,"NaN"],[ 2 ,"+Inf"]],"metric":{}}],"resultType":"matrix"},"infos":["i"]} `))
	f.Add([]byte(`{"status":"success","data":{"result":[{"metric":{},"histograms":[[1.5,{"count":"3","sum":"1e4","buckets":[[3,"-0.5","0.5","1"],[0,"4096","8192","2"]]}]]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got collect
		d := &matrixDecoder{out: &got, lo: -1, hi: math.MaxInt64, scan: newScanner(bytes.NewReader(data))}
		if d.answer() != nil {
			return
		}
		var oracle struct {
			Data struct {
				Result []struct {
					Values [][2]any `json:"values"`
				} `json:"result"`
			} `json:"data"`
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if decoder.Decode(&oracle) != nil || len(oracle.Data.Result) != 1 || len(oracle.Data.Result[0].Values) != 1 || len(got.lines) != 1 {
			return
		}
		pair := oracle.Data.Result[0].Values[0]
		seconds, err := pair[0].(json.Number).Float64()
		v, err2 := strconv.ParseFloat(pair[1].(string), 64)
		if err != nil || err2 != nil || math.Abs(seconds) > 1e11 || bytes.Count(data, []byte("values")) > 1 {
			return
		}
		want := expand([]observe.Run{{FirstMillis: int64(math.Round(seconds * 1000)), Count: 1, Value: v}})
		if !bytes.Contains([]byte(got.lines[0]), []byte(fmt.Sprint(want))) {
			t.Fatalf("got %v, want %v", got.lines, want)
		}
	})
}

// FuzzUsualChunk: whatever the quick way makes of a chunk, the thorough one makes of it, too; and what
// Prometheus writes goes the quick way.
func FuzzUsualChunk(f *testing.F) {
	for _, c := range []prompb.Chunk{
		{MinTimeMs: 1_790_000_000_000, MaxTimeMs: 1_790_000_900_000, Type: prompb.Chunk_XOR, Data: []byte{0, 1, 2, 3}},
		{MinTimeMs: -1, MaxTimeMs: 1, Type: prompb.Chunk_FLOAT_HISTOGRAM, Data: make([]byte, 300)},
	} {
		message, err := c.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		if got, ok := usualChunk(message); !ok || got.first != c.MinTimeMs || got.last != c.MaxTimeMs || got.encoding != c.Type || !bytes.Equal(got.data, c.Data) {
			f.Errorf("the quick way makes %v, %t of %v", got, ok, c)
		}
		f.Add(message)
	}
	f.Add([]byte{8, 1, 16, 2, 24, 1, 34, 0, 8, 1})
	f.Fuzz(func(t *testing.T, message []byte) {
		got, ok := usualChunk(message)
		if !ok {
			return
		}
		want, err := anyChunk(message)
		if err != nil || got.first != want.first || got.last != want.last || got.encoding != want.encoding || !bytes.Equal(got.data, want.data) {
			t.Errorf("the quick way makes %v of %x, the thorough one %v, %v", got, message, want, err)
		}
	})
}

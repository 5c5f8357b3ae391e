package sources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// cumulated lists what a histogram tells of windows.
func cumulated(n *native, w []coarse.Window) string {
	var told []string
	n.cumulate(w, func(bound, count float64) { told = append(told, fmt.Sprintf("%.6g:%g", bound, count)) })
	return strings.Join(told, " ")
}

// The bounds of an exponential histogram follow from its schema, empty buckets or not. Those that are too far from
// the window are no use.
func TestNativeBounds(t *testing.T) {
	t.Parallel()
	slow := func(schema int32, lower, upper float64) *native {
		return &native{schema: schema, buckets: []nativeBucket{{-0.5, 0.5, 1}, {1, 2, 10}, {lower, upper, 3}}}
	}
	five := windows(5000, 6500)
	for _, c := range []struct {
		n    *native
		want string
	}{
		{slow(4, 4870.992343051145, 5086.6495982529905), "4870.99:11 6596.57:14"}, // 2^(196/16) and 2^(203/16)
		{slow(0, 4096, 8192), "4096:11 8192:14"},
		{slow(-1, 4096, 16384), "4096:11 16384:14"},
		{slow(-2, 4096, 65536), "4096:11"},
		{slow(0, 8192, 16384), "4096:11 8192:11"},
		{slow(0, 2048, 4096), "4096:14 8192:14"},
		{&native{schema: 0}, "4096:0 8192:0"},
		{&native{custom: []float64{100, 4900, 5200, 6000}, buckets: []nativeBucket{{4900, 5200, 3}}}, "4900:0"},
		{&native{custom: coarse.DefaultBounds(), buckets: []nativeBucket{{2500, 5000, 3}}}, "2500:0 10000:3"},
		{&native{custom: coarse.DefaultBounds(), buckets: []nativeBucket{{2000, 5000, 3}}}, "10000:3"}, // on both sides of 2500
	} {
		if got := cumulated(c.n, five); got != c.want {
			t.Errorf("schema %d, custom %v: %q, want %q", c.n.schema, c.n.custom, got, c.want)
		}
	}
}

// The query API tells no schema: it follows from any bucket.
func TestInferredSchema(t *testing.T) {
	t.Parallel()
	for schema := int32(-4); schema <= 8; schema++ {
		h := histogram.FloatHistogram{
			Schema: schema, ZeroThreshold: 0.5, ZeroCount: 2, Count: 9,
			PositiveSpans: []histogram.Span{{Offset: 1, Length: 1}, {Offset: 2, Length: 1}}, PositiveBuckets: []float64{3, 4},
		}
		all, err := appendNative(nil, 1, &h)
		if err != nil {
			t.Fatal(err)
		}
		told := native{atMillis: 1, buckets: all[0].buckets}
		if told.infer(); told.schema != schema || told.custom != nil {
			t.Errorf("schema %d was taken for %d, custom %v", schema, told.schema, told.custom)
		}
	}
	for _, buckets := range [][]nativeBucket{{{2500, 5000, 1}}, {{1, 2, 1}, {100, 250, 1}}, {{0, 5, 1}}, {{7, 7, 1}}} {
		n := native{buckets: buckets}
		if n.infer(); n.custom == nil {
			t.Errorf("%v was taken for exponential buckets of schema %d", buckets, n.schema)
		}
	}
	empty := native{}
	if empty.infer(); empty.schema != emptySchema || empty.custom != nil {
		t.Errorf("no requests: schema %d, custom %v", empty.schema, empty.custom)
	}
}

// A label can be added to both forms of label sets.
func TestWithLabel(t *testing.T) {
	t.Parallel()
	message := func(name, value string) (m []byte) {
		for i, text := range []string{name, value} {
			m = append(append(m, byte(i+1)<<3|2, byte(len(text))), text...)
		}
		return m
	}
	wire := labelSet{}
	wire.appendLabel(message("a", "b"))
	for _, set := range []labelSet{wire, {json: true, raw: []byte(`{"a":"b"}`)}} {
		more := set.with("le", `5"000`)
		got, err := more.labels()
		if err != nil || got.String() != `{a="b", le="5\"000"}` {
			t.Errorf("json %v: %v, error %v", set.json, got, err)
		}
		if old, _ := set.labels(); old.String() != `{a="b"}` {
			t.Errorf("json %v: the set itself changed to %v", set.json, old)
		}
	}
	none := labelSet{json: true, raw: []byte("{}")}
	more := none.with("le", "1")
	if got, err := more.labels(); err != nil || got.String() != `{le="1"}` {
		t.Errorf("of no labels: %v, error %v", got, err)
	}
}

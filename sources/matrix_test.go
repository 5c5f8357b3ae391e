package sources

import (
	"io"
	"net/http"
	"testing"
)

// A matrix has the samples of each series with their own times; any other answer is none.
func TestMatrix(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	var body string
	f.before = func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(w, body)
		return true
	}
	s := testServer(t, f.URL, "")
	body = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1.001,"2"],[3,"NaN"]]}]},"warnings":["w"]}`
	got, warnings, err := s.Matrix(t.Context(), "x[5m]", 1)
	if err != nil || len(warnings) != 1 || len(got) != 1 || len(got[0].Points) != 2 || got[0].Labels["a"] != "b" || got[0].Points[0] != (InstantPoint{1001, 2}) {
		t.Errorf("%+v %v %v", got, warnings, err)
	}
	for _, body = range []string{
		`{}`, `<html>`, `{"status":"success","data":{"resultType":"vector","result":[]}}`, `{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1]]}]}}`,
	} {
		if _, _, err := s.Matrix(t.Context(), "x[5m]", 1); !hasReason(err, ReasonBadData) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// What is asked of labels is the same for all counters of the clusters; nothing is known of other selectors.
func TestSiblingMatchers(t *testing.T) {
	t.Parallel()
	for selector, want := range map[string]string{
		`envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}`:                         "",
		`envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",cluster="a",job!~"x\"y"}`: `cluster="a",job!~"x\"y"`,
		`{__name__="envoy_cluster_upstream_cx_connect_timeout",namespace="edge"}`:             `namespace="edge"`,
	} {
		if got, ok := SiblingMatchers(selector); !ok || got != want {
			t.Errorf("%s: %q, %v; want %q", selector, got, ok, want)
		}
	}
	for _, selector := range []string{"orders_failed_total", `{__name__=~"envoy.+"}`, "rate(x[5m])"} {
		if got, ok := SiblingMatchers(selector); ok {
			t.Errorf("%s: %q, want none", selector, got)
		}
	}
}

package sources

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// InstantSample is one series of the answer to an instant query.
type InstantSample struct {
	Labels   map[string]string
	AtMillis int64
	Value    float64
}

// BuildInfo is what a server says about itself. Servers that are not Prometheus often say little.
type BuildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	GoVersion string `json:"goVersion"`
}

// Ping makes sure that the server answers queries: that the address, the credentials and the path
// are right.
func (s *Server) Ping(ctx context.Context) error {
	_, _, err := s.Instant(ctx, "vector(1)", 0)
	return err
}

// BuildInfo asks for the version of the server.
func (s *Server) BuildInfo(ctx context.Context) (BuildInfo, error) {
	var answer struct {
		Data BuildInfo `json:"data"`
	}
	r := &request{asked: "build information", reader: ReaderAPI, method: http.MethodGet, path: "/api/v1/status/buildinfo"}
	err := s.askJSON(ctx, r, &answer)
	return answer.Data, err
}

// Instant evaluates a PromQL expression that gives a vector or a scalar, at a time or, for 0, now. It
// also returns the warnings of the server.
func (s *Server) Instant(ctx context.Context, expr string, atMillis int64) ([]InstantSample, []string, error) {
	r := instantRequest(expr, atMillis)
	var answer instantAnswer
	if err := s.askJSON(ctx, r, &answer); err != nil {
		return nil, nil, err
	}
	samples, err := answer.samples()
	if err != nil {
		return nil, nil, s.fail(ctx, r, http.StatusOK, err)
	}
	for i, w := range answer.Warnings {
		answer.Warnings[i] = cleanText(w)
	}
	return samples, answer.Warnings, nil
}

// instantRequest is the request of an instant query.
func instantRequest(expr string, atMillis int64) *request {
	form := url.Values{"query": {expr}}
	if atMillis != 0 {
		form.Set("time", secondsText(atMillis))
	}
	return &request{
		asked: "query", reader: ReaderAPI, method: http.MethodPost, path: queryPath, body: []byte(form.Encode()),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	}
}

type instantAnswer struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	} `json:"data"`
	Warnings []string `json:"warnings"`
}

func (a *instantAnswer) samples() ([]InstantSample, error) {
	if a.Status != "success" {
		return nil, badData("status %q: %s", cleanText(a.Status), cleanText(a.Error))
	}
	if a.Data.Type == "scalar" {
		var point instantPoint
		if err := json.Unmarshal(a.Data.Result, &point); err != nil {
			return nil, badData("a scalar: %v", err)
		}
		return []InstantSample{{AtMillis: point.at, Value: point.value}}, nil
	}
	if a.Data.Type != "vector" {
		return nil, badData("an answer of type %q instead of a vector", cleanText(a.Data.Type))
	}
	var vector []struct {
		Metric map[string]string `json:"metric"`
		Value  instantPoint      `json:"value"`
	}
	if err := json.Unmarshal(a.Data.Result, &vector); err != nil {
		return nil, badData("a vector: %v", err)
	}
	out := make([]InstantSample, len(vector))
	for i, v := range vector {
		out[i] = InstantSample{Labels: v.Metric, AtMillis: v.Value.at, Value: v.Value.value}
	}
	return out, nil
}

// instantPoint is [seconds, "value"].
type instantPoint struct {
	at    int64
	value float64
}

// UnmarshalJSON reads the pair.
func (p *instantPoint) UnmarshalJSON(data []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	var seconds float64
	var text string
	if err := json.Unmarshal(pair[0], &seconds); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return err
	}
	value, err := strconv.ParseFloat(text, 64)
	p.at, p.value = int64(seconds*1000+0.5), value
	return err
}

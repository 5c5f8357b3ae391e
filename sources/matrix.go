package sources

import (
	"context"
	"encoding/json"
	"net/http"
)

// InstantSeries is one series of the answer to a query that gives a range vector.
type InstantSeries struct {
	Labels map[string]string
	Points []InstantPoint
}

// InstantPoint is one sample of a series.
type InstantPoint struct {
	AtMillis int64
	Value    float64
}

// Matrix evaluates a PromQL expression that gives a range vector, such as a selector with a range, at a
// time or, for 0, now. A selector gives raw samples with their own times. It also returns the warnings
// of the server.
func (s *Server) Matrix(ctx context.Context, expr string, atMillis int64) ([]InstantSeries, []string, error) {
	r := instantRequest(expr, atMillis)
	var answer instantAnswer
	if err := s.askJSON(ctx, r, &answer); err != nil {
		return nil, nil, err
	}
	series, err := answer.matrix()
	if err != nil {
		return nil, nil, s.fail(ctx, r, http.StatusOK, err)
	}
	for i, w := range answer.Warnings {
		answer.Warnings[i] = cleanText(w)
	}
	return series, answer.Warnings, nil
}

func (a *instantAnswer) matrix() ([]InstantSeries, error) {
	if a.Status != "success" {
		return nil, badData("status %q: %s", cleanText(a.Status), cleanText(a.Error))
	}
	if a.Data.Type != "matrix" {
		return nil, badData("an answer of type %q instead of a matrix", cleanText(a.Data.Type))
	}
	var matrix []struct {
		Metric map[string]string `json:"metric"`
		Values []instantPoint    `json:"values"`
	}
	if err := json.Unmarshal(a.Data.Result, &matrix); err != nil {
		return nil, badData("a matrix: %v", err)
	}
	out := make([]InstantSeries, len(matrix))
	for i, m := range matrix {
		out[i] = InstantSeries{Labels: m.Metric, Points: make([]InstantPoint, len(m.Values))}
		for k, v := range m.Values {
			out[i].Points[k] = InstantPoint{AtMillis: v.at, Value: v.value}
		}
	}
	return out, nil
}

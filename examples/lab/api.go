package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// getTimeout bounds one look at an API on loopback.
const getTimeout = 5 * time.Second

// get returns the body of a 200 from a.
func get(ctx context.Context, a address, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.String()+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("GET %s%s: %w", a, path, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err // names the URL already
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("GET %s%s: %w", a, path, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s%s: %s: %.200s", a, path, response.Status, body)
	}
	return body, nil
}

// getData decodes what a Prometheus-style envelope carries.
func getData(ctx context.Context, a address, path string, data any) error {
	body, err := get(ctx, a, path)
	if err != nil {
		return err
	}
	envelope := struct {
		Status string `json:"status"`
		Data   any    `json:"data"`
	}{Data: data}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return fmt.Errorf("GET %s%s: %w", a, path, err)
	}
	if envelope.Status != "success" {
		return fmt.Errorf("GET %s%s: status %q: %.200s", a, path, envelope.Status, body)
	}
	return nil
}

// A sample is one element of the vector that an instant query gives.
type sample struct {
	labels map[string]string
	value  float64
}

// query evaluates a PromQL expression now.
func query(ctx context.Context, prometheus address, expr string) ([]sample, error) {
	var data struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Value  [2]any            `json:"value"`
		} `json:"result"`
	}
	if err := getData(ctx, prometheus, "/api/v1/query?query="+url.QueryEscape(expr), &data); err != nil {
		return nil, err
	}
	var vector []sample
	for _, r := range data.Result {
		text, _ := r.Value[1].(string) // anything else does not parse
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("query %s: value: %w", expr, err)
		}
		vector = append(vector, sample{r.Metric, value})
	}
	return vector, nil
}

// byLabel maps a label to the value of the query's samples.
func byLabel(ctx context.Context, prometheus address, label, expr string) (map[string]float64, error) {
	vector, err := query(ctx, prometheus, expr)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, s := range vector {
		values[s.labels[label]] = s.value
	}
	return values, nil
}

// An alert is what Alertmanager holds.
type alert struct {
	Labels, Annotations map[string]string
	StartsAt            time.Time
}

func alerts(ctx context.Context, alertmanager address) ([]alert, error) {
	body, err := get(ctx, alertmanager, "/api/v2/alerts")
	if err != nil {
		return nil, err
	}
	var held []alert
	if err := json.Unmarshal(body, &held); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	return held, nil
}

// wait tries until it works, until ctx is done, or until broken tells that it never will.
func wait(ctx context.Context, every time.Duration, broken, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		if b := broken(); b != nil {
			return b
		}
		if !sleep(ctx, every) {
			return fmt.Errorf("%w: last: %w", context.Cause(ctx), err)
		}
	}
}

// sleep waits for d and tells whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

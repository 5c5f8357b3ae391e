package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

var now = time.Date(2026, 11, 8, 0, 0, 30, 0, time.UTC)

// options returns what a healthy service would have: one paired route whose name wants to be HTML,
// one undecided route, and their pooled stream.
func options() Options {
	return Options{
		Metrics:    http.NotFoundHandler(),
		Evaluation: evaluation,
		Ready:      func() error { return nil },
		Reload:     func(context.Context) error { return nil },
		Config:     func() (string, error) { return "prometheus:\n  url: http://localhost:9090\n", nil },
		Flags:      map[string]string{"log.level": "info"},
		Build:      BuildInfo{Version: "1.2.3"},
		Runtime:    func() map[string]string { return map[string]string{"goroutineCount": "7"} },
		Now:        func() time.Time { return now },
	}
}

func evaluation() *finding.Evaluation {
	evidence, threshold, interval := 1.1, 5.77, 1.0
	key := func(route string) finding.Key {
		return finding.Key{Source: "envoy", Signal: "5xx", Route: route, Fingerprint: "syn-timeout-5s"}
	}
	return &finding.Evaluation{
		Document: finding.Document{
			Version: 1, Origin: now.Add(-7 * 24 * time.Hour),
			Window:              finding.Window{Start: now.Add(-7 * 24 * time.Hour), End: now.Add(-30 * time.Second)},
			FalseAlarmsPerMonth: 1,
			ThresholdLog10:      map[string]*float64{"envoy": &threshold},
			Findings: []finding.Finding{
				{Key: key("shop/cart"), Reasons: []string{finding.ReasonTooFewErrors}, Advice: "74 more errors would settle it."},
				{
					Key: key("<script>alert(1)</script>"), Verdict: finding.Paired, EvidenceLog10: &evidence, Errors: 1204,
					LagSeconds: &finding.Interval{Estimate: 5.42, Lower: 5.3, Upper: 5.55}, ScrapeIntervalSeconds: &interval,
					PairRatio: &finding.Interval{Estimate: 0.21, Lower: 0.17, Upper: 0.26}, Labels: []string{finding.LabelChain},
					Transitions: []finding.Transition{{At: time.Date(2026, 11, 2, 14, 3, 10, 0, time.UTC), Verdict: "paired"}},
					// 28 is the most of all bins, so its bar is as high as the drawing
					Histogram: &finding.Histogram{BinSeconds: 1, FirstLagSeconds: 4, Observed: []int{7, 28, 0}, Expected: []float64{3.2, 3.1, 3}},
				},
				{Key: key(finding.PooledRoute), Verdict: finding.Clear},
			},
		},
		Sources: []finding.Source{{Name: "envoy", Timing: true, Watermark: now.Add(-30 * time.Second), Protocol: "remote_read"}},
	}
}

func get(t *testing.T, o Options, method, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	New(o).ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Code, w.Body.String()
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/-/healthy", 200, "ghostpair is healthy."},
		{"HEAD", "/-/healthy", 200, ""},
		{"GET", "/-/ready", 200, "ghostpair is ready."},
		{"GET", "/-/reload", 405, ""}, // a link must not reload
		{"POST", "/-/reload", 200, "reloaded."},
		{"PUT", "/-/reload", 200, "reloaded."},
		{"GET", "/api/v1/status/config", 200, `{"yaml":"prometheus:\n  url: http://localhost:9090\n"}`},
		{"GET", "/api/v1/status/flags", 200, `{"log.level":"info"}`},
		{"GET", "/api/v1/status/buildinfo", 200, `"version":"1.2.3"`},
		{"GET", "/api/v1/status/runtimeinfo", 200, `{"goroutineCount":"7"}`},
		{"GET", "/api/v1/nothing", 404, `"errorType":"not_found"`},
		{"GET", "/nothing", 404, ""},
		{"GET", "/debug/pprof/", 200, "goroutine"},
		{"GET", "/debug/pprof/cmdline", 404, ""}, // a flag may hold a password
	} {
		status, body := get(t, options(), c.method, c.target)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s = %d %q, want %d and %q in it", c.method, c.target, status, body, c.status, c.body)
		}
	}
}

func TestNotReadyAndFailedReload(t *testing.T) {
	t.Parallel()
	o := options()
	o.Ready = func() error { return errors.New("it has not read anything yet") }
	o.Reload = func(context.Context) error { return errors.New("ghostpair.yml:3: unknown key") }
	o.Evaluation = func() *finding.Evaluation { return nil }
	if status, body := get(t, o, "GET", "/-/ready"); status != 503 || body != "ghostpair is not ready: it has not read anything yet.\n" {
		t.Errorf("ready = %d %q, want 503 and the reason", status, body)
	}
	if status, body := get(t, o, "POST", "/-/reload"); status != 500 || !strings.Contains(body, "ghostpair.yml:3") {
		t.Errorf("reload = %d %q, want 500 and the problem", status, body)
	}
	if status, body := get(t, o, "GET", "/api/v1/findings"); status != 503 || !strings.Contains(body, `"errorType":"unavailable"`) {
		t.Errorf("findings = %d %q, want 503 in the envelope", status, body)
	}
	if status, body := get(t, o, "GET", "/"); status != 200 || !strings.Contains(body, "Not ready: it has not read anything yet.") {
		t.Errorf("page = %d %q, want the reason on it", status, body)
	}
}

func TestFindingsFilters(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                                      "shop/cart <script>alert(1)</script> *",
		"verdict=paired":                        "<script>alert(1)</script>",
		"verdict=paired&verdict=clear":          "<script>alert(1)</script> *",
		"route=shop/cart&route=shop/other":      "shop/cart",
		"source=nlb":                            "",
		"fingerprint=syn-timeout-5s&route=%2A":  "*",
		"fingerprint=syn-timeout-5s&source=nlb": "",
	} {
		status, body := get(t, options(), "GET", "/api/v1/findings?"+query)
		var answer struct {
			Status string
			Data   finding.Document
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.Status != "success" {
			t.Fatalf("findings?%s = %d %q, %v", query, status, body, err)
		}
		var routes []string
		for _, f := range answer.Data.Findings {
			routes = append(routes, f.Route)
		}
		if got := strings.Join(routes, " "); got != want {
			t.Errorf("findings?%s has routes %q, want %q", query, got, want)
		}
		if answer.Data.Findings == nil {
			t.Errorf("findings?%s: null instead of an empty list", query)
		}
	}
	status, body := get(t, options(), "GET", "/api/v1/findings?verdict=maybe")
	if status != 400 || !strings.Contains(body, `"errorType":"bad_data","error":"verdict \"maybe\"`) {
		t.Errorf("an unknown verdict gives %d %q, want 400 bad_data", status, body)
	}
}

func TestLandingEscapesAndSorts(t *testing.T) {
	t.Parallel()
	status, body := get(t, options(), "GET", "/")
	if status != 200 {
		t.Fatalf("page = %d", status)
	}
	if strings.Contains(body, "<script") {
		t.Error("the page holds a route's name as HTML")
	}
	for _, want := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "5.42 s (5.30–5.55)", "21 % (17–26)", "1.1, alarm at 5.8", "chain", "2026-11-02 14:03:10 UTC",
		`<title>5 s: 28, expected 3.1</title><rect class="at" x="22" y="0" width="16" height="56"/>`,
		"too-few-errors: 74 more errors would settle it.", "all routes together", "30s ago", "remote_read",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if paired, undecided := strings.Index(body, "&lt;script"), strings.Index(body, "shop/cart"); paired > undecided {
		t.Error("the paired route does not come first")
	}
}

// A selector that matches nothing is good news or a mistake: only a mistake is said.
func TestLandingSaysWhatMatchesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		source finding.Source
		said   bool
	}{
		{"a mistake", finding.Source{UserDefined: true, LastSuccess: now}, true},
		{"never read", finding.Source{UserDefined: true}, false},
		{"healthy", finding.Source{UserDefined: true, LastSuccess: now, SiblingsPresent: true}, false},
		{"a default", finding.Source{LastSuccess: now}, false},
	} {
		o := options()
		o.Evaluation = func() *finding.Evaluation {
			e := evaluation()
			e.Sources = []finding.Source{c.source}
			return e
		}
		if _, body := get(t, o, "GET", "/"); strings.Contains(body, "matches nothing") != c.said {
			t.Errorf("%s: the page says that the selector matches nothing: %t, want %t", c.name, !c.said, c.said)
		}
	}
}

func TestLandingIsCapped(t *testing.T) {
	t.Parallel()
	o := options()
	o.Evaluation = func() *finding.Evaluation {
		e := evaluation()
		e.Findings = append(e.Findings, make([]finding.Finding, maxRows)...)
		return e
	}
	// Three findings more than fit.
	if _, body := get(t, o, "GET", "/"); !strings.Contains(body, `3 more are in`) {
		t.Error("the page does not say that it left something out")
	}
}

func TestHealthReady(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		health Health
		want   string // part of the reason; empty: ready
	}{
		{"new", Health{}, "not read anything"},
		// a state that was restored a moment after it was saved, while Prometheus is away
		{"restored", Health{WarmedUp: true, Watermark: now.Add(-time.Minute)}, "not read anything"},
		{"clock set back", Health{WarmedUp: true, LastSuccess: now, Watermark: now.Add(time.Hour)}, "2026-11-08T01:00:30Z, which is 1h0m0s from now"},
		{"warming up", Health{LastSuccess: now, Watermark: now.Add(-time.Hour)}, "still reading history, and has come to 2026-11-07T23:00:30Z"},
		// max(5 × 15 s, 2 min) + 30 s = 150 s
		{"fine", Health{WarmedUp: true, LastSuccess: now.Add(-150 * time.Second), Every: 15 * time.Second, Delay: 30 * time.Second}, ""},
		{"late", Health{WarmedUp: true, LastSuccess: now.Add(-151 * time.Second), Every: 15 * time.Second, Delay: 30 * time.Second}, "2m31s ago, more than 2m30s"},
		// 5 × 1 min + 30 s = 330 s
		{"slow and fine", Health{WarmedUp: true, LastSuccess: now.Add(-330 * time.Second), Every: time.Minute, Delay: 30 * time.Second}, ""},
		{"slow and late", Health{WarmedUp: true, LastSuccess: now.Add(-331 * time.Second), Every: time.Minute, Delay: 30 * time.Second}, "5m31s ago"},
	} {
		err := c.health.Ready(now)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// A document with a number that JSON cannot hold must not give half an answer.
func TestUnencodableAnswer(t *testing.T) {
	t.Parallel()
	o := options()
	o.Evaluation = func() *finding.Evaluation {
		e := evaluation()
		e.FalseAlarmsPerMonth = 1 / zero()
		return e
	}
	if status, body := get(t, o, "GET", "/api/v1/findings"); status != 500 || !json.Valid([]byte(body)) {
		t.Errorf("findings = %d %q, want 500 and valid JSON", status, body)
	}
}

func zero() float64 { return 0 }

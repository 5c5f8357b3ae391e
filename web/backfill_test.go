package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/ghostpair/ghostpair/finding"
)

// refusal is an error with a type.
type refusal string

func (r refusal) Error() string     { return "refused: " + string(r) }
func (r refusal) ErrorType() string { return string(r) }

// fakeBackfills has one job, whose name is "known"; any other name is the type of the error that it
// gives.
type fakeBackfills struct {
	asked []BackfillRequest
	did   []string
}

func (f *fakeBackfills) do(what, id string) (BackfillJob, error) {
	f.did = append(f.did, what)
	if id != "known" {
		return BackfillJob{}, fmt.Errorf("%s: %w", what, refusal(id))
	}
	return BackfillJob{ID: id, State: "running", Created: now, Warnings: []string{}}, nil
}

func (f *fakeBackfills) Start(r BackfillRequest) (BackfillJob, error) {
	f.asked = append(f.asked, r)
	if r.Start == "never" {
		return BackfillJob{}, refusal("bad_data")
	}
	return f.do("start", "known")
}
func (f *fakeBackfills) Restart(id string) (BackfillJob, error) { return f.do("restart", id) }
func (f *fakeBackfills) Delete(id string) (BackfillJob, error)  { return f.do("delete", id) }
func (f *fakeBackfills) Job(id string) (BackfillJob, error)     { return f.do("job", id) }
func (f *fakeBackfills) List() []BackfillJob                    { return []BackfillJob{} }
func (f *fakeBackfills) Result(id string) (finding.Document, error) {
	_, err := f.do("result", id)
	return evaluation().Document, err
}

func TestBackfillEndpoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, target string
		status         int
		body, did      string
	}{
		{"GET", "/api/v1/backfill", 200, `{"jobs":[]}`, ""},
		{"GET", "/api/v1/backfill/known", 200, `"state":"running","partial":false`, "job"},
		{"GET", "/api/v1/backfill/known", 200, `"started":null,"ended":null,"progress":{"ratio":0,"watermark":null,"samples":0,"samples_per_second":null,"remaining_seconds":null,"paired":0},"error":"","warnings":[]`, "job"},
		{"DELETE", "/api/v1/backfill/known", 200, `"id":"known"`, "delete"},
		{"POST", "/api/v1/backfill/known/restart", 200, `"id":"known"`, "restart"},
		{"GET", "/api/v1/backfill/known/result", 200, `"route":"shop/cart"`, "result"},
		{"GET", "/api/v1/backfill/known/result?verdict=maybe", 400, `"errorType":"bad_data"`, ""},
		// A link must change nothing.
		{"GET", "/api/v1/backfill/known/restart", 404, `no such endpoint: GET`, ""},
		{"POST", "/api/v1/backfill/known", 404, `no such endpoint: POST`, ""},
		{"GET", "/api/v1/backfill/not_found", 404, `"errorType":"not_found","error":"job: refused: not_found"`, "job"},
		{"DELETE", "/api/v1/backfill/not_found", 404, `"errorType":"not_found"`, "delete"},
		{"POST", "/api/v1/backfill/too_many_requests/restart", 429, `"errorType":"too_many_requests"`, "restart"},
		{"GET", "/api/v1/backfill/conflict/result", 409, `"errorType":"conflict"`, "result"},
		{"POST", "/api/v1/backfill/unavailable/restart", 503, `"errorType":"unavailable"`, "restart"},
		{"GET", "/api/v1/backfill/strange/result", 500, `"errorType":"internal"`, "result"},
	} {
		o, f := options(), new(fakeBackfills)
		o.Backfills = f
		status, body := get(t, o, c.method, c.target)
		if did := strings.Join(f.did, " "); status != c.status || !strings.Contains(body, c.body) || did != c.did || !json.Valid([]byte(body)) {
			t.Errorf("%s %s = %d %s, which did %q; want %d, %s and %q", c.method, c.target, status, body, did, c.status, c.body, c.did)
		}
	}
	if status, body := get(t, options(), "GET", "/api/v1/backfill"); status != 404 || !strings.Contains(body, "not_found") {
		t.Errorf("without jobs: %d %s", status, body)
	}
}

func TestStartBackfill(t *testing.T) {
	t.Parallel()
	week := BackfillRequest{Start: "-7d"}
	all := BackfillRequest{
		Start: "1793491200", End: "2026-11-08T00:00:00Z", LeadIn: "30m", Sources: []string{"envoy"},
		Fingerprints: []string{"syn-timeout-5s", "2s..3s"}, Selector: `errors_total{code=~"5.."}`, RouteLabels: []string{"service"},
	}
	for _, c := range []struct {
		name, query, body string
		want              *BackfillRequest // nil: refused
		reason            string
	}{
		{"form", "", "start=-7d", &week, ""},
		{"address", "?start=-7d", "", &week, ""},
		{"JSON", "", `{"start": "-7d"}`, &week, ""},
		{"JSON with blanks and nulls", "", "\n {\"start\": \"-7d\", \"end\": null, \"source\": []}\n", &week, ""},
		{
			"all as a form", "?source=envoy", "start=1793491200&end=2026-11-08T00:00:00Z&lead_in=30m&fingerprint=syn-timeout-5s&fingerprint=2s..3s" +
				"&selector=errors_total%7Bcode%3D~%225..%22%7D&route_label=service", &all, "",
		},
		{
			"all as JSON", "", `{"start": 1793491200, "end": "2026-11-08T00:00:00Z", "lead_in": "30m", "source": "envoy",
			"fingerprint": ["syn-timeout-5s", "2s..3s"], "selector": "errors_total{code=~\"5..\"}", "route_label": ["service"]}`, &all, "",
		},
		{"empty", "", "", nil, "start is missing"},
		{"empty object", "", "{}", nil, "start is missing"},
		{"a list", "", `[{"start": "-7d"}]`, nil, "the body is no JSON object"},
		{"two objects", "", `{"start": "-7d"}{}`, nil, "something follows"},
		{"half an object", "", `{"start": "-7d"`, nil, "the body is no JSON object"},
		{"neither", "", "%zz", nil, "neither a JSON object nor a form"},
		{"a misspelt name", "", "strat=-7d&start=-7d", nil, `"strat" is no parameter: there are end, lead_in`},
		{"twice", "?start=-7d", "start=-7d", nil, "start is given 2 times"},
		{"an object inside", "", `{"start": {"at": "-7d"}}`, nil, "start: must be a text"},
		{"what the service refuses", "", "start=never", nil, "refused: bad_data"},
		{"too long", "", "start=" + strings.Repeat("x", maxRequest), nil, "more than 65536 bytes"},
	} {
		o, f := options(), new(fakeBackfills)
		o.Backfills = f
		w := httptest.NewRecorder()
		New(o).ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/backfill"+c.query, strings.NewReader(c.body)))
		if c.want == nil {
			if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, `"errorType":"bad_data"`) || !strings.Contains(strings.ReplaceAll(body, `\"`, `"`), c.reason) || f.did != nil {
				t.Errorf("%s: %d %s, want 400 and %q", c.name, w.Code, body, c.reason)
			}
			continue
		}
		if w.Code != 202 || w.Header().Get("Location") != "backfill/known" || len(f.asked) != 1 || !reflect.DeepEqual(f.asked[0], *c.want) {
			t.Errorf("%s: %d, asked for %+v, want %+v: %s", c.name, w.Code, f.asked, *c.want, w.Body)
		}
	}
}

// A page of somebody else in the browser of somebody who may use the API must not start jobs.
func TestCrossOriginRequestsChangeNothing(t *testing.T) {
	t.Parallel()
	o, f := options(), new(fakeBackfills)
	o.Backfills = f
	o.Reload = func(context.Context) error { return errors.New("reloaded") }
	for _, target := range []string{"/api/v1/backfill?start=-7d", "/-/reload"} {
		r := httptest.NewRequest("POST", target, nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		New(o).ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"errorType":"forbidden"`) || f.did != nil {
			t.Errorf("%s = %d %s, want 403", target, w.Code, w.Body)
		}
	}
}

// Whatever is sent, it is refused or has a start.
func FuzzParseBackfill(f *testing.F) {
	f.Add("start=-7d", "start=-7d&source=envoy")
	f.Add("", `{"start": 1793491200, "source": ["a", null], "x": [[]]}`)
	f.Add("a=%zz;", "{\"start\": \"\xff\"}")
	f.Fuzz(func(t *testing.T, query, body string) {
		r := httptest.NewRequest("POST", "/api/v1/backfill", strings.NewReader(body))
		r.URL.RawQuery = query
		got, err := parseBackfill(httptest.NewRecorder(), r)
		if err == nil && got.Start == "" {
			t.Errorf("%q, %q: accepted without a start: %+v", query, body, got)
		}
	})
}

package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/ghostpair/ghostpair/finding"
)

// The types of errors, as the API of Prometheus has them.
const (
	errorBadData     = "bad_data"
	errorUnavailable = "unavailable"
	errorInternal    = "internal"
	errorNotFound    = "not_found"
	errorForbidden   = "forbidden"
	errorConflict    = "conflict"
	errorTooMany     = "too_many_requests"
)

// statuses are those of the types of errors that others return.
var statuses = map[string]int{
	errorBadData:     http.StatusBadRequest,
	errorUnavailable: http.StatusServiceUnavailable,
	errorNotFound:    http.StatusNotFound,
	errorConflict:    http.StatusConflict,
	errorTooMany:     http.StatusTooManyRequests,
}

// envelope is the outside of every answer of the API.
type envelope struct {
	Status    string `json:"status"`
	Data      any    `json:"data,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error,omitempty"`
}

func (h *handler) data(w http.ResponseWriter, data any) {
	h.answer(w, http.StatusOK, envelope{Status: "success", Data: data})
}

func (h *handler) fail(w http.ResponseWriter, status int, errorType, message string) {
	h.answer(w, status, envelope{Status: "error", ErrorType: errorType, Error: message})
}

func (h *handler) answer(w http.ResponseWriter, status int, e envelope) {
	body, err := json.Marshal(e)
	if err != nil {
		h.Logger.Error("Encoding an answer", "err", err)
		status = http.StatusInternalServerError
		body = []byte(`{"status":"error","errorType":"internal","error":"the answer cannot be encoded, see the log"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that went away is no concern of ours
}

func (h *handler) unknown(w http.ResponseWriter, r *http.Request) {
	h.fail(w, http.StatusNotFound, errorNotFound, "no such endpoint: "+r.Method+" "+r.URL.Path)
}

// crossOrigin answers a browser that wants to change something on behalf of the page of somebody else.
func (h *handler) crossOrigin(w http.ResponseWriter, _ *http.Request) {
	h.fail(w, http.StatusForbidden, errorForbidden, "a page of another origin may not do this")
}

func (h *handler) findings(w http.ResponseWriter, r *http.Request) {
	keep, err := parseFilter(r.URL.Query())
	if err != nil {
		h.fail(w, http.StatusBadRequest, errorBadData, err.Error())
		return
	}
	evaluation := h.Evaluation()
	if evaluation == nil {
		h.fail(w, http.StatusServiceUnavailable, errorUnavailable, "history is still being read: there are no findings yet")
		return
	}
	h.data(w, keep.of(evaluation.Document))
}

// filter holds the values that a finding may have; an empty list allows all.
type filter struct {
	verdicts                      []finding.Verdict
	routes, sources, fingerprints []string
}

// parseFilter reads the parameters. One that is given several times allows any of its values.
func parseFilter(query url.Values) (filter, error) {
	f := filter{routes: query["route"], sources: query["source"], fingerprints: query["fingerprint"]}
	for _, name := range query["verdict"] {
		verdict, err := finding.ParseVerdict(name)
		if err != nil {
			return f, err
		}
		f.verdicts = append(f.verdicts, verdict)
	}
	return f, nil
}

// of returns a document with the findings that the filter lets through. The one that is given stays
// as it is.
func (f filter) of(document finding.Document) finding.Document {
	all := document.Findings
	document.Findings = []finding.Finding{}
	for i := range all {
		if f.matches(&all[i]) {
			document.Findings = append(document.Findings, all[i])
		}
	}
	return document
}

func (f filter) matches(x *finding.Finding) bool {
	return allows(f.verdicts, x.Verdict) && allows(f.routes, x.Route) &&
		allows(f.sources, x.Source) && allows(f.fingerprints, x.Fingerprint)
}

func allows[T comparable](allowed []T, value T) bool {
	return len(allowed) == 0 || slices.Contains(allowed, value)
}

func (h *handler) config(w http.ResponseWriter, _ *http.Request) {
	yaml, err := h.Config()
	if err != nil {
		h.fail(w, http.StatusInternalServerError, errorInternal, err.Error())
		return
	}
	h.data(w, map[string]string{"yaml": yaml})
}

func (h *handler) flags(w http.ResponseWriter, _ *http.Request)   { h.data(w, h.Flags) }
func (h *handler) build(w http.ResponseWriter, _ *http.Request)   { h.data(w, h.Build) }
func (h *handler) runtime(w http.ResponseWriter, _ *http.Request) { h.data(w, h.Runtime()) }

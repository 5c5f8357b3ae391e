package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Backfills runs backfills that clients ask for. An error that has a method ErrorType, which returns one
// of the types of errors of the API, is shown as one of that type, any other as an internal one.
type Backfills interface {
	Start(BackfillRequest) (BackfillJob, error)
	Restart(id string) (BackfillJob, error) // with the request that it had
	Delete(id string) (BackfillJob, error)  // cancels it, or forgets it if it has ended
	List() []BackfillJob                    // newest first
	Job(id string) (BackfillJob, error)
	Result(id string) (finding.Document, error)
}

// BackfillRequest is what a client asks for, as it wrote it; what it left out is empty.
type BackfillRequest struct {
	Start, End, LeadIn string
	Sources            []string
	Fingerprints       []string
	Selector           string
	RouteLabels        []string
}

// BackfillJob is what the API says about a job. What does not exist is nil.
type BackfillJob struct {
	ID       string           `json:"id"`
	State    string           `json:"state"`
	Partial  bool             `json:"partial"`
	Request  BackfillSettings `json:"request"`
	Created  time.Time        `json:"created"`
	Started  *time.Time       `json:"started"`
	Ended    *time.Time       `json:"ended"`
	Progress BackfillProgress `json:"progress"`
	Error    string           `json:"error"`
	Warnings []string         `json:"warnings"`
}

// BackfillSettings is what a request was understood as. Lists that are empty stand for everything.
type BackfillSettings struct {
	Start         time.Time `json:"start"`
	End           time.Time `json:"end"`
	LeadInSeconds float64   `json:"lead_in_seconds"`
	Sources       []string  `json:"sources"`
	Fingerprints  []string  `json:"fingerprints"`
	Selector      string    `json:"selector"`
	RouteLabels   []string  `json:"route_labels"`
}

// BackfillProgress is how far a job has come.
type BackfillProgress struct {
	Ratio            float64    `json:"ratio"`
	Watermark        *time.Time `json:"watermark"`
	Samples          int64      `json:"samples"`
	SamplesPerSecond *float64   `json:"samples_per_second"`
	RemainingSeconds *float64   `json:"remaining_seconds"`
	Paired           int        `json:"paired"`
}

// backfills registers the endpoints of jobs.
func (h *handler) backfills(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/backfill", h.startBackfill)
	mux.HandleFunc("GET /api/v1/backfill", h.listBackfills)
	mux.HandleFunc("GET /api/v1/backfill/{id}", h.job(h.Backfills.Job))
	mux.HandleFunc("DELETE /api/v1/backfill/{id}", h.job(h.Backfills.Delete))
	mux.HandleFunc("POST /api/v1/backfill/{id}/restart", h.job(h.Backfills.Restart))
	mux.HandleFunc("GET /api/v1/backfill/{id}/result", h.backfillResult)
}

func (h *handler) startBackfill(w http.ResponseWriter, r *http.Request) {
	request, err := parseBackfill(w, r)
	if err != nil {
		h.fail(w, http.StatusBadRequest, errorBadData, err.Error())
		return
	}
	job, err := h.Backfills.Start(request)
	if err != nil {
		h.refuse(w, err)
		return
	}
	w.Header().Set("Location", "backfill/"+job.ID) // relative: a proxy may have put a prefix before it
	h.answer(w, http.StatusAccepted, envelope{Status: "success", Data: job})
}

func (h *handler) listBackfills(w http.ResponseWriter, _ *http.Request) {
	h.data(w, map[string]any{"jobs": h.Backfills.List()})
}

// job serves what one job is after something has been done with it.
func (h *handler) job(do func(id string) (BackfillJob, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		job, err := do(r.PathValue("id"))
		if err != nil {
			h.refuse(w, err)
			return
		}
		h.data(w, job)
	}
}

func (h *handler) backfillResult(w http.ResponseWriter, r *http.Request) {
	keep, err := parseFilter(r.URL.Query())
	if err != nil {
		h.fail(w, http.StatusBadRequest, errorBadData, err.Error())
		return
	}
	document, err := h.Backfills.Result(r.PathValue("id"))
	if err != nil {
		h.refuse(w, err)
		return
	}
	h.data(w, keep.of(document))
}

// refuse answers with an error of the type that it has.
func (h *handler) refuse(w http.ResponseWriter, err error) {
	errorType, status := errorInternal, http.StatusInternalServerError
	var typed interface{ ErrorType() string }
	if errors.As(err, &typed) {
		if known, ok := statuses[typed.ErrorType()]; ok {
			errorType, status = typed.ErrorType(), known
		}
	}
	if status == http.StatusInternalServerError {
		h.Logger.Error("Answering a request", "err", err)
	}
	h.fail(w, status, errorType, err.Error())
}

package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// text answers a request that a person or a probe makes.
func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body+"\n") // a client that went away is no concern of ours
}

func (h *handler) healthy(w http.ResponseWriter, _ *http.Request) {
	text(w, http.StatusOK, "ghostpair is healthy.")
}

func (h *handler) ready(w http.ResponseWriter, _ *http.Request) {
	if err := h.Ready(); err != nil {
		text(w, http.StatusServiceUnavailable, "ghostpair is not ready: "+err.Error()+".")
		return
	}
	text(w, http.StatusOK, "ghostpair is ready.")
}

func (h *handler) reload(w http.ResponseWriter, r *http.Request) {
	if err := h.Reload(r.Context()); err != nil {
		text(w, http.StatusInternalServerError, "the configuration in use stays: "+err.Error())
		return
	}
	text(w, http.StatusOK, "reloaded.")
}

// Health is what readiness is judged by.
type Health struct {
	WarmedUp    bool
	Watermark   time.Time     // up to where history has been read
	LastSuccess time.Time     // wall clock of the last successful read of any timing source; zero: none
	Every       time.Duration // how often a read is due
	Delay       time.Duration // how far behind now reads stay
}

// Ready returns nil when findings are current at the time now, else why they are not. Five reads
// may fail in a row, for at least two minutes, before it says so: a restart of Prometheus is no reason
// to take ghostpair out of service.
func (s Health) Ready(now time.Time) error {
	switch ahead := s.Watermark.Sub(now); {
	case s.WarmedUp && ahead > 0:
		return fmt.Errorf("its clock is wrong, or was: findings end at %s, which is %s from now, and nothing is read until then (a state that was saved under a wrong clock has to be deleted)",
			s.Watermark.UTC().Format(time.RFC3339), ahead.Round(time.Second))
	case s.LastSuccess.IsZero():
		return errors.New("it has not read anything from Prometheus yet (the log says why)")
	case !s.WarmedUp:
		return fmt.Errorf("it is still reading history, and has come to %s", s.Watermark.UTC().Format(time.RFC3339))
	}
	allowed := max(5*s.Every, 2*time.Minute) + s.Delay
	if age := now.Sub(s.LastSuccess); age > allowed {
		return fmt.Errorf("the last successful read of Prometheus is %s ago, more than %s; findings end at %s (see the log for the reason)",
			age.Round(time.Second), allowed, s.Watermark.UTC().Format(time.RFC3339))
	}
	return nil
}

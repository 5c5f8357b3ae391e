// Package web serves what ghostpair knows over HTTP: health, the findings as JSON, what it runs
// with, backfills on request, and a page for people. It holds no state of its own. Only POST, PUT and
// DELETE change anything, and not on behalf of a page of another origin.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// Options are what the handler shows. Metrics, Evaluation, Ready and Reload must be set.
type Options struct {
	Metrics    http.Handler
	Evaluation func() *finding.Evaluation // the latest; nil before the first
	Ready      func() error               // nil, or why not, in words
	Reload     func(context.Context) error
	Backfills  Backfills    // nil: there are no such endpoints
	Reports    http.Handler // of /reports/; nil: there is no such page

	Config  func() (string, error)   // the configuration in use, as YAML without secrets
	Flags   map[string]string        // the flags in use
	Build   BuildInfo                // of this program
	Runtime func() map[string]string // what the process can say about itself

	Logger *slog.Logger     // nil: silent
	Now    func() time.Time // nil: time.Now
}

// BuildInfo says what program this is, as the API of Prometheus does.
type BuildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	Branch    string `json:"branch"`
	BuildUser string `json:"buildUser"`
	BuildDate string `json:"buildDate"`
	GoVersion string `json:"goVersion"`
}

// handler has a method for every endpoint.
type handler struct {
	Options
}

// New returns the handler of all endpoints.
func New(options Options) http.Handler {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	h := &handler{options}
	mux := http.NewServeMux() // GET serves HEAD as well; other methods get 405
	mux.Handle("GET /metrics", h.Metrics)
	mux.HandleFunc("GET /-/healthy", h.healthy)
	mux.HandleFunc("GET /-/ready", h.ready)
	mux.HandleFunc("POST /-/reload", h.reload)
	mux.HandleFunc("PUT /-/reload", h.reload)
	mux.HandleFunc("GET /api/v1/findings", h.findings)
	mux.HandleFunc("GET /api/v1/status/config", h.config)
	mux.HandleFunc("GET /api/v1/status/flags", h.flags)
	mux.HandleFunc("GET /api/v1/status/buildinfo", h.build)
	mux.HandleFunc("GET /api/v1/status/runtimeinfo", h.runtime)
	if h.Backfills != nil {
		h.backfills(mux)
	}
	if h.Reports != nil {
		mux.Handle("GET /reports/", h.Reports)
	}
	mux.HandleFunc("/api/", h.unknown)
	mux.HandleFunc("/debug/pprof/", pprof.Index) // without cmdline: a flag may hold a password
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /{$}", h.landing)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(h.crossOrigin))
	return protection.Handler(mux)
}

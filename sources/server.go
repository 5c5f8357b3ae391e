package sources

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Protocols that a server may be configured for.
const (
	ProtocolAuto       = "auto"        // remote read, and the query API where there is none
	ProtocolRemoteRead = "remote_read" // remote read or nothing
	ProtocolQuery      = "query"       // the query API only
)

// Readers, as ReadStats.Protocol and Query.Protocol name them.
const (
	ReaderStreamed = "remote_read_streamed" // remote read, chunks in a stream
	ReaderSamples  = "remote_read_samples"  // remote read, plain samples in one message
	ReaderQuery    = "query"                // range selectors through the query API
	ReaderAPI      = "api"                  // everything else that is asked of the API
)

// Limiter bounds the requests in flight: one place a request, held until its answer is read.
type Limiter chan struct{}

// NewLimiter makes a limiter with n places.
func NewLimiter(n int) Limiter { return make(Limiter, max(n, 1)) }

func (l Limiter) acquire(ctx context.Context) error {
	if l == nil {
		return nil
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l Limiter) release() {
	if l != nil {
		<-l
	}
}

// ServerOptions describe one Prometheus API.
type ServerOptions struct {
	URL            string        // base URL, with path prefix if there is one; user info is used, never shown
	Client         *http.Client  // holds credentials, TLS and proxy; nil: http.DefaultClient
	Protocol       string        // auto (or empty), remote_read or query
	Timeout        time.Duration // to the first byte, and between any two; 0: 30 s
	Limiter        Limiter       // nil: unlimited
	Version        string        // of ghostpair, for the User-Agent
	Logger         *slog.Logger  // nil: silent
	Retries        int           // further attempts at what can heal; 0: 3, negative: none
	MaxAnswerBytes int64         // of an answer that is held in memory whole; 0: 1 GiB
}

// Server is one Prometheus API, shared by the sources that read it: what it lacks, and the external
// labels that it adds, are found out once. It is safe for concurrent use.
type Server struct {
	base      *url.URL
	shown     string // base without user info and query
	client    *http.Client
	protocol  string
	timeout   time.Duration
	limiter   Limiter
	userAgent string
	logger    *slog.Logger
	retries   int
	backOff   time.Duration // before the first retry
	maxAnswer int64

	mu           sync.Mutex
	noRemoteRead bool // found to be lacking
	remoteRead   bool // found to work
	external     *externalLabels
	away         map[*Source]bool // that cannot be read while another server stands in
	answers      bool             // whether the latest read of a source went well
	balance      balance
}

// NewServer checks the options. It sends nothing.
func NewServer(o ServerOptions) (*Server, error) {
	base, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	s := &Server{
		base: base, shown: shownURL(base), protocol: o.Protocol, timeout: o.Timeout, limiter: o.Limiter,
		userAgent: "ghostpair/" + o.Version, logger: o.Logger, retries: o.Retries,
		backOff: 250 * time.Millisecond, maxAnswer: o.MaxAnswerBytes,
	}
	if o.Version == "" {
		s.userAgent = "ghostpair"
	}
	switch s.protocol {
	case "":
		s.protocol = ProtocolAuto
	case ProtocolAuto, ProtocolRemoteRead, ProtocolQuery:
	default:
		return nil, fmt.Errorf("protocol %q: must be auto, remote_read or query", o.Protocol)
	}
	if s.timeout <= 0 {
		s.timeout = 30 * time.Second
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.retries == 0 {
		s.retries = 3
	}
	if s.maxAnswer <= 0 {
		s.maxAnswer = 1 << 30
	}
	s.client = guardRedirects(o.Client)
	return s, nil
}

// URL is the base URL without user info and query.
func (s *Server) URL() string { return s.shown }

func parseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil {
		// The message of net/url repeats the address, password included.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("prometheus url: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("prometheus url: scheme %q: must be http or https", base.Scheme)
	}
	if base.Host == "" {
		return nil, errors.New("prometheus url: it has no host")
	}
	return base, nil
}

// shownURL is what may be seen of a URL.
func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// endpoint is the URL of a path below the base.
func (s *Server) endpoint(path string, query url.Values) *url.URL {
	u := *s.base
	u.Path = strings.TrimRight(u.Path, "/") + path
	u.RawPath = ""
	merged := u.Query()
	for name, values := range query {
		merged[name] = values
	}
	u.RawQuery = merged.Encode()
	u.Fragment = ""
	return &u
}

// guardRedirects copies the client so that it never follows a redirect to another host: the
// credentials are added below the client, to every request. A redirect that would turn a POST into a
// GET loses the question and is an error, too.
func guardRedirects(client *http.Client) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	guarded := *client
	inner := client.CheckRedirect
	guarded.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		first := via[0]
		switch {
		case req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme:
			return &problem{ReasonRedirect, "redirected to " + (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()}
		case req.Method != first.Method:
			return &problem{ReasonRedirect, fmt.Sprintf("redirected to %s, which drops the question of a %s", shownURL(req.URL), first.Method)}
		case len(via) >= 10:
			return &problem{ReasonRedirect, "redirected ten times"}
		case inner != nil:
			return inner(req, via)
		}
		return nil
	}
	return &guarded
}

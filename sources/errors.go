package sources

import (
	"fmt"
	"strings"
	"time"
)

// Reason says in one word why a read failed. The set is closed: it is a metric label.
type Reason string

// The reasons.
const (
	ReasonCanceled     Reason = "canceled"      // the caller gave up
	ReasonTimeout      Reason = "timeout"       // no first byte, or none since the last, in time
	ReasonRefused      Reason = "refused"       // no connection: refused, reset, host not found
	ReasonTLS          Reason = "tls"           // certificates or protocol do not fit
	ReasonUnauthorized Reason = "unauthorized"  // 401, 403
	ReasonNotFound     Reason = "not_found"     // 404, 405, 501: the server has no such endpoint
	ReasonBadRequest   Reason = "bad_request"   // the server does not understand what was asked
	ReasonTooExpensive Reason = "too_expensive" // beyond a limit of the server, even for a short window
	ReasonUnavailable  Reason = "unavailable"   // 5xx
	ReasonRateLimited  Reason = "rate_limited"  // 429
	ReasonTruncated    Reason = "truncated"     // the answer stopped in the middle
	ReasonBadData      Reason = "bad_data"      // the answer is not what the protocol says
	ReasonRedirect     Reason = "redirect"      // the server points to another host
	ReasonTooLarge     Reason = "too_large"     // the answer is beyond a limit of ours
	ReasonOther        Reason = "other"
)

// Reasons lists all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonCanceled, ReasonTimeout, ReasonRefused, ReasonTLS, ReasonUnauthorized, ReasonNotFound,
		ReasonBadRequest, ReasonTooExpensive, ReasonUnavailable, ReasonRateLimited, ReasonTruncated,
		ReasonBadData, ReasonRedirect, ReasonTooLarge, ReasonOther,
	}
}

// heals tells whether asking again may help.
func (r Reason) heals() bool {
	switch r {
	case ReasonTimeout, ReasonRefused, ReasonUnavailable, ReasonRateLimited, ReasonTruncated:
		return true
	}
	return false
}

// advice says what to do about a failure, or nothing where the message says it all.
func (r Reason) advice() string {
	switch r {
	case ReasonTimeout:
		return "raise prometheus.timeout, or see why the server is slow"
	case ReasonRefused:
		return "check prometheus.url and that the server is up"
	case ReasonTLS:
		return "check tls_config and the scheme of prometheus.url"
	case ReasonUnauthorized:
		return "check the credentials and what they may read"
	case ReasonNotFound:
		return "check the path of prometheus.url"
	case ReasonTooExpensive:
		return "narrow the selector, or raise the server's sample limit"
	case ReasonRedirect:
		return "put the final address into prometheus.url: credentials are not sent to another host"
	case ReasonBadData:
		return "check that prometheus.url is a Prometheus API and not a login page or another service"
	}
	return ""
}

// Error is a failed request. Its text never holds credentials.
type Error struct {
	Reason     Reason
	Source     string // name of the source; empty when the request serves all of them
	Asked      string // what was asked for, such as "streamed remote read"
	URL        string // without user info and query
	FromMillis int64  // the window (FromMillis, ToMillis]; both 0 when there is none
	ToMillis   int64
	Status     int // HTTP status; 0 when there was no answer
	Err        error

	retryAfter time.Duration
}

// Error says what was asked of whom, what went wrong and what to do about it.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s", e.Asked, e.URL)
	if e.ToMillis != 0 {
		fmt.Fprintf(&b, ", window (%s, %s]", stamp(e.FromMillis), stamp(e.ToMillis))
	}
	fmt.Fprintf(&b, ": %s: %v", e.Reason, e.Err)
	if advice := e.Reason.advice(); advice != "" {
		b.WriteString("; " + advice)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ReasonLabel is the value of the metric label `reason`.
func (e *Error) ReasonLabel() string { return string(e.Reason) }

// problem is a cause that knows its reason.
type problem struct {
	reason Reason
	text   string
}

func (p *problem) Error() string { return p.text }

func badData(format string, args ...any) error {
	return &problem{ReasonBadData, fmt.Sprintf(format, args...)}
}

func stamp(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.999Z")
}

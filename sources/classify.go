package sources

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"unicode"
)

// errSilent is the cause of the cancellation when the server sends nothing for too long.
var errSilent = &problem{ReasonTimeout, "the server sent nothing for too long"}

// reasonOf finds the reason of a failed exchange. ctx is the caller's context.
func reasonOf(ctx context.Context, err error) Reason {
	var own *problem
	var network net.Error
	switch {
	case errors.As(err, &own):
		return own.reason
	case errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled):
		return ReasonCanceled
	case isTLS(err):
		return ReasonTLS
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return ReasonTimeout
	case isConnection(err):
		return ReasonRefused
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ReasonTruncated
	}
	return ReasonOther
}

func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		header       tls.RecordHeaderError
		alert        tls.AlertError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &header) || errors.As(err, &alert) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

func isConnection(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	return errors.As(err, &operation) || errors.As(err, &name) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}

// withoutURL drops the layer that net/http puts around a cause: it repeats the address, query and
// user name included.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// statusProblem turns an answer that is not a success into a problem. body is its beginning.
func statusProblem(status int, contentType string, body []byte) *problem {
	text := serverText(contentType, body)
	p := &problem{reason: statusReason(status, text), text: fmt.Sprintf("%d %s", status, http.StatusText(status))}
	if text != "" {
		p.text += ": " + text
	}
	return p
}

func statusReason(status int, text string) Reason {
	low := strings.ToLower(text)
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ReasonUnauthorized
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return ReasonNotFound
	case status == http.StatusTooManyRequests:
		return ReasonRateLimited
	case status == http.StatusRequestTimeout:
		return ReasonTimeout
	// Prometheus says 422 for a query and 400 for a remote read with too many samples, and 503 for a
	// query that took too long: a shorter window helps against all three.
	case status == http.StatusUnprocessableEntity, status == http.StatusRequestEntityTooLarge,
		strings.Contains(low, "sample limit"), strings.Contains(low, "too many samples"),
		strings.Contains(low, "query timed out"):
		return ReasonTooExpensive
	case status >= 500:
		return ReasonUnavailable
	case status >= 400:
		return ReasonBadRequest
	case status >= 300:
		return ReasonRedirect
	}
	return ReasonOther
}

// serverText is what the server says about a failure: the message of the API's JSON, or the first
// words of a plain text.
func serverText(contentType string, body []byte) string {
	var answer struct {
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Error != "" {
		return cleanText(answer.Error)
	}
	if isHTML(contentType, body) {
		return "an HTML page"
	}
	return cleanText(string(body))
}

func isHTML(contentType string, body []byte) bool {
	start := strings.ToLower(string(body[:min(len(body), 64)]))
	return strings.HasPrefix(contentType, "text/html") || strings.HasPrefix(strings.TrimSpace(start), "<")
}

const maxTextLength = 300

// cleanText makes a foreign text fit for one line of a log.
func cleanText(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(text); len(runes) > maxTextLength {
		return string(runes[:maxTextLength]) + "…"
	}
	return text
}

// lacksEndpoint tells whether a failure means that the server does not offer what was asked for.
func lacksEndpoint(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusForbidden:
		return true
	case http.StatusBadRequest:
		low := strings.ToLower(e.Err.Error())
		return strings.Contains(low, "unsupported") || strings.Contains(low, "not supported") ||
			strings.Contains(low, "not implemented")
	}
	return false
}

func hasReason(err error, reason Reason) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reason
}

package jobs

import "fmt"

// Error is a refusal, of a type that an API can show.
type Error struct {
	kind string
	text string
}

func (e *Error) Error() string { return e.text }

// ErrorType returns the kind of refusal: not_found, conflict, too_many_requests or unavailable.
func (e *Error) ErrorType() string { return e.kind }

func notFound(id string) error {
	return &Error{"not_found", fmt.Sprintf("there is no backfill job %q", id)}
}

func conflict(job Job, why string) error {
	return &Error{"conflict", fmt.Sprintf("backfill job %q is %s: %s", job.ID, job.State, why)}
}

func full(pending int) error {
	return &Error{"too_many_requests", fmt.Sprintf("%d backfill jobs are running or waiting already: try again when one has ended, or cancel one", pending)}
}

func stopped() error {
	return &Error{"unavailable", "ghostpair is shutting down"}
}

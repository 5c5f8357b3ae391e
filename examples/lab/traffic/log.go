package traffic

import (
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"
)

// An Answer is what a client got for one request: the truth that the lab compares with.
type Answer struct {
	Client  int       `json:"client"`
	Route   string    `json:"route"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`     // when the client had the answer
	Attempt int       `json:"attempt"` // 1, or 2 for the retry of a call
	Status  int       `json:"status"`  // 0 when there was none
	Err     string    `json:"err,omitempty"`
}

// Failed tells whether the answer counts as an error at the proxy: a 5xx.
func (a Answer) Failed() bool { return a.Status >= 500 }

// Duration is how long the client waited.
func (a Answer) Duration() time.Duration { return a.End.Sub(a.Start) }

// Log keeps the answers that all clients got. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	answers []Answer
	encoder *json.Encoder
	err     error
}

// NewLog makes a Log that also writes every failed answer as a line of JSON to w.
func NewLog(w io.Writer) *Log { return &Log{encoder: json.NewEncoder(w)} }

func (l *Log) add(a Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, a)
	if a.Failed() || a.Err != "" {
		l.err = errors.Join(l.err, l.encoder.Encode(a))
	}
}

// Err is what went wrong while writing, or a request that had no answer at all: the proxy's
// counters cannot be compared with such a log.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.err
	for _, a := range l.answers {
		if a.Err != "" {
			err = errors.Join(err, errors.New(a.Route+": "+a.Err))
		}
	}
	return err
}

// Requests is the number of answers of route.
func (l *Log) Requests(route string) int { return len(l.of(route, func(Answer) bool { return true })) }

// Errors are the failed answers of route in the order in which they came.
func (l *Log) Errors(route string) []Answer { return l.of(route, Answer.Failed) }

func (l *Log) of(route string, keep func(Answer) bool) []Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []Answer
	for _, a := range l.answers {
		if a.Route == route && keep(a) {
			found = append(found, a)
		}
	}
	return found
}

// PairLags are the times between the failure of a call and the failure of its retry, by the same
// client.
func PairLags(errors []Answer) []time.Duration {
	var lags []time.Duration
	first := make(map[int]Answer)
	for _, a := range errors {
		if a.Attempt == 1 {
			first[a.Client] = a
		} else if before, failed := first[a.Client]; failed {
			lags = append(lags, a.End.Sub(before.End))
			delete(first, a.Client)
		}
	}
	return lags
}

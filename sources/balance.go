package sources

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
)

// balance is what is known about how many Prometheis answer at one address. A service that hands
// every connection to another of them mixes their scrape times, so that intervals look irregular and
// pairs are missed.
//
// Copies of a querier behind one address are no matter: they read the same data. So it is the data
// that are asked for, the same twice over new connections: scrape times that are settled do not change.
type balance struct {
	asked bool
	at    int64 // the last instant that was asked about
	calm  int   // checks since answers differed
	mixed bool
}

const (
	balanceStep    = 5 * 60_000 // asked about are multiples of it
	balanceSettled = 60_000     // and only when samples of that time are surely stored
	balanceAsks    = 4          // times, and as many again where answers differ
	balanceCalm    = 12         // checks without a difference until all is well again
	balanceWithin  = 0.0005     // seconds in a sum of scrape times
)

// Status is what is known of a server from the reads so far.
type Status struct {
	URL     string // without user info and query
	Answers bool   // whether the latest read of errors went well
	Mixed   bool   // whether several Prometheis with scrape times of their own answer at the address
}

// Status returns what is known of the server.
func (s *Server) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{URL: s.shown, Answers: s.answers, Mixed: s.balance.mixed}
}

// note takes the outcome of a read. One that was only too much, or given up, says nothing.
func (s *Server) note(err error) {
	var e *Error
	if errors.As(err, &e) {
		switch e.Reason {
		case ReasonTooExpensive, ReasonTooLarge, ReasonBadRequest, ReasonCanceled:
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = err == nil
}

// checkBalance asks every five minutes of the time that is read whether the answers of the server
// differ, and returns what is to be said about it: nothing, most of the time.
func (s *Server) checkBalance(ctx context.Context, source string, up []*labels.Matcher, toMillis int64) string {
	at := (toMillis - balanceSettled) / balanceStep * balanceStep
	s.mu.Lock()
	due := !s.balance.asked || at > s.balance.at
	if due {
		s.balance.asked, s.balance.at = true, at
	}
	s.mu.Unlock()
	if due {
		mixed, err := s.mixes(ctx, source, up, at)
		if err != nil {
			s.logger.Debug("Whether several servers answer at one address is not known", "url", s.shown, "err", err)
		} else {
			s.noteBalance(mixed)
		}
	}
	if !s.Status().Mixed {
		return ""
	}
	return MixedWarning(s.shown)
}

// MixedWarning says what it means that several Prometheis answer at one address, and what to do.
func MixedWarning(shown string) string {
	return fmt.Sprintf("several Prometheis answer at %s in turn: their scrape times mix, so that pairs are missed; list each of them in prometheus.urls, or give the address of one", shown)
}

func (s *Server) noteBalance(mixed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.balance
	switch b.calm++; {
	case mixed && !b.mixed:
		b.mixed = true
		s.logger.Warn(MixedWarning(s.shown))
	case !mixed && b.mixed && b.calm >= balanceCalm:
		b.mixed = false
		s.logger.Info("One Prometheus answers at the address again", "url", s.shown)
	}
	if mixed {
		b.calm = 0
	}
}

// Mixes tells whether several Prometheis answer at the address of the server: whether the scrape
// times of the targets of a selector, as of a time, differ between answers.
func (s *Server) Mixes(ctx context.Context, selector string, atMillis int64) (bool, error) {
	matchers, err := ParseSelector(selector)
	if err != nil {
		return false, err
	}
	return s.mixes(ctx, "", matchers, (atMillis-balanceSettled)/balanceStep*balanceStep)
}

// mixes is true when the answer changes twice: a sample that came late changes it once.
func (s *Server) mixes(ctx context.Context, source string, up []*labels.Matcher, atMillis int64) (bool, error) {
	seconds := strconv.FormatFloat(float64(atMillis)/1000, 'f', -1, 64)
	expr := fmt.Sprintf("sum(timestamp(%s) - %s)", selectorText(s.withoutExternal(up)), seconds)
	form := url.Values{"query": {expr}, "time": {secondsText(atMillis)}}
	r := &request{
		source: source, asked: "scrape times", reader: ReaderAPI, method: http.MethodPost, path: queryPath, body: []byte(form.Encode()),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, alone: true,
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	changes, asks := 0, balanceAsks
	var last float64
	for i := 0; i < asks && changes < 2; i++ {
		var answer instantAnswer
		if err := s.ask(ctx, r, func() bool { return false }, s.intoJSON(&answer)); err != nil {
			return false, err
		}
		samples, err := answer.samples()
		if err != nil {
			return false, err
		}
		sum := math.Inf(-1) // nothing was scraped
		if len(samples) > 0 {
			sum = samples[0].Value
		}
		if i > 0 && sum != last && !(math.Abs(sum-last) <= balanceWithin) {
			changes++
			asks = 2 * balanceAsks
		}
		last = sum
	}
	return changes >= 2, nil
}

package traffic_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
)

// A proxy whose upstream never answers a SYN, on the clock of the test bubble.
type proxy struct{ connectTimeout time.Duration }

func (p proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(p.connectTimeout)
	status := http.StatusServiceUnavailable
	if strings.HasSuffix(r.URL.Path, "/ok") {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// With a connect timeout of exactly 5 s, the lag of a pair is 5 s plus the back-off, and two calls
// are at least a gap apart.
func TestCallerMakesPairs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		log := traffic.NewLog(&lines)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		caller := traffic.Caller{
			Route: "ghost", URL: "http://proxy/ghost", Gap: traffic.Uniform(16*time.Second, 24*time.Second),
			Retry: true, BackOff: 250 * time.Millisecond, Seed: 1,
		}
		caller.Run(ctx, &http.Client{Transport: proxy{5 * time.Second}}, log)

		errors := log.Errors("ghost")
		lags := traffic.PairLags(errors)
		// 300 s hold 8.8 to 11.5 cycles of 26 s to 34.25 s.
		if len(lags) < 8 || len(lags) > 12 || len(errors) != 2*len(lags) {
			t.Fatalf("%d pairs of %d errors in five minutes, want 8 to 12 and two errors each", len(lags), len(errors))
		}
		for i, lag := range lags {
			if lag < 5*time.Second || lag >= 5250*time.Millisecond {
				t.Errorf("pair %d: lag %v, want 5 s to 5.25 s", i, lag)
			}
			if i == 0 {
				continue
			}
			if gap := errors[2*i].Start.Sub(errors[2*i-1].End); gap < 16*time.Second || gap >= 24*time.Second {
				t.Errorf("pair %d starts %v after the one before, want 16 s to 24 s", i, gap)
			}
		}
		if written := strings.Count(lines.String(), "\n"); written != len(errors) {
			t.Errorf("%d lines written, want one for each of %d errors", written, len(errors))
		}
		if err := log.Err(); err != nil {
			t.Error(err)
		}
	})
}

// Answers of several clients come as they end: a pair is that of one client.
func TestPairLagsOfSeveralClients(t *testing.T) {
	t.Parallel()
	at := func(seconds, client, attempt int) traffic.Answer {
		return traffic.Answer{Client: client, Attempt: attempt, End: time.Unix(int64(seconds), 0)}
	}
	// Client 1 fails at 0 and 5 s, client 2 at 2 and 8 s; client 3 fails once and is lucky the second time.
	lags := traffic.PairLags([]traffic.Answer{at(0, 1, 1), at(1, 3, 1), at(2, 2, 1), at(5, 1, 2), at(8, 2, 2), at(20, 1, 1)})
	if want := []time.Duration{5 * time.Second, 6 * time.Second}; !slices.Equal(lags, want) {
		t.Errorf("lags %v, want %v", lags, want)
	}
}

// A call that is under way when the time is over is brought to its end, with its retry.
func TestCallerEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := traffic.NewLog(io.Discard)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // in the middle of the first attempt
		defer cancel()
		caller := traffic.Caller{
			Route: "ghost", URL: "http://proxy/ghost", Gap: traffic.Uniform(time.Second, 2*time.Second), Retry: true,
		}
		caller.Run(ctx, &http.Client{Transport: proxy{5 * time.Second}}, log)
		if got := len(log.Errors("ghost")); got != 2 {
			t.Errorf("%d errors, want the attempt and its retry", got)
		}
	})
}

func TestCallerDoesNotRetrySuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := traffic.NewLog(io.Discard)
		ctx, cancel := context.WithTimeout(t.Context(), 10500*time.Millisecond)
		defer cancel()
		caller := traffic.Caller{Route: "healthy", URL: "http://proxy/ok", Gap: traffic.Uniform(time.Second, time.Second+1), Retry: true}
		caller.Run(ctx, &http.Client{Transport: proxy{}}, log)
		if got, failed := log.Requests("healthy"), len(log.Errors("healthy")); got != 10 || failed != 0 {
			t.Errorf("%d requests, %d failed; want 10 in 10.5 s and no failure", got, failed)
		}
	})
}

// Means of 20,000 draws: their standard error is sigma/141, that is 0.7 % (exponential) and 0.9 %
// (log-normal with sigma 1: standard deviation 1.31 times the mean).
func TestGapMeans(t *testing.T) {
	t.Parallel()
	for name, gap := range map[string]traffic.Gap{
		"exponential": traffic.Exponential(10 * time.Second),
		"log-normal":  traffic.LogNormal(10*time.Second, 1),
		"uniform":     traffic.Uniform(8*time.Second, 12*time.Second),
	} {
		random := rand.New(rand.NewPCG(7, 7))
		var sum time.Duration
		const draws = 20_000
		for range draws {
			sum += gap(random)
		}
		if mean := (sum / draws).Seconds(); mean < 9.6 || mean > 10.4 {
			t.Errorf("%s: mean %.3f s, want 10 s within 4 %%", name, mean)
		}
	}
}

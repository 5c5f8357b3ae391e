// Package traffic drives a proxy the way the services behind it would, and keeps the truth: what
// every client was answered, and when.
package traffic

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"time"
)

// requestTimeout bounds one request. It is longer than any answer of the lab takes, so that the
// client never gives up before the proxy does.
const requestTimeout = 30 * time.Second

// A Gap draws the time between the end of a call and the start of the next.
type Gap func(*rand.Rand) time.Duration

// Uniform gaps lie evenly between low and high.
func Uniform(low, high time.Duration) Gap {
	return func(r *rand.Rand) time.Duration { return low + time.Duration(r.Int64N(int64(high-low))) }
}

// Exponential gaps with the given mean make calls that know nothing of each other: a Poisson
// process, as long as calls are short.
func Exponential(mean time.Duration) Gap {
	return func(r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * float64(mean)) }
}

// LogNormal gaps are irregular: mostly short, some very long. The larger sigma, the more so: the
// median is exp(-sigma²/2) times the mean.
func LogNormal(mean time.Duration, sigma float64) Gap {
	return func(r *rand.Rand) time.Duration {
		return time.Duration(float64(mean) * math.Exp(sigma*r.NormFloat64()-sigma*sigma/2))
	}
}

// A Caller is one client of one route, which makes one call at a time.
type Caller struct {
	Client  int // its number, by which its answers are told from those of others
	Route   string
	URL     string
	Host    string        // asked for; empty: that of the URL
	Wait    time.Duration // before the first gap
	Gap     Gap
	Retry   bool          // call again, once, after a 5xx
	BackOff time.Duration // a retry waits evenly between 0 and this
	Seed    uint64        // of gaps and back-offs
}

// Run calls until ctx is done. A call that has begun then is brought to its end, retry included:
// an error that nobody waited for would be missing from the log.
func (c Caller) Run(ctx context.Context, client *http.Client, log *Log) {
	random := rand.New(rand.NewPCG(c.Seed, 0))
	if !sleep(ctx, c.Wait) {
		return
	}
	for sleep(ctx, c.Gap(random)) {
		c.call(context.WithoutCancel(ctx), random, client, log)
	}
}

func (c Caller) call(ctx context.Context, random *rand.Rand, client *http.Client, log *Log) {
	first := c.request(ctx, 1, client)
	log.add(first)
	if !c.Retry || !first.Failed() {
		return
	}
	if sleep(ctx, time.Duration(random.Float64()*float64(c.BackOff))) {
		log.add(c.request(ctx, 2, client))
	}
}

func (c Caller) request(ctx context.Context, attempt int, client *http.Client) Answer {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	a := Answer{Client: c.Client, Route: c.Route, Start: time.Now(), Attempt: attempt}
	status, err := c.get(ctx, client)
	a.End, a.Status = time.Now(), status
	if err != nil {
		a.Err = err.Error()
	}
	return a
}

func (c Caller) get(ctx context.Context, client *http.Client) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil {
		return 0, err
	}
	request.Host = c.Host
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body) // read to the end, so that the connection is used again
	return response.StatusCode, err
}

// sleep waits for d and tells whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

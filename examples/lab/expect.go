package lab

import (
	"time"

	"github.com/ghostpair/ghostpair/examples/lab/traffic"
)

// connectTimeout is Envoy's default, which no cluster of the lab overrides.
const connectTimeout = 5 * time.Second

// An expectation is what the clients' log says that ghostpair must have found in one signal of one
// route.
type expectation struct {
	signal, route string
	errors        int             // that the signal counts
	pairs         []time.Duration // the lag of each pair; none: the route must not be paired
}

// A ghost is a signal of a route in which there are pairs.
type ghost struct{ signal, route string }

// ghosts are all pairs that the lab makes, as the two counters show them.
func ghosts() []ghost {
	return []ghost{{signal5xx, ghostClient}, {signalConnect, ghostClient}, {signalConnect, ghostEnvoy}}
}

// expectations derives the truth from what the clients were answered.
func expectations(log *traffic.Log) []expectation {
	client, envoy := log.Errors(ghostClient), log.Errors(ghostEnvoy)
	return []expectation{
		{signal5xx, ghostClient, len(client), traffic.PairLags(client)},
		{signal5xx, ghostEnvoy, len(envoy), nil}, // one 503 for two attempts
		{signal5xx, fast500, len(log.Errors(fast500)), nil},
		{signal5xx, refused, len(log.Errors(refused)), nil},
		{signal5xx, healthy, 0, nil},
		// Each attempt is a connect timeout, whoever made it.
		{signalConnect, ghostClient, len(client), traffic.PairLags(client)},
		{signalConnect, ghostEnvoy, 2 * len(envoy), envoyLags(envoy)},
		{signalConnect, fast500, 0, nil},
		{signalConnect, refused, 0, nil},
		{signalConnect, healthy, 0, nil},
	}
}

// envoyLags are the times between the two connect timeouts that one answer of ghostEnvoy took: the
// first comes after a connect timeout, the second with the answer.
func envoyLags(answers []traffic.Answer) []time.Duration {
	lags := make([]time.Duration, len(answers))
	for i, a := range answers {
		lags[i] = a.Duration() - connectTimeout
	}
	return lags
}

// mean of durations, in seconds; 0 of none.
func mean(durations []time.Duration) float64 {
	var sum time.Duration
	for _, d := range durations {
		sum += d
	}
	return sum.Seconds() / float64(max(1, len(durations)))
}

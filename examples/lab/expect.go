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
	signal string
	scenario
	errors int             // that the signal counts
	pairs  []time.Duration // the lag of each pair; none: the route must not be paired
}

// mustPair tells whether this run waits until the errors are paired.
func (e expectation) mustPair() bool { return len(e.pairs) > 0 && e.awaited() }

// A ghost is a signal of a route in which there are pairs.
type ghost struct{ signal, route string }

// ghosts are the pairs that this run waits for, as the two counters show them. Some are look-alikes:
// time alone cannot tell a timeout of the route from one of a connect.
func ghosts() []ghost {
	var all []ghost
	for _, s := range scenarios() {
		if !s.awaited() {
			continue
		}
		if s.pairedErrors {
			all = append(all, ghost{signal5xx, s.Name})
		}
		if s.pairedConnects {
			all = append(all, ghost{signalConnect, s.Name})
		}
	}
	return all
}

// expectations derives the truth from what the clients were answered.
func expectations(log *traffic.Log) []expectation {
	var errors, connects []expectation
	for _, s := range scenarios() {
		failed := log.Errors(s.Name)
		of5xx := expectation{signal5xx, s, len(failed), nil}
		if s.unseen {
			of5xx.errors = 0
		}
		if s.pairedErrors {
			of5xx.pairs = traffic.PairLags(failed)
		}
		ofConnects := expectation{signalConnect, s, s.grows[connectTimeouts] * len(failed), nil}
		switch {
		case !s.pairedConnects:
		case s.EnvoyRetries > 0:
			ofConnects.pairs = envoyLags(failed)
		default:
			ofConnects.pairs = traffic.PairLags(failed)
		}
		errors, connects = append(errors, of5xx), append(connects, ofConnects)
	}
	return append(errors, connects...)
}

// envoyLags are the times between the two connect timeouts that an answer took when Envoy tried
// again: the first comes after a connect timeout, the second with the answer.
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

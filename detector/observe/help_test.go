package observe

import (
	"math/rand/v2"
	"time"
)

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// ups returns successful scrapes at the times.
func ups(times ...int64) []Run { return flat(1, times...) }

// flat returns samples of one value at the times.
func flat(value float64, times ...int64) []Run {
	var out []Run
	for _, t := range times {
		out = append(out, Run{FirstMillis: t, Count: 1, Value: value})
	}
	return out
}

func rngOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

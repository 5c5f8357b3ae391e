package survey

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ghostpair/ghostpair/detector/observe"
)

// Sample is one series of the answer to an instant query.
type Sample struct {
	Labels   map[string]string
	AtMillis int64
	Value    float64
}

// Querier evaluates PromQL expressions that give a vector, at a time in Unix milliseconds. It also
// returns what the server warned of.
type Querier interface {
	Query(ctx context.Context, expr string, atMillis int64) (samples []Sample, warnings []string, err error)
}

// Server is a Prometheus API as far as the doctor asks it.
type Server interface {
	Querier
	// Version is what the server calls itself.
	Version(ctx context.Context) (string, error)
	// ExternalLabels are what the server adds to series that leave it; known is false when it does not
	// show its configuration.
	ExternalLabels(ctx context.Context) (labels map[string]string, known bool, err error)
	// Mixed are the addresses at which several Prometheis with scrape times of their own answer in turn.
	Mixed(ctx context.Context, atMillis int64) (addresses []string, err error)
}

// Reader reads the raw samples of one source and of `up` of its jobs in (fromMillis, toMillis]; live
// for a short window.
type Reader interface {
	Read(ctx context.Context, fromMillis, toMillis int64, live bool, sink observe.Sink) (observe.ReadStats, error)
}

// asker asks at one instant, and keeps what went wrong: a question that a server refuses must not
// keep the others from being asked.
type asker struct {
	querier  Querier
	atMillis int64
	warnings []string
	failures []string
}

// vector asks for a vector. It is not ok when the server refused; an error is returned only when
// there is no point in going on.
func (a *asker) vector(ctx context.Context, what, expr string) (samples []Sample, ok bool, err error) {
	samples, warnings, err := a.querier.Query(ctx, expr, a.atMillis)
	for _, w := range warnings {
		if !slices.Contains(a.warnings, w) {
			a.warnings = append(a.warnings, w)
		}
	}
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	if err != nil {
		a.failures = append(a.failures, fmt.Sprintf("%s: %v", what, err))
		return nil, false, nil
	}
	return samples, true, nil
}

// quoted writes a string as PromQL takes it.
func quoted(text string) string { return strconv.Quote(text) }

// anyOf makes a matcher of metric names.
func anyOf(names []string) string {
	return "{__name__=~" + quoted(strings.Join(names, "|")) + "}"
}

// number reads the bound of a bucket: Prometheus writes 5000 or 5000.0.
func number(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && !math.IsNaN(v)
}

package survey

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Point is one sample of a series.
type Point struct {
	AtMillis int64
	Value    float64
}

// Series is one series of the answer to a query that gives a range vector.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Ranger also evaluates expressions that give a range vector. A selector with a range gives raw samples
// with their own times.
type Ranger interface {
	Querier
	Range(ctx context.Context, expr string, atMillis int64) (series []Series, warnings []string, err error)
}

// gridStep is the distance of the instants at which a window is looked at. Subqueries are evaluated at
// its multiples, and so at the end of a window that ends at one.
const gridStep = 15 * time.Minute

// overGrid writes a function of an expression's values at the grid's instants in a window.
func overGrid(function, expr string, window time.Duration) string {
	return fmt.Sprintf("%s((%s)[%dms:%s])", function, expr, window.Milliseconds(), "15m")
}

// growth writes how much a counter grew in a window, from its value at the start and its greatest value
// at the grid's instants, so that a series costs a lookup a quarter of an hour, and not one a scrape. What
// came in the window began at zero: Envoy makes counters when they are needed, and a pod is new. What left
// in the window counts up to the last instant of the grid, and of a counter that was reset the larger
// part counts.
func growth(selector string, window time.Duration) string {
	peak := overGrid("max_over_time", selector, window)
	return fmt.Sprintf("((%s - %s offset %dms) >= 0 or %s)", peak, selector, window.Milliseconds(), peak)
}

// oneOf writes a matcher of a label that has one of some values.
func oneOf(label string, values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = regexp.QuoteMeta(v)
	}
	return label + "=~" + quoted(strings.Join(escaped, "|"))
}

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

// overGrid writes a function of an expression's values at a grid of instants in a window. Subqueries are evaluated at the
// multiples of their step, and so at the end of a window that ends at one.
func overGrid(function, expr string, window time.Duration, step string) string {
	return fmt.Sprintf("%s((%s)[%dms:%s])", function, expr, window.Milliseconds(), step)
}

// peak writes the greatest value of a counter in a window: at its end, or at a full hour in it, so that a series costs
// a lookup an hour and not one a scrape. The label keeps the two apart until the greater one is taken.
func peak(selector string, window time.Duration) string {
	return fmt.Sprintf(`%s or label_replace(%s, "at_the_end", "yes", "", "")`, overGrid("max_over_time", selector, window, "1h"), selector)
}

// oneOf writes a matcher of a label that has one of some values.
func oneOf(label string, values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = regexp.QuoteMeta(v)
	}
	return label + "=~" + quoted(strings.Join(escaped, "|"))
}

package sources

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// ParseSelector reads a plain vector selector, such as
// envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}. Functions, ranges, offsets and
// everything else that would not give raw samples are refused.
func ParseSelector(text string) ([]*labels.Matcher, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("selector: empty; write a series selector such as some_total{code=\"5xx\"}")
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return nil, fmt.Errorf("selector %q: %w", text, err)
	}
	for {
		paren, ok := expr.(*parser.ParenExpr)
		if !ok {
			break
		}
		expr = paren.Expr
	}
	vector, ok := expr.(*parser.VectorSelector)
	if !ok {
		return nil, fmt.Errorf("selector %q: it is a %s, and only a plain series selector gives raw samples: no range, function or operator", text, kindOf(expr))
	}
	if vector.OriginalOffset != 0 || vector.Timestamp != nil || vector.StartOrEnd != 0 || vector.Anchored || vector.Smoothed {
		return nil, fmt.Errorf("selector %q: no modifier such as offset or @ is allowed", text)
	}
	return vector.LabelMatchers, nil
}

func kindOf(expr parser.Expr) string {
	switch expr.(type) {
	case *parser.MatrixSelector:
		return "range selector"
	case *parser.Call:
		return "function call"
	case *parser.AggregateExpr:
		return "aggregation"
	case *parser.BinaryExpr:
		return "binary expression"
	case *parser.SubqueryExpr:
		return "subquery"
	}
	return fmt.Sprintf("%s expression", expr.Type())
}

// equal makes a matcher name="value".
func equal(name, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, name, value)
}

// siblings are the matchers of the whole metric on the same targets: those of selector on the name
// and on target labels, without what picks single series, such as the class of the response code.
// Where a metric is, errors can be, so the jobs of the siblings are the jobs whose `up` matters —
// also before a first error is there.
func siblings(selector []*labels.Matcher, targetNames []string) []*labels.Matcher {
	var out []*labels.Matcher
	for _, m := range selector {
		if m.Name == model.MetricNameLabel || slices.Contains(targetNames, m.Name) {
			out = append(out, m)
		}
	}
	return out
}

// upMatchers select the `up` of the given jobs; of all jobs when there are none. Matchers of the
// selector on job and instance hold for `up` as well; equality matchers on other target labels are
// passed as narrow, once it is known that `up` has these labels.
func upMatchers(selector []*labels.Matcher, jobs []string, narrow []*labels.Matcher) []*labels.Matcher {
	out := []*labels.Matcher{equal(model.MetricNameLabel, "up")}
	for _, m := range selector {
		if m.Name == jobLabel || m.Name == instanceLabel {
			out = append(out, m)
		}
	}
	out = append(out, narrow...)
	switch {
	case len(jobs) == 1:
		out = append(out, equal(jobLabel, jobs[0]))
	case len(jobs) > 1:
		out = append(out, anyOf(jobLabel, jobs))
	}
	return out
}

// anyOf makes a matcher for a list of values. Prometheus looks such a list up value by value.
func anyOf(name string, values []string) *labels.Matcher {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return labels.MustNewMatcher(labels.MatchRegexp, name, strings.Join(quoted, "|"))
}

package sources

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/ghostpair/ghostpair/diagnosis/coarse"
)

// SiblingMatchers returns what a selector of Envoy's counters of 5xx or of connect timeouts of clusters asks of labels beside the
// name and the class, as PromQL has it between braces: what else the same clusters count is selected
// by that. It is not ok for any other selector.
func SiblingMatchers(selector string) (matchers string, ok bool) {
	parsed, err := ParseSelector(selector)
	if err != nil || !slices.ContainsFunc(parsed, names(coarse.ErrorsMetric)) && !slices.ContainsFunc(parsed, names(coarse.ConnectTimeoutsMetric)) {
		return "", false
	}
	texts := []string{}
	for _, m := range parsed {
		if m.Name != model.MetricNameLabel && m.Name != classLabel {
			texts = append(texts, m.String())
		}
	}
	return strings.Join(texts, ","), true
}

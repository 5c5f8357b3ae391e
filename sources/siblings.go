package sources

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// SiblingMatchers returns what a selector of Envoy's 5xx counter of clusters asks of labels beside the
// name and the class, as PromQL has it between braces: what else the same clusters count is selected
// by that. It is not ok for any other selector.
func SiblingMatchers(selector string) (matchers string, ok bool) {
	parsed, err := ParseSelector(selector)
	if err != nil || !slices.ContainsFunc(parsed, isErrors) {
		return "", false
	}
	var texts []string
	for _, m := range parsed {
		if m.Name != model.MetricNameLabel && m.Name != classLabel {
			texts = append(texts, m.String())
		}
	}
	return strings.Join(texts, ","), true
}

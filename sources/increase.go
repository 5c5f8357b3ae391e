package sources

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Increase asks Prometheus for its own count: increase() of every counter over (at - window, at],
// added up by route. Of views of one counter the largest counts.
func (s *Source) Increase(ctx context.Context, atMillis int64, window time.Duration) (map[string]float64, error) {
	expr := fmt.Sprintf("increase(%s[%dms])", selectorText(s.selector), window.Milliseconds())
	samples, _, err := s.server.Instant(ctx, expr, atMillis)
	if err != nil {
		return nil, err
	}
	type counter struct{ route, key string }
	largest := make(map[counter]float64)
	for _, sample := range samples {
		route, key, ok := s.mapping.counterKey(sample.Labels)
		if !ok {
			continue
		}
		c := counter{route, key}
		largest[c] = max(largest[c], sample.Value)
	}
	routes := make(map[string]float64)
	for c, v := range largest {
		routes[c.route] += v
	}
	return routes, nil
}

// counterKey returns the route of a series, and what tells it from other counters of the route: all
// labels but those that say how its target is seen.
func (m *mapping) counterKey(set map[string]string) (route, key string, ok bool) {
	shown, keep := rewrite(labels.FromMap(set), m.relabel)
	if !keep || m.excluded(shown) {
		return "", "", false
	}
	if route = m.routeOf(shown); route == "" {
		return "", "", false
	}
	_, byInstance := m.targetOf(shown.Get)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if name == model.MetricNameLabel || slices.Contains(m.view, name) && (!byInstance || name != instanceLabel) {
			continue
		}
		fmt.Fprintf(&b, "%q=%q,", name, set[name])
	}
	return route, b.String(), true
}

// CoarsestJob returns the scrape job that has all counters of the selector and sees each of them
// least often, at an instant: the cheapest to read where only sums over long stretches matter. It is
// empty when there is no choice.
func (s *Source) CoarsestJob(ctx context.Context, atMillis int64) (string, error) {
	selected := selectorText(s.selector)
	counters, _, err := s.server.Instant(ctx, fmt.Sprintf("count by (job) (count_over_time(%s[10m]))", selected), atMillis)
	if err != nil {
		return "", err
	}
	samples, _, err := s.server.Instant(ctx, fmt.Sprintf("avg by (job) (count_over_time(%s[10m]))", selected), atMillis)
	if err != nil {
		return "", err
	}
	if len(counters) < 2 {
		return "", nil
	}
	number, most := make(map[string]float64), 0.0
	for _, c := range counters {
		number[c.Labels[jobLabel]] = c.Value
		most = max(most, c.Value)
	}
	job, fewest := "", 0.0
	slices.SortFunc(samples, func(a, b InstantSample) int { return strings.Compare(a.Labels[jobLabel], b.Labels[jobLabel]) })
	for _, c := range samples {
		name := c.Labels[jobLabel]
		if name != "" && number[name] == most && (job == "" || c.Value < fewest) {
			job, fewest = name, c.Value
		}
	}
	return job, nil
}

// SelectorText writes matchers as a selector, with one more: that a label has a value.
func SelectorText(matchers []*labels.Matcher, name, value string) string {
	return selectorText(append(slices.Clone(matchers), equal(name, value)))
}

package config

import "regexp"

// Ignored returns a function that tells whether the pairs of a route at a fingerprint are a known
// mechanism at an instant in Unix milliseconds. It is nil when nothing is ignored.
func (c *Config) Ignored() func(route, fingerprint string, atMillis int64) bool {
	if len(c.Ignore) == 0 {
		return nil
	}
	routes := make([]*regexp.Regexp, len(c.Ignore))
	for i, entry := range c.Ignore {
		routes[i] = regexp.MustCompile(anchor(entry.Route)) // compiled before, by the check
	}
	return func(route, fingerprint string, atMillis int64) bool {
		for i, entry := range c.Ignore {
			if (entry.Fingerprint == "" || entry.Fingerprint == fingerprint) &&
				(entry.Until.IsZero() || atMillis < entry.Until.UnixMilli()) && routes[i].MatchString(route) {
				return true
			}
		}
		return false
	}
}

// anchor returns the expression as PromQL reads it: it must match the whole value.
func anchor(expression string) string { return "^(?s:" + expression + ")$" }

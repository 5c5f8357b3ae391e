package survey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// human writes seconds as people say them: 1 s, 90 s, 6 h, 7 d.
func human(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.3g s", seconds)
}

// share writes a proportion, and never rounds some to none.
func share(v float64) string {
	if percent := 100 * v; percent > 0 && percent < 1 {
		return "less than 1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// few lists names, the first ones of many.
func few(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

func keys(counts map[string]int) []string { return slices.Sorted(maps.Keys(counts)) }

package explain

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/finding"
)

// Figure writes the figure of a check with its 95 % interval; nothing where there is none.
func Figure(c finding.Check) string {
	if c.Figure == nil {
		return ""
	}
	text := number(c.Unit, *c.Figure) + unit(c.Unit)
	if c.Lower != nil && c.Upper != nil {
		text += fmt.Sprintf(" (%s to %s)", number(c.Unit, *c.Lower), number(c.Unit, *c.Upper))
	}
	return text
}

// Brief writes the names of checks with their figures.
func Brief(checks []finding.Check) string {
	all := make([]string, len(checks))
	for i, c := range checks {
		all[i] = strings.TrimSuffix(c.Name+" "+Figure(c), " ")
	}
	return strings.Join(all, ", ")
}

func unit(name string) string {
	switch name {
	case diagnosis.UnitSeconds:
		return " s"
	case diagnosis.UnitRatio:
		return " %"
	}
	return ""
}

func number(unit string, v float64) string {
	decimals := 1
	switch {
	case unit == diagnosis.UnitRatio:
		if v *= 100; v >= 10 || v == 0 {
			decimals = 0
		}
	case unit != diagnosis.UnitSeconds:
		decimals = 0
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', decimals, 64), ".0")
}

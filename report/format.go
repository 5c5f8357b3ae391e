package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), ",")
}

// optional writes a count that may not be known.
func optional(n *int64) string {
	if n == nil {
		return "–"
	}
	return thousands(*n)
}

// percent writes a share with as many digits as make sense: 0.1234 as 12 %, 0.01234 as 1.2 %.
func percent(v float64) string {
	p := 100 * v
	switch a := math.Abs(p); {
	case a == 0:
		return "0 %"
	case a < 0.1:
		return strconv.FormatFloat(p, 'f', 3, 64) + " %"
	case a < 1:
		return strconv.FormatFloat(p, 'f', 2, 64) + " %"
	case a < 10:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return thousands(int64(math.Round(p))) + " %"
}

// good writes the share of good requests so that 99.9 % and 99.99 % differ, and never rounds an
// error away.
func good(v float64) string {
	if v >= 1 {
		return "100 %"
	}
	digits := 2
	for d := 2; d < 6 && math.Round(v*math.Pow10(d+2)) >= math.Pow10(d+2); d++ {
		digits = d + 1
	}
	if v > 0.999 {
		digits = max(digits, 3)
	}
	return strconv.FormatFloat(100*v, 'f', digits, 64) + " %"
}

// target writes an objective as it was configured.
func target(v float64) string { return strconv.FormatFloat(100*v, 'g', 8, 64) + " %" }

func maybePercent(v *float64) string {
	if v == nil {
		return "–"
	}
	return percent(*v)
}

// rate writes a burn rate.
func rate(v *float64) string {
	switch {
	case v == nil:
		return "–"
	case *v >= 100:
		return thousands(int64(*v+0.5)) + "×"
	case *v >= 10:
		return strconv.FormatFloat(*v, 'f', 1, 64) + "×"
	}
	return strconv.FormatFloat(*v, 'f', 2, 64) + "×"
}

// long writes minutes as people say them: 43 min, 3 h 12 min, 2 d 4 h.
func long(minutes float64) string {
	whole := int64(minutes + 0.5)
	switch {
	case minutes < 1:
		return strconv.FormatInt(int64(minutes*60+0.5), 10) + " s"
	case whole < 60:
		return fmt.Sprintf("%d min", whole)
	case whole < 48*60:
		return unit(whole/60, "h", whole%60, "min")
	}
	hours := int64(minutes/60 + 0.5)
	return unit(hours/24, "d", hours%24, "h")
}

func unit(a int64, large string, b int64, small string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, large)
	}
	return fmt.Sprintf("%d %s %d %s", a, large, b, small)
}

// window writes the length of an objective's window.
func window(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Minute)
	const day = 24 * time.Hour
	if d >= day {
		return strings.TrimSuffix(strconv.FormatFloat(d.Hours()/24, 'f', 1, 64), ".0") + " d"
	}
	return strings.TrimSuffix(strconv.FormatFloat(d.Hours(), 'f', 1, 64), ".0") + " h"
}

func percentInterval(v finding.Interval) string {
	p := func(x float64) string { return strings.TrimSuffix(percent(x), " %") }
	return p(v.Lower) + " to " + percent(v.Upper)
}

// numbers of seconds that have a name.
var spoken = map[int]string{
	1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
	12: "twelve", 15: "fifteen", 20: "twenty", 30: "thirty",
}

// pairsAt names pairs by their lag: five-second pairs.
func pairsAt(lower float64) string {
	if word, ok := spoken[int(lower)]; ok && lower == math.Trunc(lower) {
		return word + "-second pairs"
	}
	return "pairs at " + strconv.FormatFloat(lower, 'g', 4, 64) + " s"
}

// name writes a route for a line of text: labels may hold anything.
func name(route string) string {
	if route == finding.PooledRoute {
		return "all routes together"
	}
	clean := strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '�'
		}
		return r
	}, route)
	if strings.TrimSpace(clean) == "" {
		return strconv.Quote(route)
	}
	return clean
}

// days writes the days of the period: Mon 16 Nov to Sun 22 Nov 2026.
func (p Period) days() string {
	last := p.End.Add(-time.Nanosecond)
	const full = "Mon 2 Jan 2006"
	switch {
	case p.Start.Format("15:04:05") != "00:00:00" || p.End.Format("15:04:05") != "00:00:00":
		return stamp(p.Start) + " to " + stamp(p.End)
	case p.Start.Year() == last.Year():
		return p.Start.Format("Mon 2 Jan") + " to " + last.Format(full)
	}
	return p.Start.Format(full) + " to " + last.Format(full)
}

// noun is what the period is: week, month, quarter or period.
func (p Period) noun() string {
	switch {
	case strings.Contains(p.Name, "-W"):
		return "week"
	case strings.Contains(p.Name, "-Q"):
		return "quarter"
	case len(p.Name) == len("2006-01"):
		return "month"
	}
	return "period"
}

package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// textColumns is how wide Write makes text.
const textColumns = 100

// Formats are the names that Write knows.
func Formats() []string { return []string{"html", "text", "markdown", "json", "csv"} }

// Write writes the report in one of the formats.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "html":
		return r.HTML(w)
	case "text":
		return r.Text(w, textColumns)
	case "markdown":
		return r.Markdown(w)
	case "json":
		return r.JSON(w)
	case "csv":
		return r.CSV(w)
	}
	return fmt.Errorf("format %q: must be one of %s", format, strings.Join(Formats(), ", "))
}

// JSON writes the report as one document.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// columns of the CSV, one line a route. Ratios are 0–1; what is not known is empty.
var columns = []string{
	"period", "start", "end", "source", "route", "requests", "errors", "error_ratio", "raw_requests", "raw_errors",
	"target", "window_seconds", "window_covered_ratio", "window_requests", "window_errors", "allowed_errors",
	"burn_rate", "burned_ratio", "remaining_ratio", "met",
	"paired_fingerprint", "paired_look_alike", "paired_errors", "paired_errors_lower", "paired_errors_upper", "paired_gives_minutes",
	"prometheus_increase",
	"suspected", "causes", "first_step", "checks_for", "checks_against",
}

// CSV writes a table with a line for every route.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range r.Routes {
		if err := out.Write(r.record(&r.Routes[i])); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (r *Report) record(route *Route) []string {
	line := []string{
		r.Period.Name, r.Period.Start.Format(time.RFC3339), r.Period.End.Format(time.RFC3339), inert(route.Source), inert(route.Route),
		count(route.Requests), strconv.FormatInt(route.Errors, 10), number(route.ErrorRatio), count(route.RawRequests), strconv.FormatInt(route.RawErrors, 10),
	}
	if b := route.Budget; b != nil {
		line = append(line, number(&b.Target), number(&b.WindowSeconds), number(&b.WindowCoveredRatio),
			strconv.FormatInt(b.WindowRequests, 10), strconv.FormatInt(b.WindowErrors, 10), number(&b.AllowedErrors),
			number(b.BurnRate), number(b.BurnedRatio), number(b.RemainingRatio), strconv.FormatBool(b.Met))
	} else {
		line = append(line, make([]string, 10)...)
	}
	pairs := make([]string, 6)
	if p := route.mainPairs(); p != nil {
		pairs[0], pairs[1] = inert(p.Fingerprint), strconv.FormatBool(p.LookAlike)
		if p.Errors != nil {
			pairs[2], pairs[3], pairs[4] = number(&p.Errors.Estimate), number(&p.Errors.Lower), number(&p.Errors.Upper)
		}
		if route.Budget != nil && !p.LookAlike {
			pairs[5] = number(route.Budget.PairedGivesMinutes)
		}
	}
	return append(append(append(line, pairs...), number(route.Increase)), causeFields(route)...)
}

// causeFields are the causes that fit best, several where they fit equally well, with the first step of
// the first, and the checks on which they rest.
func causeFields(route *Route) []string {
	fields := make([]string, 5)
	fields[0] = strconv.FormatBool(route.suspected())
	e := route.reading()
	if e == nil {
		return fields
	}
	supporting, contradicting := e.Deciding()
	fields[1], fields[3], fields[4] = e.key(), checkNames(supporting), checkNames(contradicting)
	if len(e.Leading) > 0 {
		fields[2] = e.Leading[0].FirstStep
	}
	return fields
}

func checkNames(checks []finding.Check) string {
	var names []string
	for _, c := range checks {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// inert keeps a spreadsheet from taking a label for a formula.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func count(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 8, 64)
}

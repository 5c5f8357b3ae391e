package lab

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// A tour tells on a terminal what the lab does.
type tour struct {
	out   io.Writer
	start time.Time
}

// say prints one step with the time since the start. Printing is best effort: the tests decide.
func (t tour) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.out, "%6s  %s\n", time.Since(t.start).Round(time.Second), fmt.Sprintf(format, args...))
}

// more prints lines that belong to the step before.
func (t tour) more(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...) + "\n") {
		_, _ = fmt.Fprint(t.out, "        ", line)
	}
}

// table prints rows of cells that are separated by tabs.
func (t tour) table(rows []string) {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, "        "+row)
	}
	_ = w.Flush() // best effort, as above
}

// progress says in a few words how far the evidence about f has come.
func progress(d finding.Document, signal, route string) string {
	f, found := pick(d, signal, route)
	switch {
	case !found:
		return fmt.Sprintf("%s %s: no errors yet", route, signal)
	case f.Verdict == finding.Paired:
		return fmt.Sprintf("%s %s: paired, %d errors", route, signal, f.Errors)
	default:
		return fmt.Sprintf("%s %s: %d errors, evidence %s of %s", route, signal, f.Errors, power(f.EvidenceLog10), power(d.ThresholdLog10[f.Source]))
	}
}

// power prints a number that is given by its logarithm.
func power(log10 *float64) string {
	if log10 == nil {
		return "0"
	}
	return fmt.Sprintf("10^%.1f", *log10)
}

// interval prints an estimate with its 95 % interval.
func interval(i *finding.Interval, unit string) string {
	if i == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f%s (%.2f–%.2f)", i.Estimate, unit, i.Lower, i.Upper)
}

package main

import (
	"bufio"
	"cmp"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// writeOpenMetrics writes how the findings came about as series with timestamps, for
// `promtool tsdb create-blocks-from openmetrics`: families in one piece each, within them series in
// one piece each, within them samples in the order of time.
func writeOpenMetrics(w io.Writer, d finding.Document, tracks []track) error {
	out := &openMetrics{Writer: bufio.NewWriter(w)}
	shown := make(map[finding.Key]bool)
	for i := range d.Findings {
		shown[d.Findings[i].Key] = true
	}
	tracks = slices.DeleteFunc(atEnd(d, tracks), func(t track) bool { return !shown[t.Key] })
	out.family("ghostpair_route_verdict", "gauge", "Verdict about a route: 1 for the one that holds.")
	for _, t := range tracks {
		for _, v := range finding.Verdicts() {
			out.series("ghostpair_route_verdict", t, [2]string{"verdict", v.String()})
			for _, s := range t.Steps {
				out.sample(s.AtMillis, oneIf(s.Verdict == v))
			}
		}
	}
	out.family("ghostpair_route_evidence_log10", "gauge", "Evidence for pairs at the lag, as log10.")
	for _, t := range tracks {
		out.series("ghostpair_route_evidence_log10", t)
		for _, s := range t.Steps {
			if !math.IsNaN(s.Evidence) {
				out.sample(s.AtMillis, s.Evidence)
			}
		}
	}
	out.family("ghostpair_route_errors", "counter", "Errors of the route since the origin of the backfill.")
	for i, t := range tracks {
		t.Key.Fingerprint = "" // those of a route do not depend on it
		if i > 0 && tracks[i-1].Key.Route == t.Key.Route && tracks[i-1].Key.Source == t.Key.Source {
			continue
		}
		out.series("ghostpair_route_errors_total", t)
		for _, s := range t.Steps {
			out.sample(s.AtMillis, float64(s.Errors))
		}
	}
	out.family("ghostpair_route_daily_pairs", "gauge", "Estimated pairs of errors that began on a UTC day, at its end.")
	for i := range d.Findings {
		out.series("ghostpair_route_daily_pairs", track{Key: d.Findings[i].Key})
		out.days(&d.Findings[i], d.Window.End)
	}
	_, _ = out.WriteString("# EOF\n") // Flush returns the first error
	return out.Flush()
}

// atEnd returns the tracks within the window, in the order of the document, with a last step at its
// end.
func atEnd(d finding.Document, tracks []track) []track {
	known := make(map[finding.Key][]step)
	for _, t := range tracks {
		known[t.Key] = t.Steps
	}
	start, end := d.Window.Start.UnixMilli(), d.Window.End.UnixMilli()
	all := make([]track, 0, len(d.Findings))
	for i := range d.Findings {
		f := &d.Findings[i]
		steps := slices.Clone(known[f.Key])
		steps = slices.DeleteFunc(steps, func(s step) bool { return s.AtMillis <= start || s.AtMillis >= end })
		all = append(all, track{Key: f.Key, Steps: append(steps, stepOf(f, d.Window.End))})
	}
	return all
}

// openMetrics writes the text format. Its first error is that of Flush.
type openMetrics struct {
	*bufio.Writer
	head string
}

func (o *openMetrics) family(name, kind, help string) {
	_, _ = o.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// series begins a series of a stream.
func (o *openMetrics) series(name string, t track, more ...[2]string) {
	var b strings.Builder
	b.WriteString(name + "{")
	pairs := append([][2]string{
		{"source", t.Key.Source}, {"signal", t.Key.Signal}, {"route", t.Key.Route}, {"fingerprint", t.Key.Fingerprint},
	}, more...)
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
	for _, p := range pairs {
		if p[1] == "" {
			continue
		}
		if !strings.HasSuffix(b.String(), "{") {
			b.WriteString(",")
		}
		b.WriteString(p[0] + `="` + labelEscaper.Replace(p[1]) + `"`)
	}
	o.head = b.String() + "} "
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func (o *openMetrics) sample(atMillis int64, value float64) {
	_, _ = o.WriteString(o.head + strconv.FormatFloat(value, 'g', -1, 64) + " " + strconv.FormatFloat(float64(atMillis)/1000, 'f', 3, 64) + "\n")
}

// days writes the pairs of each day at the end of the day, or of the window.
func (o *openMetrics) days(f *finding.Finding, end time.Time) {
	for _, day := range f.PairsByDay {
		begin, err := time.Parse(time.DateOnly, day.Day)
		if err != nil {
			continue // not a day: the detector writes none such
		}
		at := begin.Add(24 * time.Hour)
		if at.After(end) {
			at = end
		}
		o.sample(at.UnixMilli(), day.Pairs)
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/ghostpair/ghostpair/finding"
)

// maxRows is how many findings the page shows: more cannot be read.
const maxRows = 500

//go:embed landing.html
var landingHTML string

var landingTemplate = template.Must(template.New("landing").Parse(landingHTML))

// page is what the template shows, all of it as text.
type page struct {
	Version    string
	Backfills  bool   // can be asked for
	Reports    bool   // are kept
	NotReady   string // why; empty: ready
	Waiting    bool   // nothing has been published yet
	Window     string
	Age        string
	Budget     string
	Counts     []count
	Found      []row // paired and suspected findings
	Rows       []row // all others
	Left       int   // findings that are not shown
	Sources    []sourceRow
	NLB        []nlbRow
	Problems   []string
	QualityRow []count
}

type count struct {
	Name  string
	Value int64
}

type sourceRow struct {
	Name, Protocol, Watermark, Age, Read string
	Series, Streams, Routes              int
}

type nlbRow struct {
	LoadBalancer, TargetGroup, Metric, Value, Age string
}

func (h *handler) landing(w http.ResponseWriter, _ *http.Request) {
	p := page{Version: h.Build.Version, Backfills: h.Options.Backfills != nil, Reports: h.Options.Reports != nil}
	if err := h.Ready(); err != nil {
		p.NotReady = err.Error()
	}
	if e := h.Evaluation(); e != nil {
		p.fill(e, h.Now())
	} else {
		p.Waiting = true
	}
	var out bytes.Buffer
	if err := landingTemplate.Execute(&out, p); err != nil {
		h.Logger.Error("Drawing the page", "err", err)
		text(w, http.StatusInternalServerError, "the page cannot be drawn, see the log")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(out.Bytes()) // a client that went away is no concern of ours
}

func (p *page) fill(e *finding.Evaluation, now time.Time) {
	p.Window = stamp(e.Window.Start) + " to " + stamp(e.Window.End)
	p.Age = age(now, e.Window.End)
	p.Budget = fmt.Sprintf("%g", e.FalseAlarmsPerMonth)
	p.Counts = countVerdicts(e.Findings)
	rows := findingRows(e)
	if p.Left = len(rows) - maxRows; p.Left > 0 {
		rows = rows[:maxRows]
	}
	others := slices.IndexFunc(rows, func(r row) bool { return !r.found })
	if others < 0 {
		others = len(rows)
	}
	p.Found, p.Rows = rows[:others], rows[others:]
	for _, s := range e.Sources {
		p.Sources = append(p.Sources, sourceRow{
			Name: s.Name, Protocol: s.Protocol, Series: s.Series, Streams: s.Streams, Routes: s.Routes,
			Watermark: stamp(s.Watermark), Age: age(now, s.Watermark), Read: age(now, s.LastSuccess),
		})
	}
	for _, n := range e.NLB {
		p.NLB = append(p.NLB, nlbRow{n.LoadBalancer, n.TargetGroup, n.Metric, fmt.Sprintf("%g", n.Value), age(now, n.At)})
	}
	for _, f := range e.FailedWindows {
		p.Problems = append(p.Problems, fmt.Sprintf("not read since %s: %s", stamp(f.Start), f.Error))
	}
	for i := range e.Sources {
		if e.Sources[i].Unmatched() {
			p.Problems = append(p.Problems, fmt.Sprintf("source %s: its selector matches nothing, and no target or series beside it is there: check the selector, and whether it is scraped", e.Sources[i].Name))
		}
	}
	p.Problems = append(p.Problems, e.Warnings...)
	p.QualityRow = qualityCounts(e.Quality)
}

func countVerdicts(findings []finding.Finding) []count {
	var n [4]int64
	for _, f := range findings {
		n[f.Verdict]++
	}
	order := []finding.Verdict{finding.Paired, finding.Suspected, finding.Clear, finding.Undecided}
	var counts []count
	for _, v := range order {
		counts = append(counts, count{v.String(), n[v]})
	}
	return counts
}

func qualityCounts(q finding.Quality) []count {
	return []count{
		{"series", int64(q.Series)},
		{"samples", q.Samples},
		{"births", q.Births},
		{"counter resets", q.Resets},
		{"scrape gaps", q.Gaps},
		{"late samples", q.Late},
		{"series without a route", int64(q.UnroutedSeries)},
		{"routes beyond the limit", int64(q.RoutesDropped)},
	}
}

func interval(v *finding.Interval, scale float64, format string) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf(format, scale*v.Estimate, scale*v.Lower, scale*v.Upper)
}

func number(v *float64, format string) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf(format, *v)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func age(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return now.Sub(t).Round(time.Second).String() + " ago"
}

package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/ghostpair/ghostpair/chart"
	"github.com/ghostpair/ghostpair/finding"
	"github.com/ghostpair/ghostpair/slo"
)

//go:embed page
var files embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"thousands": thousands, "percent": percent, "window": window, "target": target, "name": name, "plural": plural,
	"join": strings.Join, "round": round, "long": long, "rate": rate, "optional": optional, "good": good, "breaks": breaks, "deref": func(v *float64) float64 { return *v },
}).ParseFS(files, "page/*.html"))

// How many routes get full charts; all others have a sparkline in the table.
const fullCharts = 8

// How many findings of other signals get a chart; of all others there is the name.
const otherCharts = 10

// HTML writes one self-contained page: no script, and nothing that is fetched.
func (r *Report) HTML(w io.Writer) error {
	style, err := files.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	v := view{Report: r, Style: template.CSS(style), Title: strings.ToUpper(r.title()[:1]) + r.title()[1:], Days: r.Period.days(), Noun: r.Period.noun()}
	v.Rows = rowsOf(r)
	for i := range r.Routes {
		route := &r.Routes[i]
		if len(v.Details) < fullCharts && (route.Errors > 0 || len(route.Paired) > 0) || len(v.Details) < 2*fullCharts && (route.mainPairs() != nil || route.suspected()) {
			v.Details = append(v.Details, detailOf(r, route))
		}
	}
	for i := range v.Rows {
		v.Rows[i].Linked = slices.ContainsFunc(v.Details, func(d detail) bool { return d.ID == v.Rows[i].ID })
	}
	v.Rest = len(r.Routes) - len(v.Details)
	for i := range r.Others[:min(otherCharts, len(r.Others))] {
		v.Others = append(v.Others, otherOf(&r.Others[i]))
	}
	v.MoreOthers = r.Others[len(v.Others):]
	return page.Execute(w, v)
}

// view is what the template shows.
type view struct {
	*Report
	Style             template.CSS
	Title, Days, Noun string
	Rows              []htmlRow
	Details           []detail
	Rest              int
	Others            []otherView
	MoreOthers        []Other
}

type htmlRow struct {
	row
	ID     string
	Linked bool // to its charts
	Spark  template.HTML
}

func rowsOf(r *Report) []htmlRow {
	var all []htmlRow
	for i := range r.Routes {
		route := &r.Routes[i]
		const per = 3
		caption := chart.Caption{Title: "Errors over time", Description: plural2(route.Errors, "error")}
		all = append(all, htmlRow{row: rowOf(r, route), ID: fmt.Sprintf("route-%d", i+1), Spark: svg(chart.Sparkline(caption,
			merged(route.Hours.Errors, per), merged(route.Hours.Mates, per)))})
	}
	return all
}

// merged adds up values, per at a time.
func merged(values []float64, per int) []float64 {
	if values == nil {
		return nil
	}
	return groups(values, 0, len(values), per)
}

// breaks lets a long route name break after its slashes.
func breaks(text string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(text), "/", "/<wbr>"))
}

// svg marks what package chart drew as safe: it escapes every text.
func svg(drawn []byte) template.HTML { return template.HTML(drawn) }

// detail is a route with all its charts.
type detail struct {
	row
	*Route
	ID, Name   string
	Formula    string
	Sentence   string
	Why        *why // nil: neither pairs nor a suspicion
	BurnDown   template.HTML
	HasWithout bool
	Timeline   template.HTML
	HasMates   bool

	HasBand, HasMaintenance, HasAbsent bool

	Step       string
	Histograms []histogramView
	Periods    template.HTML
}

type histogramView struct {
	Title, Text, Lags, Excess string
	SVG                       template.HTML
}

func detailOf(r *Report, route *Route) detail {
	d := detail{row: rowOf(r, route), Name: rowOf(r, route).Route, Route: route, HasMates: route.Hours.Mates != nil, Step: "hour"}
	for i := range r.Routes {
		if &r.Routes[i] == route {
			d.ID = fmt.Sprintf("route-%d", i+1)
		}
	}
	if route.Hours.StepSeconds > 3600 {
		d.Step = fmt.Sprintf("%d hours", route.Hours.StepSeconds/3600)
	}
	d.HasBand, d.HasAbsent, d.HasMaintenance = route.burnDown.Period != slo.Span{}, len(route.timeline.Absent) > 0, len(r.Maintenance) > 0
	d.Formula, d.Sentence, d.Why = formula(r, route), sentence(route), route.why()
	if len(route.burnDown.Remaining) > 0 {
		d.HasWithout = route.burnDown.WithoutPairs != nil
		d.BurnDown = svg(route.burnDown.SVG(chart.Caption{
			Title: "Error budget left on " + name(route.Route), Description: "It ends at " + d.Left + " of the budget over " + budgetWindow(route.Budget),
		}))
	}
	d.Timeline = svg(route.timeline.SVG(chart.Caption{
		Title: "Errors over time on " + name(route.Route), Description: plural2(route.RawErrors, "error") + " in " + r.Period.days(),
	}))
	for i := range route.Paired {
		if h, ok := histogramOf(name(route.Route), &route.Paired[i]); ok {
			d.Histograms = append(d.Histograms, h)
		}
	}
	if len(route.Weeks) > 1 {
		d.Periods = svg(chart.Columns(chart.Caption{Title: "Burn rate of the last periods on " + name(route.Route), Description: periodsText(route)}, periodColumns(route)))
	}
	return d
}

// formula shows how the budget is worked out, with the numbers filled in.
func formula(r *Report, route *Route) string {
	b := route.Budget
	if b == nil {
		return ""
	}
	text := fmt.Sprintf("Allowed over %s: (1 − %s) × %s requests = %s errors. Spent: %s, so %s is left. This %s: %s errors.",
		budgetWindow(b), target(b.Target), thousands(b.WindowRequests), thousands(round(b.AllowedErrors)), thousands(b.WindowErrors),
		left(b), r.Period.noun(), thousands(route.Errors))
	if route.RawErrors != route.Errors && b.RawBurnRate != nil {
		text += fmt.Sprintf(" With maintenance: %s errors, burn rate %s.", thousands(route.RawErrors), rate(b.RawBurnRate))
	}
	if b.ExhaustionSeconds != nil && *b.ExhaustionSeconds > 0 && b.BurnRate != nil && *b.BurnRate > 1 {
		text += fmt.Sprintf(" At this rate the rest lasts for %s.", long(*b.ExhaustionSeconds/60))
	}
	return text
}

// sentence says which part of the burn is in pairs.
func sentence(route *Route) string {
	p := route.mainPairs()
	switch {
	case p == nil && route.suspected():
		return "Suspected: errors last as long as a timeout. Scrapes are too coarse to show pairs."
	case p == nil:
		return ""
	case p.LookAlike:
		return fmt.Sprintf("Errors recur at the lag of %s, but look like %s.", pairsAt(p.lags.Lower), labelsText(p.Labels))
	case p.Ratio == nil:
		return fmt.Sprintf("%s are proven, but there are too few in this period to say how many.", strings.ToUpper(pairsAt(p.lags.Lower)[:1])+pairsAt(p.lags.Lower)[1:])
	}
	text := fmt.Sprintf("%s of this burn was %s (at least %s).", percent(p.Ratio.Estimate), pairsAt(p.lags.Lower), percent(p.Ratio.Lower))
	if b := route.Budget; b != nil && b.PairedGivesMinutes != nil {
		text += fmt.Sprintf(" Fixing their cause gives back %s of budget.", long(*b.PairedGivesMinutes))
	}
	return text
}

func histogramOf(of string, p *Paired) (histogramView, bool) {
	if p.Histogram == nil {
		return histogramView{}, false
	}
	v := histogramView{Title: p.Fingerprint, Lags: lagsText(p.lags), Excess: excess(p.Histogram, p.lags)}
	if p.Lag != nil {
		v.Text = fmt.Sprintf("Lag %.2f s (%.2f to %.2f).", p.Lag.Estimate, p.Lag.Lower, p.Lag.Upper)
	}
	v.SVG = svg(chart.Histogram(chart.Caption{Title: "Time between errors on " + of, Description: v.Text + " " + excess(p.Histogram, p.lags)}, *p.Histogram, p.lags))
	return v, true
}

// excess says how many lags of the fingerprint there are, and how many were to be expected.
func excess(h *finding.Histogram, lags chart.Range) string {
	seen, expected := 0, 0.0
	for i, n := range h.Observed {
		lag := h.FirstLagSeconds + float64(i)*h.BinSeconds
		if lag > lags.Lower-h.BinSeconds && lag < lags.Upper+h.BinSeconds {
			seen += n
			if i < len(h.Expected) {
				expected += h.Expected[i]
			}
		}
	}
	return fmt.Sprintf("At lags of %g to %g s: %d seen, %.0f expected without pairs.", lags.Lower, lags.Upper, seen, expected)
}

func periodColumns(route *Route) []chart.Column {
	var all []chart.Column
	for _, w := range route.Weeks {
		c := chart.Column{Label: periodLabel(w.Name), Known: w.BurnRate != nil}
		if c.Known {
			c.Value = *w.BurnRate
			if w.Errors > 0 {
				c.Part = c.Value * min(w.Mates/float64(w.Errors), 1)
			}
		}
		all = append(all, c)
	}
	return all
}

// periodLabel is the last part of a period's name: W47, 11, or the day on which any other stretch began.
func periodLabel(name string) string {
	name, _, _ = strings.Cut(name, "T")
	return name[strings.LastIndex(name, "-")+1:]
}

func periodsText(route *Route) string {
	var all []string
	for _, w := range route.Weeks {
		all = append(all, w.Name+": "+rate(w.BurnRate))
	}
	return strings.Join(all, ", ")
}

type otherView struct {
	*Other
	Why                *why // nil: no cause is claimed
	Lags, Text, Stands string
	SVG                template.HTML
}

// lagsText writes the lags of a fingerprint, without a break within.
func lagsText(lags chart.Range) string {
	return fmt.Sprintf("%g\u00a0to\u00a0%g\u00a0s", lags.Lower, lags.Upper)
}

func otherOf(o *Other) otherView {
	v := otherView{Other: o, Lags: lagsText(o.lags), Stands: "paired"}
	if o.Verdict != finding.Paired {
		v.Stands = "paired earlier, " + o.Verdict.String() + " at the end"
	}
	v.Why = o.why()
	if o.Lag != nil {
		v.Text = fmt.Sprintf("Lag %.2f s (%.2f to %.2f).", o.Lag.Estimate, o.Lag.Lower, o.Lag.Upper)
	}
	if o.Histogram != nil {
		v.SVG = svg(chart.Histogram(chart.Caption{Title: "Time between " + o.Signal + " of " + name(o.Route), Description: v.Text + " " + excess(o.Histogram, o.lags)}, *o.Histogram, o.lags))
	}
	return v
}

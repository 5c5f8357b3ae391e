package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// rows that the Markdown shows of long lists: it is for a chat or a ticket.
const markdownRows = 20

// Markdown writes the report in short, for a chat or a ticket.
func (r *Report) Markdown(w io.Writer) error {
	m := &markdown{}
	m.line("# Error budgets, %s", r.title())
	m.line("")
	m.line("%s, %s%s", escape(r.Period.days()), escape(r.Period.TimeZone), partialMark(r.Period))
	m.line("")
	for i, line := range r.Headline {
		if i == 0 {
			m.line("**%s**", escape(line))
			m.line("")
			continue
		}
		m.line("- %s", escape(line))
	}
	m.steps(r)
	m.table(r)
	m.causes(r)
	m.changes(r)
	m.data(r)
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct{ strings.Builder }

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *markdown) heading(text string) { m.line("\n## %s\n", text) }

func (m *markdown) steps(r *Report) {
	if len(r.Steps) == 0 {
		return
	}
	m.heading("What to do next")
	for i, s := range r.Steps {
		title := escape(s.Title)
		if s.Anchor != "" && r.RunbookURL != "" {
			title = fmt.Sprintf("[%s](%s#%s)", title, r.RunbookURL, s.Anchor)
		}
		m.line("%d. %s: %s%s", i+1, title, escape(s.Text), escape(suffix(s.Routes)))
	}
}

// suffix lists the first routes that a step is about.
func suffix(routes []string) string {
	const most = 5
	if len(routes) == 0 {
		return ""
	}
	var names []string
	for _, route := range routes[:min(most, len(routes))] {
		names = append(names, name(route))
	}
	text := " Routes: " + strings.Join(names, ", ")
	if more := len(routes) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + "."
}

func (m *markdown) table(r *Report) {
	if len(r.Routes) == 0 {
		return
	}
	m.heading("Routes, by budget burned")
	m.line("| route | objective | requests | errors | good | burn rate | burned | left | in pairs | gives back |")
	m.line("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
	for i := range r.Routes[:min(markdownRows, len(r.Routes))] {
		v := rowOf(r, &r.Routes[i])
		m.line("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |", escape(v.Route), v.Objective, v.Requests, v.Errors, v.Good,
			v.Rate, v.Burned, v.Left, v.Pairs, v.Gives)
	}
	if more := len(r.Routes) - markdownRows; more > 0 {
		m.line("\nand %s more.", plural(more, "route"))
	}
}

// causes says what is known about the causes of pairs and suspicions, route by route.
func (m *markdown) causes(r *Report) {
	shown, more := 0, 0
	for i := range r.Routes {
		route := &r.Routes[i]
		w := route.why()
		switch {
		case w == nil:
			continue
		case shown == markdownRows:
			more++
			continue
		case shown == 0:
			m.heading("What made them")
		}
		shown++
		m.line("- %s: %s%s", escape(name(route.Route)), escape(w.text()), w.links())
	}
	if more > 0 {
		m.line("- and %s more, in the JSON.", plural(more, "route"))
	}
}

// text tells the causes in sentences.
func (w *why) text() string {
	text := w.Claim + "."
	if w.Tied {
		var names []string
		for _, c := range w.Causes {
			names = append(names, c.Name)
		}
		text = w.Claim + ": " + strings.Join(names, ", ") + "."
	}
	for _, c := range w.Causes[:min(1, len(w.Causes))] {
		if w.Tied {
			text += " First step for the first of them: " + c.FirstStep
		} else {
			text += " First step: " + c.FirstStep
		}
	}
	if w.For != "" {
		text += " For it: " + w.For + "."
	}
	if w.Against != "" {
		text += " Against it: " + w.Against + "."
	}
	return strings.TrimSpace(text + " " + w.Settles)
}

// links are those to what explains the causes.
func (w *why) links() string {
	var all []string
	for _, c := range w.Causes {
		all = append(all, fmt.Sprintf("[%s](%s)", escape(c.Name), c.Reference))
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

func (m *markdown) changes(r *Report) {
	if len(r.Changes) == 0 {
		return
	}
	m.heading("Verdicts that changed")
	weighty := r.weighty()
	for _, c := range weighty[:min(markdownRows, len(weighty))] {
		m.line("- %s: %s (%s, %s): %s → **%s**", escape(c.At.Format("Mon 2 Jan 15:04")), escape(name(c.Route)), escape(c.Signal), escape(c.Fingerprint), c.From, c.To)
	}
	if text := hidden(r, markdownRows); text != "" {
		m.line("- %s", text)
	}
}

func (m *markdown) data(r *Report) {
	m.heading("Data")
	for _, line := range dataLines(r) {
		m.line("- %s", escape(line))
	}
}

// dataLines say how good the data is.
func dataLines(r *Report) []string {
	q := r.Quality
	lines := []string{fmt.Sprintf("Covered: %s of the %s. %s, %s, %s, %s.", percent(r.Period.CoveredRatio), r.Period.noun(),
		plural(int(q.Births), "birth"), plural(int(q.Resets), "reset"), plural(int(q.Gaps), "gap"), plural2(q.Late, "late sample"))}
	for _, s := range r.Sources {
		if s.Increase != nil {
			lines = append(lines, fmt.Sprintf("%s: %s errors counted from raw samples; Prometheus's increase() says %s.", s.Name, thousands(s.Errors), thousands(round(*s.Increase))))
		}
		if s.IncreaseNote != "" {
			lines = append(lines, s.Name+": "+s.IncreaseNote)
		}
	}
	lines = slices.Concat(lines, q.Notes, q.Failed, q.Warnings)
	for _, u := range q.Unseen {
		lines = append(lines, fmt.Sprintf("Undecided, %s: %s.", u.Means, plural(len(u.Routes), "route")))
	}
	return lines
}

// escape makes text safe for Markdown, in tables as well.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < ' ':
			b.WriteByte(' ')
			continue
		case strings.ContainsRune("\\`*_{}[]<>#|~@&!", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func partialMark(p Period) string {
	if p.Partial {
		return " (partial: not over yet)"
	}
	return ""
}

// title names the period: week 47 of 2026.
func (r *Report) title() string {
	p := r.Period
	switch p.noun() {
	case "week":
		year, week := p.Start.ISOWeek()
		return fmt.Sprintf("week %d of %d", week, year)
	case "month":
		return p.Start.Format("January 2006")
	case "quarter":
		return fmt.Sprintf("quarter %d of %d", (int(p.Start.Month())+2)/3, p.Start.Year())
	}
	return p.days()
}

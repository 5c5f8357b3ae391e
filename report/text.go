package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ghostpair/ghostpair/chart"
)

// How much of long lists the text shows, and how narrow it gets.
const (
	textRows    = 30
	leastColumn = 60
)

// Text writes the report for a terminal that has so many columns.
func (r *Report) Text(w io.Writer, columns int) error {
	t := &text{columns: max(columns, leastColumn)}
	t.line(0, "Error budgets, "+r.title()+partialMark(r.Period))
	t.line(0, r.Period.days()+", "+r.Period.TimeZone)
	t.WriteByte('\n')
	for i, line := range r.Headline {
		if i == 0 {
			t.line(0, line)
			continue
		}
		t.hang(2, "- ", line)
	}
	t.steps(r)
	t.routes(r)
	t.causes(r)
	t.changes(r)
	t.data(r)
	_, err := io.WriteString(w, t.String())
	return err
}

type text struct {
	strings.Builder
	columns int
}

func (t *text) heading(words string) { t.WriteString("\n" + strings.ToUpper(words) + "\n") }

// line writes folded text at an indent.
func (t *text) line(indent int, words string) { t.hang(indent, "", words) }

// hang writes folded text behind a head, with the lines after the first below the text.
func (t *text) hang(indent int, head, words string) {
	margin := strings.Repeat(" ", indent)
	for i, folded := range chart.Fold(words, t.columns-indent-utf8.RuneCountInString(head)) {
		if i == 1 {
			head = strings.Repeat(" ", utf8.RuneCountInString(head))
		}
		t.WriteString(margin + head + folded + "\n")
	}
}

func (t *text) steps(r *Report) {
	if len(r.Steps) == 0 {
		return
	}
	t.heading("What to do next")
	for i, s := range r.Steps {
		t.hang(2, fmt.Sprintf("%d. ", i+1), s.Title)
		t.line(5, s.Text)
		if len(s.Routes) > 0 {
			t.line(5, suffix(s.Routes))
		}
	}
}

// figures are the columns of a route behind its name.
var figures = []struct {
	title string
	width int
	of    func(row) string
}{
	{"errors", 9, func(v row) string { return v.Errors }},
	{"good", 9, func(v row) string { return v.Good }},
	{"rate", 7, func(v row) string { return v.Rate }},
	{"left", 7, func(v row) string { return v.Left }},
	{"pairs", 11, func(v row) string { return v.Pairs }},
}

// routes writes the table of routes. A name that is too long for its column has a line of its own.
func (t *text) routes(r *Report) {
	if len(r.Routes) == 0 {
		return
	}
	t.heading("Routes, by budget burned")
	rows := make([]row, min(textRows, len(r.Routes)))
	wide := utf8.RuneCountInString("route")
	for i := range rows {
		rows[i] = rowOf(r, &r.Routes[i])
		wide = max(wide, utf8.RuneCountInString(rows[i].Route))
	}
	room := t.columns - 2
	for _, f := range figures {
		room -= f.width
	}
	wide = min(wide, room)
	t.row("route", wide, func(i int) string { return figures[i].title })
	for _, v := range rows {
		t.row(v.Route, wide, func(i int) string { return figures[i].of(v) })
	}
	if more := len(r.Routes) - len(rows); more > 0 {
		t.line(2, "and "+plural(more, "route")+" more")
	}
}

func (t *text) row(name string, wide int, figure func(i int) string) {
	if utf8.RuneCountInString(name) > wide {
		t.WriteString("  " + name + "\n")
		name = ""
	}
	fmt.Fprintf(t, "  %-*s", wide, name)
	for i, f := range figures {
		fmt.Fprintf(t, "%*s", f.width, figure(i))
	}
	t.WriteByte('\n')
}

func (t *text) causes(r *Report) {
	shown := 0
	for i := range r.Routes {
		w := r.Routes[i].why()
		if w == nil || shown == textRows {
			continue
		}
		if shown == 0 {
			t.heading("What made them")
		}
		shown++
		t.line(2, name(r.Routes[i].Route))
		t.line(4, w.text())
	}
}

func (t *text) changes(r *Report) {
	weighty := r.weighty()
	if len(weighty) == 0 {
		return
	}
	t.heading("Verdicts that changed")
	for _, c := range weighty[:min(textRows, len(weighty))] {
		t.hang(2, c.At.Format("Mon _2 Jan 15:04  "), fmt.Sprintf("%s (%s, %s): %s → %s", name(c.Route), c.Signal, c.Fingerprint, c.From, c.To))
	}
	if hidden := hidden(r, textRows); hidden != "" {
		t.line(2, hidden)
	}
}

func (t *text) data(r *Report) {
	t.heading("Data")
	for _, line := range dataLines(r) {
		t.hang(2, "- ", line)
	}
}
